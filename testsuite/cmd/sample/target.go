package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"cloud.google.com/go/storage"
)

// target is a place that takes objects by name.
type target interface {
	// create begins an object, which appears when it is closed.
	create(name string) (io.WriteCloser, error)
	io.Closer
}

func (o *order) target(ctx context.Context) (target, error) {
	if o.out != "" {
		return folder(o.out), nil
	}
	client, err := storage.NewClient(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to Cloud Storage: %w", err)
	}
	handle := client.Bucket(o.bucket)
	if _, err := handle.Attrs(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("look at bucket %s, which must exist: %w", o.bucket, err), client.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	return &bucket{ctx: ctx, cancel: cancel, client: client, handle: handle}, nil
}

// bucket is a bucket of Cloud Storage or of an emulator. Uploads that are not
// closed when it is are given up.
type bucket struct {
	ctx    context.Context //nolint:containedctx // an upload lives as long as the command
	cancel context.CancelFunc
	client *storage.Client
	handle *storage.BucketHandle
}

func (b *bucket) create(name string) (io.WriteCloser, error) {
	return b.handle.Object(name).NewWriter(b.ctx), nil
}

func (b *bucket) Close() error {
	b.cancel()
	if err := b.client.Close(); err != nil {
		return fmt.Errorf("disconnect from Cloud Storage: %w", err)
	}
	return nil
}

// folder holds objects as files under the paths of their names.
type folder string

func (f folder) create(name string) (io.WriteCloser, error) {
	path := filepath.Join(string(f), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	file, err := os.Create(path + ".partial")
	if err != nil {
		return nil, fmt.Errorf("create file: %w", err)
	}
	return &partial{file, path}, nil
}

func (folder) Close() error { return nil }

// partial is a file that gets its name once it is whole.
type partial struct {
	*os.File

	path string
}

func (p *partial) Close() error {
	if err := p.File.Close(); err != nil {
		return fmt.Errorf("close file: %w", err)
	}
	if err := os.Rename(p.Name(), p.path); err != nil {
		return fmt.Errorf("name file: %w", err)
	}
	return nil
}
