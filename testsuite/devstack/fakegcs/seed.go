package fakegcs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/fsouza/fake-gcs-server/fakestorage"
)

// seedPath takes PUT and DELETE of /_seed/<bucket>/<object>. No bucket's name begins with an underscore.
const seedPath = "/_seed/"

// updatedParameter carries the update time in RFC 3339.
const updatedParameter = "updated"

type seeded struct {
	Generation int64 `json:"generation"`
}

func seedHandler(backend *fakestorage.Server) http.Handler {
	var changes sync.Mutex // so that the generation that is read back is the one that was put
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		changes.Lock()
		defer changes.Unlock()
		c := objectCall(Upload, strings.TrimPrefix(r.URL.EscapedPath(), seedPath))
		var answer seeded
		var err error
		switch r.Method {
		case http.MethodPut:
			answer.Generation, err = put(backend, c, r)
		case http.MethodDelete:
			err = backend.Backend().DeleteObject(c.bucket, c.object)
		default:
			err = errors.New("seed with PUT or DELETE")
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(answer) // a client that hung up needs no answer
	})
}

func put(backend *fakestorage.Server, c call, r *http.Request) (int64, error) {
	if c.bucket == "" || c.object == "" {
		return 0, errors.New("name a bucket and an object")
	}
	updated, err := time.Parse(time.RFC3339Nano, r.URL.Query().Get(updatedParameter))
	if err != nil {
		return 0, fmt.Errorf("read update time: %w", err)
	}
	content, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, fmt.Errorf("read content: %w", err)
	}
	object := fakestorage.Object{
		ObjectAttrs: fakestorage.ObjectAttrs{BucketName: c.bucket, Name: c.object, Created: updated, Updated: updated},
		Content:     content,
	}
	if err := backend.CreateObjectStreaming(object.StreamingObject()); err != nil {
		return 0, fmt.Errorf("store object: %w", err)
	}
	stored, err := backend.GetObjectStreaming(c.bucket, c.object)
	if err != nil {
		return 0, fmt.Errorf("read object back: %w", err)
	}
	return stored.Generation, stored.Close()
}
