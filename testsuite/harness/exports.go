package harness

import (
	"bytes"
	"context"
	"fmt"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// Upload puts a window's sample export into the bucket, with the times PostHog
// would have written it at. What is there already is overwritten.
func (r *Rig) Upload(ctx context.Context, w window.Window, options sample.Options) (*sample.Hour, error) {
	hour, err := sample.Generate(w, options)
	if err != nil {
		return nil, err
	}
	for _, file := range hour.Objects {
		if _, err := r.Storage.PutObject(ctx, Bucket, file.Name, bytes.NewReader(file.Content), file.Updated); err != nil {
			return nil, fmt.Errorf("upload export of %s: %w", w, err)
		}
	}
	return hour, nil
}

// Hours are n windows that follow each other.
func Hours(first window.Window, n int) []window.Window {
	hours := make([]window.Window, n)
	for i, w := 0, first; i < n; i, w = i+1, w.Next() {
		hours[i] = w
	}
	return hours
}
