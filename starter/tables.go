package main

import (
	"context"
	"io"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/connect"
	"github.com/posthog-tracks/posthog-tracks/internal/overview"
)

// tables are the warehouse as commands look into it.
type tables interface {
	overview.Tables
	io.Closer
	// Newest is the largest bq_ingested_timestamp of raw_tracks; ok is false when the
	// table is empty.
	Newest(ctx context.Context) (newest time.Time, ok bool, err error)
	// Look runs a statement and hands over the column names and every row as text.
	Look(ctx context.Context, statement string, row func([]string) error) error
}

// openTables opens the warehouse for looking only.
func openTables(ctx context.Context, settings config.Config) (tables, error) {
	if settings.Warehouse.Kind == config.KindBigQuery {
		return connect.BigQuery(ctx, settings, true, nil, nil)
	}
	return connect.DuckDB(settings, true)
}
