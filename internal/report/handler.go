package report

import (
	"bytes"
	"net/http"
	"time"
)

// Handler serves the report as of each request.
func Handler(tables Tables, options Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, err := Make(r.Context(), tables, time.Now(), options)
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
