package fakegcs

import (
	"fmt"
	"net/http"
	"time"
)

// Effect is what a fault does to a request instead of, or around, the next handler.
type Effect func(w http.ResponseWriter, r *http.Request, next http.Handler)

// Fail answers with an HTTP status and leaves the objects as they are.
func Fail(status int) Effect {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { refuse(w, status) }
}

// Delay lets the request through after a while, or drops it when the client gives up first.
func Delay(by time.Duration) Effect {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		select {
		case <-time.After(by):
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}
}

// Cut closes the connection once the given number of body bytes is sent. A shorter body is sent whole.
func Cut(after int64) Effect {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&cutter{ResponseWriter: w, left: after}, r)
	}
}

// Flip inverts the lowest bit of the body byte at an offset. A shorter body is sent as it is.
func Flip(offset int64) Effect {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&flipper{ResponseWriter: w, offset: offset}, r)
	}
}

type cutter struct {
	http.ResponseWriter

	left int64
}

func (c *cutter) Write(p []byte) (int, error) {
	if int64(len(p)) <= c.left {
		c.left -= int64(len(p))
		return c.ResponseWriter.Write(p)
	}
	_, err := c.ResponseWriter.Write(p[:c.left])
	if err == nil {
		err = http.NewResponseController(c.ResponseWriter).Flush()
	}
	if err != nil {
		return 0, err
	}
	panic(http.ErrAbortHandler) // the way to tell net/http to drop the connection
}

type flipper struct {
	http.ResponseWriter

	offset int64
}

func (f *flipper) Write(p []byte) (int, error) {
	if f.offset >= 0 && f.offset < int64(len(p)) {
		spoilt := append([]byte(nil), p...)
		spoilt[f.offset] ^= 1
		p = spoilt
	}
	f.offset -= int64(len(p))
	return f.ResponseWriter.Write(p)
}

// refuse answers with an error of the JSON API, which the clients take apart.
func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if status == http.StatusNotModified {
		return
	}
	// A client that hung up needs no answer.
	_, _ = fmt.Fprintf(w, `{"error": {"code": %d, "message": %q}}`, status, http.StatusText(status))
}
