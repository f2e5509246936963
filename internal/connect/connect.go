// Package connect reaches Temporal and the warehouse that the configuration names,
// the same for the worker and for the command line.
package connect

import (
	"context"
	"fmt"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/gcs"
	"github.com/posthog-tracks/posthog-tracks/internal/staging"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/bigquery"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
)

// DuckDB prepares the embedded warehouse.
func DuckDB(settings config.Config, readOnly bool) (*duckdb.Warehouse, error) {
	return duckdb.New(duckdb.Options{
		Path:        settings.Warehouse.DuckDB.Path,
		MemoryLimit: settings.Warehouse.DuckDB.Memory,
		Threads:     settings.Warehouse.DuckDB.Threads,
		IdleClose:   settings.Warehouse.DuckDB.IdleClose,
		ReadOnly:    readOnly,
		Tables:      settings.Tables,
		Cutover:     settings.Cutover.Time,
	})
}

// BigQuery connects to the production warehouse. abandon says which jobs outlive
// the context they were started under, nil stops all; billed is told what jobs cost,
// nil is fine. See bigquery.JobSettings.
func BigQuery(ctx context.Context, settings config.Config, readOnly bool, abandon func(context.Context) bool, billed func(step string, bytes int64)) (*bigquery.Warehouse, error) {
	from := settings.Warehouse.BigQuery
	return bigquery.Open(ctx, bigquery.Options{
		Project: from.Project,
		Tables:  settings.Tables,
		Cutover: settings.Cutover.Time, ReadOnly: readOnly,
		Jobs: bigquery.JobSettings{
			Location:       from.Location,
			Pipeline:       settings.TaskQueue,
			MaxBytesBilled: from.MaxBytesBilled,
			JobTimeout:     from.JobTimeout,
			Price:          Price(from),
			Abandon:        abandon,
			Billed:         billed,
		},
	})
}

// Price is what BigQuery costs, as it is configured.
func Price(from config.BigQuery) bigquery.Price {
	return bigquery.Price{PerTiB: from.PricePerTiB, PerSlotHour: from.PricePerSlotHour}
}

// StagingBucket connects to the bucket that BigQuery loads staged files from. The
// caller closes the store.
func StagingBucket(ctx context.Context, settings config.Config) (*gcs.Store, staging.Bucket, error) {
	from := settings.Warehouse.BigQuery
	store, err := gcs.OpenStore(ctx, from.StagingBucket)
	if err != nil {
		return nil, staging.Bucket{}, fmt.Errorf("open staging bucket: %w", err)
	}
	return store, staging.Bucket{Store: store, Prefix: from.StagingPrefix, Local: settings.Load.Staging}, nil
}
