package bigquery

import (
	"context"
	"time"

	bq "cloud.google.com/go/bigquery"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Newest is the largest bq_ingested_timestamp of raw_tracks; ok is false when the
// table is empty.
func (w *Warehouse) Newest(ctx context.Context) (newest time.Time, ok bool, err error) {
	if err := w.ensure(ctx); err != nil {
		return time.Time{}, false, err
	}
	row, err := askOne[struct {
		Newest bq.NullTimestamp `bigquery:"newest"`
	}](ctx, w.script("freshness", window.Window{}), "freshness")
	return row.Newest.Timestamp.UTC(), row.Newest.Valid, err
}
