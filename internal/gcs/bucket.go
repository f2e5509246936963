// Package gcs talks to Google Cloud Storage: the export bucket is read and never
// written to, the staging bucket is read and written.
package gcs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	transport "google.golang.org/api/transport/http"

	"github.com/posthog-tracks/posthog-tracks/internal/export"
)

// emulatorVariable makes the client talk to a stand-in for GCS, without credentials.
const emulatorVariable = "STORAGE_EMULATOR_HOST"

// Bucket is one bucket, opened for reading.
type Bucket struct {
	client *storage.Client
	handle *storage.BucketHandle
	name   string
}

// Open connects to a bucket with application default credentials, or with none
// when STORAGE_EMULATOR_HOST names a stand-in.
func Open(ctx context.Context, name string) (*Bucket, error) {
	client, err := connect(ctx, name, storage.ScopeReadOnly)
	if err != nil {
		return nil, err
	}
	return &Bucket{client: client, handle: client.Bucket(name), name: name}, nil
}

func connect(ctx context.Context, name, scope string) (*storage.Client, error) {
	httpClient := &http.Client{Transport: http.DefaultTransport}
	if os.Getenv(emulatorVariable) == "" {
		authenticated, _, err := transport.NewClient(ctx, option.WithScopes(scope))
		if err != nil {
			return nil, fmt.Errorf("find Google credentials for bucket %s: %w", name, err)
		}
		httpClient = authenticated
	}
	httpClient.Transport = serverClock{next: httpClient.Transport}
	client, err := storage.NewClient(ctx, option.WithHTTPClient(httpClient))
	if err != nil {
		return nil, fmt.Errorf("connect to bucket %s: %w", name, err)
	}
	return client, nil
}

// Close drops the connections.
func (b *Bucket) Close() error {
	if err := b.client.Close(); err != nil {
		return fmt.Errorf("close bucket %s: %w", b.name, err)
	}
	return nil
}

// List returns all objects under prefix, sorted by name, and the bucket's own
// time of the listing.
func (b *Bucket) List(ctx context.Context, prefix string) (export.Look, error) {
	ctx, clock := withServerClock(ctx)
	query := &storage.Query{Prefix: prefix, Projection: storage.ProjectionNoACL}
	if err := query.SetAttrSelection([]string{"Name", "Generation", "Size", "CRC32C", "Created", "Updated"}); err != nil {
		return export.Look{}, fmt.Errorf("select attributes: %w", err)
	}
	var look export.Look
	objects := b.handle.Objects(ctx, query)
	for {
		attributes, err := objects.Next()
		if errors.Is(err, iterator.Done) {
			break
		}
		if err != nil {
			return export.Look{}, fmt.Errorf("list gs://%s/%s: %w", b.name, prefix, b.denied(err))
		}
		look.Objects = append(look.Objects, export.Object{
			Name: attributes.Name, Generation: attributes.Generation, Size: attributes.Size,
			CRC32C: attributes.CRC32C, Created: attributes.Created.UTC(), Updated: attributes.Updated.UTC(),
		})
	}
	slices.SortFunc(look.Objects, func(a, c export.Object) int { return strings.Compare(a.Name, c.Name) })
	at, ok := clock.time()
	if !ok {
		return export.Look{}, fmt.Errorf("list gs://%s/%s: the answer has no Date header to tell the bucket's time by", b.name, prefix)
	}
	look.At = at
	return look, nil
}
