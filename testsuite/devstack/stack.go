// Package devstack starts what the product needs around it, from Go modules alone: a Temporal server with its web UI
// and a Google Cloud Storage stand-in, all on loopback. The product's own processes connect as in production, by the
// environment.
package devstack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack/fakegcs"
	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack/temporalserver"
)

// startTimeout bounds Start, which takes less than a second on a quiet machine.
const startTimeout = time.Minute

// DefaultNamespace is Temporal's usual one.
const DefaultNamespace = "default"

// Options of a stack. The zero value is a stack in memory on free ports, with the namespace "default" and no buckets.
type Options struct {
	// Dir keeps the state, and is created when missing. Empty means memory. One stack at a time may use it.
	Dir string
	// TemporalPort, UIPort and StoragePort are on 127.0.0.1. Zero means a free one.
	TemporalPort, UIPort, StoragePort int
	// Namespace of Temporal to create when it is missing. Empty means DefaultNamespace.
	Namespace string
	// SearchAttributes to register in the namespace when they are missing, by name.
	SearchAttributes map[string]enumspb.IndexedValueType
	// Buckets to create when they are missing.
	Buckets []string
	// DisableUI leaves the web UI out.
	DisableUI bool
	// Logger takes warnings and errors of the servers. Nil means slog.Default().
	Logger *slog.Logger
}

// Stack is a running stack.
type Stack struct {
	Endpoints

	// Storage seeds objects and makes requests fail.
	Storage *fakegcs.Server

	temporal *temporalserver.Server
	ui       *temporalserver.UI
	lock     io.Closer
}

// Start returns when everything answers. The context bounds the start and not the life of the stack.
func Start(ctx context.Context, opts Options) (*Stack, error) {
	opts.Namespace = cmp.Or(opts.Namespace, DefaultNamespace)
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s := &Stack{}
	if err := s.start(ctx, opts); err != nil {
		return nil, errors.Join(fmt.Errorf("start dev stack: %w", err), s.Stop())
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context, opts Options) (err error) {
	var databaseFile, storageRoot string
	if opts.Dir != "" {
		if err := os.MkdirAll(opts.Dir, 0o700); err != nil {
			return err
		}
		if s.lock, err = lockDir(opts.Dir); err != nil {
			return err
		}
		databaseFile, storageRoot = filepath.Join(opts.Dir, "temporal.db"), filepath.Join(opts.Dir, "storage")
	}
	s.Storage, err = fakegcs.Start(ctx, fakegcs.Options{
		Root:    storageRoot,
		Port:    opts.StoragePort,
		Buckets: opts.Buckets,
	})
	if err != nil {
		return err
	}
	s.temporal, err = temporalserver.Start(ctx, temporalserver.Options{
		DatabaseFile:     databaseFile,
		Port:             opts.TemporalPort,
		Namespace:        opts.Namespace,
		SearchAttributes: opts.SearchAttributes,
		Logger:           opts.Logger,
	})
	if err != nil {
		return err
	}
	s.Endpoints = Endpoints{
		TemporalAddress:   s.temporal.Address(),
		TemporalNamespace: opts.Namespace,
		StorageURL:        s.Storage.URL(),
	}
	if opts.DisableUI {
		return nil
	}
	s.ui, err = temporalserver.StartUI(ctx, s.TemporalAddress, opts.Namespace, opts.UIPort)
	if err != nil {
		return err
	}
	s.UIURL = s.ui.URL()
	return nil
}

// Stop ends what was started and frees all ports. It takes about a second.
func (s *Stack) Stop() error {
	var errs []error
	if s.ui != nil {
		s.ui.Stop()
	}
	if s.temporal != nil {
		errs = append(errs, s.temporal.Stop())
	}
	if s.Storage != nil {
		errs = append(errs, s.Storage.Stop())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	*s = Stack{Endpoints: s.Endpoints}
	return errors.Join(errs...)
}
