//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"
	"time"
)

// Newest is the largest bq_ingested_timestamp of raw_tracks; ok is false when the
// table is empty.
func (w *Warehouse) Newest(ctx context.Context) (newest time.Time, ok bool, err error) {
	var value databasesql.Null[time.Time]
	err = w.read(ctx, "freshness", func(s *session) error { return s.queryRow(ctx, "freshness", &value) })
	return value.V.UTC(), value.Valid, err
}
