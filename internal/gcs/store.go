package gcs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"
)

// Store is the staging bucket, opened for writing. It is another bucket than the
// one PostHog exports into, or at least another prefix.
type Store struct {
	client *storage.Client
	handle *storage.BucketHandle
	name   string
}

// OpenStore connects to the staging bucket, as Open does to the export bucket.
func OpenStore(ctx context.Context, name string) (*Store, error) {
	client, err := connect(ctx, name, storage.ScopeReadWrite)
	if err != nil {
		return nil, err
	}
	return &Store{client: client, handle: client.Bucket(name), name: name}, nil
}

// Close drops the connections.
func (s *Store) Close() error {
	if err := s.client.Close(); err != nil {
		return fmt.Errorf("close bucket %s: %w", s.name, err)
	}
	return nil
}

// URI is the gs:// address of an object.
func (s *Store) URI(object string) string { return "gs://" + s.name + "/" + object }

// Put uploads a local file. The object appears whole or not at all, and an object
// of that name is replaced.
func (s *Store) Put(ctx context.Context, object, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open staged file: %w", err)
	}
	defer func() { _ = file.Close() }()
	ctx, abort := context.WithCancel(ctx)
	defer abort() // a writer whose context ends before Close leaves nothing behind
	writer := s.handle.Object(object).NewWriter(ctx)
	if _, err := io.Copy(writer, file); err != nil {
		return fmt.Errorf("upload %s: %w", s.URI(object), s.denied(err))
	}
	if err := writer.Close(); err != nil {
		return fmt.Errorf("upload %s: %w", s.URI(object), s.denied(err))
	}
	return nil
}

// Get returns a small object's content; ok is false when there is none.
func (s *Store) Get(ctx context.Context, object string) (content []byte, ok bool, err error) {
	reader, err := s.handle.Object(object).NewReader(ctx)
	if errors.Is(err, storage.ErrObjectNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("open %s: %w", s.URI(object), s.denied(err))
	}
	defer func() { _ = reader.Close() }()
	if content, err = io.ReadAll(reader); err != nil {
		return nil, false, fmt.Errorf("read %s: %w", s.URI(object), err)
	}
	return content, true, nil
}

// DeleteAll removes every object under prefix. One that is gone already is fine.
func (s *Store) DeleteAll(ctx context.Context, prefix string) error {
	objects := s.handle.Objects(ctx, &storage.Query{Prefix: prefix})
	for {
		attributes, err := objects.Next()
		if errors.Is(err, iterator.Done) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list %s: %w", s.URI(prefix), s.denied(err))
		}
		err = s.handle.Object(attributes.Name).Delete(ctx)
		if err != nil && !errors.Is(err, storage.ErrObjectNotExist) {
			return fmt.Errorf("delete %s: %w", s.URI(attributes.Name), s.denied(err))
		}
	}
}

func (s *Store) denied(err error) error { return denied(s.name, "roles/storage.objectUser", err) }
