package gcs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"cloud.google.com/go/storage"

	"github.com/posthog-tracks/posthog-tracks/internal/export"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// GoneError says that a pinned generation is no longer in the bucket: the object
// was overwritten or deleted after it was listed.
type GoneError struct{ Object export.Object }

func (e *GoneError) Error() string {
	return fmt.Sprintf("object %s is gone: it was overwritten or deleted after it was listed", e.Object)
}

// ChecksumError says that what arrived is not what the bucket holds.
type ChecksumError struct {
	Object export.Object
	Bytes  int64
	CRC32C uint32
}

func (e *ChecksumError) Error() string {
	return fmt.Sprintf("download of %s is damaged: %d bytes with crc32c %08x arrived, %d bytes with %08x are stored",
		e.Object, e.Bytes, e.CRC32C, e.Object.Size, e.Object.CRC32C)
}

// Download copies exactly the pinned generation into to and checks its size and
// checksum. progress is called with the bytes copied so far.
//
// It returns a *GoneError when the generation is no longer there, and a
// *ChecksumError, after which trying again is worth it, when it arrived damaged.
func (b *Bucket) Download(ctx context.Context, object export.Object, to io.Writer, progress func(bytes int64)) error {
	reader, err := b.read(ctx, object)
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	sum := crc32.New(castagnoli)
	n, err := io.Copy(io.MultiWriter(to, sum, &counter{progress: progress}), reader)
	if err != nil {
		return fmt.Errorf("download %s: %w", object, err)
	}
	if n != object.Size || sum.Sum32() != object.CRC32C {
		return &ChecksumError{Object: object, Bytes: n, CRC32C: sum.Sum32()}
	}
	return nil
}

// Read returns the whole content of a small object, with the same checks.
func (b *Bucket) Read(ctx context.Context, object export.Object, limit int64) ([]byte, error) {
	if object.Size > limit {
		return nil, fmt.Errorf("read %s: %d bytes are more than the %d expected of it", object, object.Size, limit)
	}
	var content bytes.Buffer
	if err := b.Download(ctx, object, &content, func(int64) {}); err != nil {
		return nil, err
	}
	return content.Bytes(), nil
}

func (b *Bucket) read(ctx context.Context, object export.Object) (*storage.Reader, error) {
	// ReadCompressed: an object stored with a content encoding must arrive as stored.
	reader, err := b.handle.Object(object.Name).Generation(object.Generation).ReadCompressed(true).NewReader(ctx)
	if errors.Is(err, storage.ErrObjectNotExist) {
		return nil, &GoneError{Object: object}
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", object, b.denied(err))
	}
	return reader, nil
}

type counter struct {
	bytes    int64
	progress func(int64)
}

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	c.progress(c.bytes)
	return len(p), nil
}
