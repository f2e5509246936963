package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/worker"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/gcs"
	"github.com/posthog-tracks/posthog-tracks/internal/telemetry"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// stopTimeout is how long activities in flight may go on after a stop signal.
const stopTimeout = 20 * time.Second

// leftoverAge is when staged files nobody came back for are thrown away.
const leftoverAge = 48 * time.Hour

// serve runs both workers until ctx ends.
func serve(ctx context.Context, settings config.Config, logger *slog.Logger) (err error) {
	temporal, err := dial(ctx, logger)
	if err != nil {
		return err
	}
	defer temporal.Close()
	bucket, err := gcs.Open(ctx, settings.Bucket)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bucket.Close()) }()
	store, area, closeWarehouse, err := openWarehouse(ctx, settings, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeWarehouse()) }()

	main := worker.New(temporal, settings.TaskQueue, worker.Options{WorkerStopTimeout: stopTimeout})
	(&workflows.Workflows{Settings: workflowSettings(settings, settings.Tables.Name())}).Register(main)
	registerTableActivities(main, settings, bucket, store, area)
	registerDedupActivities(main, store)

	loader := worker.New(temporal, contract.LoadQueue(settings.TaskQueue), worker.Options{
		WorkerStopTimeout:                  stopTimeout,
		MaxConcurrentActivityExecutionSize: settings.Load.PerWorker,
		DisableWorkflowWorker:              true,
	})
	register(loader, contract.StageObject, (&activities.Staging{Bucket: bucket, Area: area}).StageObject)
	return runBoth(ctx, main, loader, logger)
}

func dial(ctx context.Context, logger *slog.Logger) (client.Client, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, fmt.Errorf("read Temporal connection from the environment: %w", err)
	}
	options.Logger = telemetry.ForTemporal(logger)
	temporal, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("connect to Temporal at %s (set TEMPORAL_ADDRESS): %w", options.HostPort, err)
	}
	return temporal, nil
}

func registerTableActivities(w worker.Worker, settings config.Config, bucket *gcs.Bucket, store store, area activities.Area) {
	exports := &activities.Exports{
		Bucket: bucket, Prefix: settings.Prefix,
		Rule: export.Rule{Quiet: settings.Export.Quiet, MaxWait: settings.Export.MaxWait},
		Poll: settings.Export.Poll, Confirm: settings.Export.Confirm,
	}
	tables := &activities.Tables{Warehouse: store, Area: area, Warn: settings.Freshness.Warn, Error: settings.Freshness.Error}
	register(w, contract.AwaitExport, exports.AwaitExport)
	register(w, contract.CommitWindow, tables.CommitWindow)
	register(w, contract.CheckFreshness, tables.CheckFreshness)
	register(w, contract.MergeWindow, tables.MergeWindow)
	register(w, contract.RecordOutcome, tables.RecordOutcome)
	history := &activities.History{Warehouse: store}
	register(w, contract.PlanBackfill, history.PlanBackfill)
	register(w, contract.BackfillDay, history.BackfillDay)
	register(w, contract.CompareWindows, (&activities.Reconciliation{Bucket: bucket, Prefix: settings.Prefix, Books: store}).CompareWindows)
	register(w, contract.DrainWriters, tables.DrainWriters)
	register(w, contract.FindWriter, activities.FindWriter)
	registerKeys(w, store)
}

func registerKeys(w worker.Worker, store store) {
	able, ok := store.(activities.KeysWarehouse)
	if !ok {
		registerRefusals(w, contract.PlanKeys, contract.BuildKeys, contract.SwapKeys, contract.DiscardKeys, contract.CompareKeys)
		return
	}
	keys := &activities.Keys{Warehouse: able}
	register(w, contract.PlanKeys, keys.PlanKeys)
	register(w, contract.BuildKeys, keys.BuildKeys)
	register(w, contract.SwapKeys, keys.SwapKeys)
	register(w, contract.DiscardKeys, keys.DiscardKeys)
	register(w, contract.CompareKeys, keys.CompareKeys)
}

func registerDedupActivities(w worker.Worker, store store) {
	able, ok := store.(activities.Deduper)
	if !ok {
		registerRefusals(w, contract.PlanDedup, contract.SnapshotTracks, contract.ApplyDedup,
			contract.VerifyDedup, contract.RollbackDedup, contract.DropSnapshot)
		return
	}
	dedups := activities.Dedups{Warehouse: able}
	register(w, contract.PlanDedup, dedups.PlanDedup)
	register(w, contract.SnapshotTracks, dedups.SnapshotTracks)
	register(w, contract.ApplyDedup, dedups.ApplyDedup)
	register(w, contract.VerifyDedup, dedups.VerifyDedup)
	register(w, contract.RollbackDedup, dedups.RollbackDedup)
	register(w, contract.DropSnapshot, dedups.DropSnapshot)
}

func register(w worker.Worker, name string, fn any) {
	w.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
}

func workflowSettings(settings config.Config, table string) workflows.Settings {
	return workflows.Settings{
		TaskQueue:      settings.TaskQueue,
		LoadQueue:      contract.LoadQueue(settings.TaskQueue),
		Table:          table,
		Heartbeat:      settings.Heartbeat,
		Poll:           settings.Export.Poll,
		Parallel:       settings.Load.Parallel,
		RejectLimit:    settings.Load.RejectLimit,
		MissingIsEmpty: settings.Export.WhenMissing == contract.MissingIsEmpty,
		WritePoll:      settings.Write.Poll,
		WriteMaxPoll:   settings.Write.MaxPoll,

		ExportMaxWait:   settings.Export.MaxWait,
		ReconcileDays:   settings.Reconcile.Days,
		ReconcileAction: settings.Reconcile.Action,
	}
}

// runBoth runs both workers until ctx ends or one of them fails for good.
func runBoth(ctx context.Context, main, loader worker.Worker, logger *slog.Logger) error {
	if err := loader.Start(); err != nil {
		return fmt.Errorf("start load worker: %w", err)
	}
	defer loader.Stop()
	if err := main.Start(); err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	defer main.Stop()
	logger.Info("worker is running")
	<-ctx.Done()
	logger.Info("worker is stopping", "atMost", stopTimeout.String())
	return nil
}
