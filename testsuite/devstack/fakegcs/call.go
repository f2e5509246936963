package fakegcs

import (
	"net/http"
	"net/url"
	"strings"
)

// Operation is what a request asks of the storage service.
type Operation string

// The operations that faults and preconditions tell apart.
const (
	Any      Operation = ""
	List     Operation = "list"
	Attrs    Operation = "attrs"
	Download Operation = "download"
	Upload   Operation = "upload"
	Delete   Operation = "delete"
	Other    Operation = "other"
)

// call is a request as the storage API means it. Bucket and object are empty where the operation has none.
type call struct {
	operation Operation
	bucket    string
	object    string
}

// parseCall understands both APIs: JSON under /storage/v1, /download and /upload, and XML, which the Go client uses for
// downloads, under /<bucket>/<object>.
func parseCall(r *http.Request) call {
	path := r.URL.EscapedPath()
	if rest, ok := strings.CutPrefix(path, "/upload/"); ok {
		bucket, _, _ := strings.Cut(strings.TrimPrefix(rest, "storage/v1/b/"), "/")
		return call{operation: Upload, bucket: unescape(bucket), object: r.URL.Query().Get("name")}
	}
	if rest, ok := strings.CutPrefix(path, "/download/storage/v1/b/"); ok {
		return objectCall(Download, strings.Replace(rest, "/o/", "/", 1))
	}
	if rest, ok := strings.CutPrefix(path, "/storage/v1/b/"); ok {
		return jsonCall(r, rest)
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return objectCall(Download, strings.TrimPrefix(path, "/"))
	}
	return call{operation: Other}
}

// jsonCall takes the path after /storage/v1/b/: <bucket>, <bucket>/o or <bucket>/o/<object>.
func jsonCall(r *http.Request, path string) call {
	bucket, rest, _ := strings.Cut(path, "/")
	object, isObject := strings.CutPrefix(rest, "o/")
	named := bucket + "/" + object
	switch {
	case rest == "o" && r.Method == http.MethodGet:
		return call{operation: List, bucket: unescape(bucket)}
	case !isObject:
		return call{operation: Other, bucket: unescape(bucket)}
	case r.Method == http.MethodDelete:
		return objectCall(Delete, named)
	case r.Method == http.MethodGet && r.URL.Query().Get("alt") == "media":
		return objectCall(Download, named)
	case r.Method == http.MethodGet:
		return objectCall(Attrs, named)
	default:
		return objectCall(Other, named)
	}
}

func objectCall(operation Operation, path string) call {
	bucket, object, _ := strings.Cut(path, "/")
	return call{operation: operation, bucket: unescape(bucket), object: unescape(object)}
}

func unescape(segment string) string {
	if plain, err := url.PathUnescape(segment); err == nil {
		return plain
	}
	return segment
}
