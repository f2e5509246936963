// Package fakegcs serves a Google Cloud Storage stand-in on loopback, as close to the real service as the loader can
// tell: generations, pinned, ranged and conditional reads, crc32c, and a Date header on every response. It adds what a
// test needs and the real service lacks: objects with a chosen update time, and faults on request.
//
// Known differences from the real service, all from fake-gcs-server: metadata updates make a new generation in a
// persistent server, versioning works in memory only, an object that is overwritten in a persistent server while it is
// being read may be served with the new bytes, and preconditions on metagenerations are ignored.
package fakegcs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/fsouza/fake-gcs-server/fakestorage"
)

// shutdownGrace is how long Stop waits for requests under way before it cuts them.
const shutdownGrace = 2 * time.Second

// Options of a server. The zero value is an empty server in memory on a free port.
type Options struct {
	// Root is the directory that holds the objects, and is created when missing. Empty means memory.
	Root string
	// Port on 127.0.0.1. Zero means a free one.
	Port int
	// Buckets to create when they are missing.
	Buckets []string
}

// Server is a running fake.
type Server struct {
	*Seeder

	// Faults makes requests of the storage API fail. Seeding is not affected.
	Faults *Faults

	url    string
	http   *http.Server
	done   chan struct{} // closed when nothing is served any more
	served error         // why, once done is closed
}

// Start serves until Stop. An object that a killed server left half written in Root is removed.
func Start(ctx context.Context, opts Options) (*Server, error) {
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(opts.Port)))
	if err != nil {
		return nil, fmt.Errorf("take storage port, stop what uses it or choose another: %w", err)
	}
	host := listener.Addr().String()
	backend, err := openBackend(host, opts)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s := &Server{
		Seeder: NewSeeder("http://" + host),
		Faults: &Faults{},
		url:    "http://" + host,
		done:   make(chan struct{}),
	}
	s.http = &http.Server{
		Handler:           routes(host, backend, s.Faults),
		ReadHeaderTimeout: time.Minute,
	}
	go func() {
		defer close(s.done)
		s.served = s.http.Serve(listener)
	}()
	return s, nil
}

func openBackend(host string, opts Options) (*fakestorage.Server, error) {
	backend, err := fakestorage.NewServerWithOptions(fakestorage.Options{
		StorageRoot: opts.Root,
		NoListener:  true,
		Scheme:      "http",
		ExternalURL: "http://" + host,
		PublicHost:  host,
	})
	if err != nil {
		return nil, fmt.Errorf("open storage: %w", err)
	}
	if opts.Root != "" {
		if err := removeUnfinished(opts.Root, backend); err != nil {
			return nil, fmt.Errorf("remove unfinished objects: %w", err)
		}
	}
	for _, bucket := range opts.Buckets {
		backend.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: bucket})
	}
	return backend, nil
}

// routes puts the preconditions and faults before the storage API, and the seeding beside it.
func routes(host string, backend *fakestorage.Server, faults *Faults) http.Handler {
	seed := seedHandler(backend)
	storage := faults.before(checkPreconditions(backend, backend.HTTPHandler()))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, seedPath) {
			seed.ServeHTTP(w, r)
			return
		}
		r.Host = host // the backend tells the XML API by its host, and knows only this spelling of it
		storage.ServeHTTP(w, r)
	})
}

// URL of the server, as STORAGE_EMULATOR_HOST takes it.
func (s *Server) URL() string { return s.url }

// Stop waits for requests under way for two seconds, then cuts them, and frees the port. It may be called again.
func (s *Server) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownGrace)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	<-s.done
	if !errors.Is(s.served, http.ErrServerClosed) {
		err = errors.Join(err, s.served)
	}
	return err
}
