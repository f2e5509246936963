package main

import (
	"context"
	"errors"
	"log/slog"

	"go.temporal.io/sdk/temporal"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/connect"
	"github.com/posthog-tracks/posthog-tracks/internal/staging"
)

// openWarehouse opens the warehouse and the area its staged files wait in. billed is
// told what BigQuery bills.
func openWarehouse(ctx context.Context, settings config.Config, billed func(step string, bytes int64), logger *slog.Logger) (store, activities.Area, func() error, error) {
	local := staging.Directory{Root: settings.Load.Staging}
	if err := local.Sweep(leftoverAge); err != nil {
		logger.Warn("staged leftovers stay", "error", err)
	}
	if settings.Warehouse.Kind == config.KindDuckDB {
		tables, err := connect.DuckDB(settings, false)
		if err != nil {
			return nil, nil, nil, err
		}
		return tables, local, tables.Close, nil
	}
	files, area, err := connect.StagingBucket(ctx, settings)
	if err != nil {
		return nil, nil, nil, err
	}
	tables, err := connect.BigQuery(ctx, settings, false, outlives, billed)
	if err != nil {
		return nil, nil, nil, errors.Join(err, files.Close())
	}
	return tables, area, func() error { return errors.Join(tables.Close(), files.Close()) }, nil
}

// outlives reports whether a job goes on although the activity that started it does
// not. Only who cancels a run wants its jobs stopped. A worker that shuts down, an
// activity that is paused, reset or out of time leaves the job to the next attempt,
// which finds it.
func outlives(ctx context.Context) bool { return !temporal.IsCanceledError(context.Cause(ctx)) }
