package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readyPatience is how long a readiness probe may take.
const readyPatience = 3 * time.Second

// Endpoint is where others look at the process by HTTP:
//
//	/metrics  Prometheus metrics
//	/healthz  200 as long as the process can answer
//	/readyz   200 when what it needs answers, else 503 and what does not
//
// and whatever is given to Handle.
type Endpoint struct {
	// Address is host and port, chosen by the system when port 0 was asked for.
	Address string

	mux    *http.ServeMux
	server *http.Server
}

// Listen serves the endpoint at an address such as 127.0.0.1:9464. ready says
// what is missing, if anything.
func (t *Telemetry) Listen(ctx context.Context, address string, ready func(context.Context) error) (*Endpoint, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve metrics and health at %s (choose another address with telemetry.listen): %w", address, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyPatience)
		defer cancel()
		answer(w, ready(ctx))
	})
	e := &Endpoint{
		Address: listener.Addr().String(), mux: mux,
		server: &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute},
	}
	go func() { _ = e.server.Serve(listener) }() // it ends with Close
	return e, nil
}

// Handle serves another page at the endpoint.
func (e *Endpoint) Handle(pattern string, handler http.Handler) { e.mux.Handle(pattern, handler) }

// Close ends the endpoint, open requests included.
func (e *Endpoint) Close() error {
	if err := e.server.Close(); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("close the endpoint for metrics: %w", err)
	}
	return nil
}

func answer(w http.ResponseWriter, missing error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if missing != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, missing)
		return
	}
	fmt.Fprintln(w, "ok")
}
