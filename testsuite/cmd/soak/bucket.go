package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Of a hundred requests to the bucket so many are refused, cut off and delayed.
const (
	refused, cutOff, delayed = 4, 2, 4
	delay                    = 2 * time.Second
)

// errantBucket stands before the bucket and errs at random until it is told to
// behave.
type errantBucket struct {
	url      string
	target   atomic.Pointer[url.URL]
	behaves  atomic.Bool
	requests atomic.Int64
	spoilt   atomic.Int64

	mu     sync.Mutex
	random *rand.Rand
}

func newErrantBucket(ctx context.Context, seed uint64) (*errantBucket, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen before the bucket: %w", err)
	}
	b := &errantBucket{
		url:    "http://" + listener.Addr().String(),
		random: rand.New(rand.NewPCG(seed, 3)), //nolint:gosec // no secret follows from it
	}
	onward := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(b.target.Load()) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.requests.Add(1)
		b.serve(w, r, onward)
	})}
	go func() { _ = server.Serve(listener) }() // it ends with the process
	return b, nil
}

func (b *errantBucket) serve(w http.ResponseWriter, r *http.Request, onward http.Handler) {
	luck := b.roll()
	if luck < refused+cutOff+delayed {
		b.spoilt.Add(1)
	}
	switch {
	case luck < refused:
		w.WriteHeader(http.StatusServiceUnavailable)
	case luck < refused+cutOff:
		panic(http.ErrAbortHandler) // closes the connection without an answer
	case luck < refused+cutOff+delayed:
		time.Sleep(delay)
		onward.ServeHTTP(w, r)
	default:
		onward.ServeHTTP(w, r)
	}
}

func (b *errantBucket) roll() int {
	if b.behaves.Load() {
		return 100
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.random.IntN(100)
}

// leadTo says where the bucket is.
func (b *errantBucket) leadTo(address string) {
	target, err := url.Parse(address)
	if err == nil {
		b.target.Store(target)
	}
}

// behave ends the faults.
func (b *errantBucket) behave() { b.behaves.Store(true) }
