package gcs

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// clock keeps the Date of the latest answer to requests made under its context.
// The storage client does not show response headers, and the age of an object
// must not depend on this machine's clock.
type clock struct {
	mu     sync.Mutex
	latest time.Time
}

type clockKey struct{}

func withServerClock(ctx context.Context) (context.Context, *clock) {
	c := &clock{}
	return context.WithValue(ctx, clockKey{}, c), c
}

func (c *clock) time() (t time.Time, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latest, !c.latest.IsZero()
}

// serverClock is a transport that notes every answer's Date for the clock in the
// request's context.
type serverClock struct{ next http.RoundTripper }

// RoundTrip sends the request on.
func (s serverClock) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if c, ok := request.Context().Value(clockKey{}).(*clock); ok {
		if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
			c.mu.Lock()
			c.latest = date.UTC()
			c.mu.Unlock()
		}
	}
	return response, nil
}
