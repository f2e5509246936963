package fakegcs

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/pkg/xattr"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A server that is killed while it writes leaves a file without attributes, which would fail every listing.
func TestRestartRemovesWhatAKilledServerLeft(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	server := start(t, Options{Root: root})
	seedObject(t, server, "events/whole", "kept", time.Time{})
	require.NoError(t, server.Stop())
	for _, left := range []string{"events/half", "events/.half123", "other"} {
		require.NoError(t, os.WriteFile(filepath.Join(root, bucket, left), []byte("ha"), 0o600))
	}

	server = start(t, Options{Root: root})

	objects := list(t, newClient(t, server), "")
	require.Len(t, objects, 1)
	assert.Equal(t, "events/whole", objects[0].Name)
	content, err := read(t, newClient(t, server).Object("events/whole"))
	require.NoError(t, err)
	assert.Equal(t, "kept", content)
}

func TestFileWithoutAttributes(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		err  error
		path string
	}{
		"extended attribute is missing": {&xattr.Error{Path: "b/x", Err: xattr.ENOATTR}, "b/x"},
		"file beside it is missing":     {&fs.PathError{Path: "b/x.metadata", Err: syscall.ENOENT}, "b/x"},
		"object itself is missing":      {&fs.PathError{Path: "b/x", Err: syscall.ENOENT}, ""},
		"file cannot be read":           {&fs.PathError{Path: "b/x.metadata", Err: syscall.EIO}, ""},
		"attribute cannot be read":      {&xattr.Error{Path: "b/x", Err: syscall.EIO}, ""},
	}
	for label, c := range cases {
		path, ok := fileWithoutAttributes(c.err)
		assert.Equal(t, c.path != "", ok, label)
		if ok {
			assert.Equal(t, c.path, path, label)
		}
	}
}
