package bigquerystack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Folder is a staging bucket that is a folder of the storage root, for tests that
// need no Google Cloud Storage.
type Folder struct {
	// Root is the stand-in's storage root, Bucket a folder in it.
	Root, Bucket string
}

// Put copies a local file.
func (f Folder) Put(_ context.Context, object, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read staged file: %w", err)
	}
	to := f.path(object)
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return fmt.Errorf("create folder: %w", err)
	}
	return os.WriteFile(to, content, 0o600)
}

// Get returns an object's content; ok is false when there is none.
func (f Folder) Get(_ context.Context, object string) (content []byte, ok bool, err error) {
	content, err = os.ReadFile(f.path(object))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return content, err == nil, err
}

// DeleteAll removes every object under prefix, which names a folder.
func (f Folder) DeleteAll(_ context.Context, prefix string) error {
	return os.RemoveAll(f.path(strings.TrimSuffix(prefix, "/")))
}

// URI is the gs:// address of an object.
func (f Folder) URI(object string) string { return "gs://" + f.Bucket + "/" + object }

func (f Folder) path(object string) string {
	return filepath.Join(f.Root, f.Bucket, filepath.FromSlash(object))
}
