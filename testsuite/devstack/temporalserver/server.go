// Package temporalserver runs a real Temporal server and its web UI inside this process, on loopback and on SQLite.
package temporalserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/temporal"
)

const (
	defaultNamespace = "default"
	defaultRetention = 7 * 24 * time.Hour
)

// Options of a server. The zero value is a server in memory, on a free port, with the namespace "default".
type Options struct {
	// DatabaseFile holds namespaces, workflows and schedules, and is created when missing. Empty means memory.
	// One process at a time may use it.
	DatabaseFile string
	// Port of the gRPC frontend on 127.0.0.1. Zero means a free one.
	Port int
	// Namespace to create when it is missing. Empty means "default".
	Namespace string
	// Retention of closed workflows, in a namespace that is created now. Zero means seven days.
	Retention time.Duration
	// SearchAttributes to register in the namespace when they are missing, by name.
	SearchAttributes map[string]enumspb.IndexedValueType
	// Logger takes the server's warnings and errors. Nil means slog.Default().
	Logger *slog.Logger
}

// Server is a running Temporal server.
type Server struct {
	services temporal.Server
	address  string
	log      *logger
}

// Start returns when the namespace can be used. The context bounds the start and not the life of the server.
func Start(ctx context.Context, opts Options) (*Server, error) {
	opts.Namespace = cmp.Or(opts.Namespace, defaultNamespace)
	opts.Retention = cmp.Or(opts.Retention, defaultRetention)
	s, err := launch(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("start temporal server: %w", err)
	}
	if err := s.prepareNamespace(ctx, opts.Namespace, opts.SearchAttributes); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare namespace %q: %w", opts.Namespace, err), s.Stop())
	}
	return s, nil
}

func launch(ctx context.Context, opts Options) (*Server, error) {
	port, err := choosePort(ctx, opts.Port)
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(opts.DatabaseFile, opts.Namespace, opts.Retention)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	log := &logger{out: cmp.Or(opts.Logger, slog.Default())}
	options, err := serverOptions(port, db, log)
	if err != nil {
		return nil, err
	}
	services, err := temporal.NewServer(options...)
	if err != nil {
		return nil, err
	}
	s := &Server{services: services, address: loopbackAddress(port), log: log}
	if err := services.Start(); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Address of the gRPC frontend, as TEMPORAL_ADDRESS takes it.
func (s *Server) Address() string { return s.address }

// Stop ends all services and frees their ports. It takes about a second. A task that a worker has under way, such as a
// schedule's next step, is given to a worker again after its timeout, which is ten seconds for a workflow task.
func (s *Server) Stop() error {
	s.log.stopping.Store(true)
	return s.services.Stop()
}
