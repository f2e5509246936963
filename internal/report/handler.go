package report

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Path is where a worker serves the report.
const Path = "/report"

const (
	// patience is how long a page may take. It is shorter than the server's.
	patience = 25 * time.Second
	// mostDays is how many days a page may show.
	mostDays = 366
)

// Handler serves the report as of each request; ?days=30 shows as many. One page is
// made at a time, so that many readers are no more work for a warehouse than one.
func Handler(tables Tables, options Options) http.Handler {
	turn := make(chan struct{}, 1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, err := options.asked(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-ctx.Done():
			http.Error(w, "another report takes long; come back in a minute", http.StatusServiceUnavailable)
			return
		}
		page, err := Make(ctx, tables, time.Now(), asked)
		var text bytes.Buffer
		if err == nil {
			err = page.Write(&text)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		head := w.Header()
		head.Set("Content-Type", "text/html; charset=utf-8")
		head.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		head.Set("Cache-Control", "no-store")
		_, _ = w.Write(text.Bytes()) // whoever asked may be gone
	})
}

// asked are the options with what the request says.
func (o Options) asked(r *http.Request) (Options, error) {
	given := r.URL.Query().Get("days")
	if given == "" {
		return o, nil
	}
	days, err := strconv.Atoi(given)
	if err != nil || days < 1 || days > mostDays {
		return o, fmt.Errorf("days %q is no number from 1 to %d", given, mostDays)
	}
	o.Days = days
	return o, nil
}
