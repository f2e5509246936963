package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/gcs"
	"github.com/posthog-tracks/posthog-tracks/internal/telemetry"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// leftoverAge is when staged files nobody came back for are thrown away.
const leftoverAge = 48 * time.Hour

// serve runs both workers until ctx ends.
func serve(ctx context.Context, settings config.Config, logger *slog.Logger) (err error) {
	measured, err := telemetry.Start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, measured.Close(context.WithoutCancel(ctx))) }()
	w, err := open(ctx, settings, measured, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	stop, err := observe(ctx, settings, measured, w, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()

	fatal := make(chan error, 2) // one of each worker
	options := worker.Options{
		WorkerStopTimeout:                  settings.Worker.StopTimeout + handOverTime,
		MaxConcurrentActivityExecutionSize: settings.Worker.Activities,
		Interceptors:                       []interceptor.WorkerInterceptor{measured.Observer(), &handOver{patience: settings.Worker.StopTimeout}},
		OnFatalError:                       func(err error) { fatal <- err },
	}
	main := worker.New(w.temporal, settings.TaskQueue, options)
	(&workflows.Workflows{Settings: workflowSettings(settings, settings.Tables.Name())}).Register(main)
	registerTableActivities(main, settings, w.bucket, w.store, w.area)
	registerDedupActivities(main, w.store)
	if err := registerCheckActivities(main, settings, w.store, w.bucket); err != nil {
		return err
	}

	options.MaxConcurrentActivityExecutionSize = settings.Load.PerWorker
	options.DisableWorkflowWorker = true
	loader := worker.New(w.temporal, contract.LoadQueue(settings.TaskQueue), options)
	register(loader, contract.StageObject, (&activities.Staging{Bucket: w.bucket, Area: w.area}).StageObject)
	return runBoth(ctx, main, loader, fatal, settings.Worker.StopTimeout, logger)
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
	register(w, contract.PreviewWindow, (&activities.Previews{Warehouse: store}).PreviewWindow)
	registerKeys(w, store)
}

func registerKeys(w worker.Worker, store store) {
	keys := &activities.Keys{Warehouse: store}
	register(w, contract.PlanKeys, keys.PlanKeys)
	register(w, contract.BuildKeys, keys.BuildKeys)
	register(w, contract.SwapKeys, keys.SwapKeys)
	register(w, contract.DiscardKeys, keys.DiscardKeys)
	register(w, contract.CompareKeys, keys.CompareKeys)
}

func registerDedupActivities(w worker.Worker, store store) {
	dedups := activities.Dedups{Warehouse: store}
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
		TestsParallel:   settings.Checks.Parallel,
	}
}
