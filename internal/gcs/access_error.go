package gcs

import (
	"errors"
	"fmt"
	"net/http"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"
)

// AccessError says that the bucket does not exist or may not be used. Only a
// person can mend that.
type AccessError struct {
	Bucket string
	// Role is what the service account needs on the bucket.
	Role string
	Err  error
}

func (e *AccessError) Error() string {
	return fmt.Sprintf("bucket %s cannot be used: %v; check its name, and that the service account has %s on it", e.Bucket, e.Err, e.Role)
}

func (e *AccessError) Unwrap() error { return e.Err }

func (b *Bucket) denied(err error) error { return denied(b.name, "roles/storage.objectViewer", err) }

// denied turns answers that no retry will change into an AccessError.
func denied(bucket, role string, err error) error {
	var answer *googleapi.Error
	switch {
	case errors.Is(err, storage.ErrBucketNotExist):
	case errors.As(err, &answer) && (answer.Code == http.StatusUnauthorized || answer.Code == http.StatusForbidden || answer.Code == http.StatusNotFound):
	default:
		return err
	}
	return &AccessError{Bucket: bucket, Role: role, Err: err}
}
