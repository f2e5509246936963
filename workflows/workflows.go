// Package workflows orchestrates the pipeline: what happens in which order, what
// waits for what, and what a person sees meanwhile. It does no I/O and knows of
// activities only their names and types (internal/contract).
//
// A workflow is a thin function and a small struct with setup and run.
package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// The names workflows are started by.
const (
	HourlyTracks  = "HourlyTracks"
	WriteTracks   = "WriteTracks"
	ReloadWindows = "ReloadWindows"
	DedupTracks   = "DedupTracks"

	ReconcileExports = "ReconcileExports"
	BackfillTracks   = "BackfillTracks"
)

// ProgressQuery is the query every workflow answers with where it stands.
const ProgressQuery = "progress"

// Settings are what a worker's configuration says about the course of runs. A run
// keeps those it began with.
type Settings struct {
	// TaskQueue serves workflows and the activities on the warehouse, LoadQueue the
	// staging of objects.
	TaskQueue, LoadQueue string
	// Table is the consumer table, for example "posthog.tracks".
	Table string
	// Heartbeat is how long an activity may be silent.
	Heartbeat time.Duration
	// Poll is the pause between two looks for an export.
	Poll time.Duration
	// Parallel is how many objects of a window are staged at a time.
	Parallel int
	// RejectLimit is the share of rejected rows above which a window fails.
	RejectLimit float64
	// MissingIsEmpty makes an hour without objects a success.
	MissingIsEmpty bool
	// WritePoll and WriteMaxPoll are the first and the longest pause of a run that
	// waits for its turn to write.
	WritePoll, WriteMaxPoll time.Duration
	// ExportMaxWait is how long after its end an hour's export is waited for.
	ExportMaxWait time.Duration
	// ReconcileDays is how many days back the bucket is compared with the ledger,
	// ReconcileAction what is done about differences.
	ReconcileDays   int
	ReconcileAction string
	// TestsParallel is how many data tests of one run are at work at a time.
	TestsParallel int
}

// Workflows are the pipeline's workflows, as one worker is configured to run them.
type Workflows struct{ Settings Settings }

// Registry is the part of a worker that registering needs.
type Registry interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
}

// Register makes a worker run all workflows.
func (w *Workflows) Register(registry Registry) {
	registry.RegisterWorkflowWithOptions(w.hourlyTracks, workflow.RegisterOptions{Name: HourlyTracks})
	registry.RegisterWorkflowWithOptions(w.writeTracks, workflow.RegisterOptions{Name: WriteTracks})
	registry.RegisterWorkflowWithOptions(w.dedupTracks, workflow.RegisterOptions{Name: DedupTracks})
	registry.RegisterWorkflowWithOptions(w.keysRebuild, workflow.RegisterOptions{Name: KeysRebuild})
	registry.RegisterWorkflowWithOptions(w.keysVerify, workflow.RegisterOptions{Name: KeysVerify})
	registry.RegisterWorkflowWithOptions(w.reloadWindows, workflow.RegisterOptions{Name: ReloadWindows})
	registry.RegisterWorkflowWithOptions(w.reconcileExports, workflow.RegisterOptions{Name: ReconcileExports})
	registry.RegisterWorkflowWithOptions(w.backfillTracks, workflow.RegisterOptions{Name: BackfillTracks})
	registry.RegisterWorkflowWithOptions(w.checkTracks, workflow.RegisterOptions{Name: CheckTracks})
}

// pin records the settings in the run's history, so that a worker with other
// settings replays it the same.
func (w *Workflows) pin(ctx workflow.Context) (Settings, error) {
	var settings Settings
	err := workflow.SideEffect(ctx, func(workflow.Context) any { return w.Settings }).Get(&settings)
	return settings, err
}

// WriterID is the workflow id of whatever writes the table: the id is the lock.
func WriterID(table string) string { return "write:" + table }
