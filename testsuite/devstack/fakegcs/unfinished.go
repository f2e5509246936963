package fakegcs

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/pkg/xattr"
)

// removeUnfinished deletes the files that a killed server wrote without their attributes. No client was ever told that
// they exist, and one of them would make the listing of its whole bucket fail.
func removeUnfinished(root string, backend *fakestorage.Server) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		bucket, err := url.PathUnescape(entry.Name())
		if err != nil {
			return err
		}
		if err := removeUnfinishedIn(bucket, backend); err != nil {
			return err
		}
	}
	return nil
}

// removeUnfinishedIn lists the bucket until nothing in it makes the listing fail.
func removeUnfinishedIn(bucket string, backend *fakestorage.Server) error {
	for {
		_, err := backend.ListObjectsWithOptionsPaginated(bucket, fakestorage.ListOptions{})
		if err == nil {
			return nil
		}
		path, ok := fileWithoutAttributes(err)
		if !ok {
			return err
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
}

// fileWithoutAttributes finds the object's file in an error of the backend, which keeps attributes in an extended
// attribute of the file where the filesystem has those, and else in a file beside it.
func fileWithoutAttributes(err error) (string, bool) {
	if attr, ok := errors.AsType[*xattr.Error](err); ok && errors.Is(err, xattr.ENOATTR) {
		return attr.Path, true
	}
	if file, ok := errors.AsType[*fs.PathError](err); ok && errors.Is(err, fs.ErrNotExist) {
		return strings.CutSuffix(file.Path, ".metadata")
	}
	return "", false
}
