package fakegcs

import (
	"net/http"
	"strconv"

	"github.com/fsouza/fake-gcs-server/fakestorage"
)

// checkPreconditions adds what the backend has for uploads only: generation preconditions on reads and deletes.
func checkPreconditions(backend *fakestorage.Server, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := parseCall(r)
		switch c.operation {
		case Attrs, Download, Delete:
			if status := unmet(backend, c, r); status != 0 {
				refuse(w, status)
				return
			}
		default:
		}
		next.ServeHTTP(w, r)
	})
}

// unmet returns the status to answer with, or zero. A missing object is left to the backend, which answers 404.
func unmet(backend *fakestorage.Server, c call, r *http.Request) int {
	match, wantsMatch := generationOf(r, "ifGenerationMatch", "x-goog-if-generation-match")
	notMatch, wantsNotMatch := generationOf(r, "ifGenerationNotMatch", "x-goog-if-generation-not-match")
	if !wantsMatch && !wantsNotMatch {
		return 0
	}
	object, err := backend.GetObjectStreaming(c.bucket, c.object)
	if err != nil {
		return 0
	}
	defer object.Close()
	switch {
	case wantsMatch && match != object.Generation:
		return http.StatusPreconditionFailed
	case wantsNotMatch && notMatch == object.Generation && c.operation == Delete:
		return http.StatusPreconditionFailed
	case wantsNotMatch && notMatch == object.Generation:
		return http.StatusNotModified
	default:
		return 0
	}
}

func generationOf(r *http.Request, parameter, header string) (int64, bool) {
	text := r.URL.Query().Get(parameter)
	if text == "" {
		text = r.Header.Get(header)
	}
	generation, err := strconv.ParseInt(text, 10, 64)
	return generation, err == nil
}
