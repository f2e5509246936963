package workflows

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// world stands in for everything activities reach, and notes what was asked of it.
// The functions can be replaced by a test.
type world struct {
	await   func(contract.AwaitExportInput) (contract.AwaitExportResult, error)
	stage   func(context.Context, contract.StageObjectInput) (ledger.Receipt, error)
	commit  func(context.Context, contract.CommitWindowInput) (ledger.Load, error)
	preview func(contract.CommitWindowInput) (ledger.Preview, error)
	fresh   func(contract.CheckFreshnessInput) (contract.Freshness, error)
	merge   func(context.Context, contract.MergeWindowInput) (ledger.Merge, error)
	booking func(ledger.Outcome) error
	compare func(contract.CompareWindowsInput) (contract.Comparison, error)
	plan    func(ledger.BackfillRange) (ledger.BackfillPlan, error)
	day     func(context.Context, ledger.BackfillDay) (ledger.Backfilled, error)
	drain   func() (contract.DrainResult, error)
	find    func(contract.FindWriterInput) (contract.Writer, error)
	dedups  dedupWorld
	keys    keysWorld
	checks  checkWorld

	mu       sync.Mutex
	calls    []string
	outcomes []ledger.Outcome
	merged   []string
	drained  int
}

const table = "posthog.tracks"

var testSettings = Settings{
	TaskQueue: "tracks", LoadQueue: "tracks-load", Table: table, Heartbeat: 30 * time.Second,
	Poll: time.Minute, Parallel: 2, RejectLimit: 0.01, WritePoll: time.Second, WriteMaxPoll: time.Minute,
	ExportMaxWait: 65 * time.Minute, ReconcileDays: 3, ReconcileAction: contract.ActionReload,
}

// newWorld is a bucket with two objects a window and a warehouse where all goes well.
func newWorld() *world {
	return &world{
		await: func(contract.AwaitExportInput) (contract.AwaitExportResult, error) {
			return contract.AwaitExportResult{State: export.Complete, Export: export.Export{
				Objects: []export.Object{{Name: "a", Generation: 1, Size: 5 << 20}, {Name: "b", Generation: 2}},
			}}, nil
		},
		stage: func(_ context.Context, in contract.StageObjectInput) (ledger.Receipt, error) {
			return ledger.Receipt{Object: in.Object, Read: 10, Loaded: 9, Rejected: 1}, nil
		},
		commit: func(_ context.Context, in contract.CommitWindowInput) (ledger.Load, error) {
			load := in.Commit.Load
			load.Status, load.Rows = ledger.Loaded, ledger.RowsOf(in.Commit.Staged)
			return load, nil
		},
		preview: func(contract.CommitWindowInput) (ledger.Preview, error) { return ledger.Preview{}, nil },
		fresh: func(contract.CheckFreshnessInput) (contract.Freshness, error) {
			return contract.Freshness{Status: contract.Fresh}, nil
		},
		merge: func(context.Context, contract.MergeWindowInput) (ledger.Merge, error) {
			return ledger.Merge{Inserted: 15, Updated: 1, Unchanged: 1, Collided: 0, BeforeCutover: 1}, nil
		},
		booking: func(ledger.Outcome) error { return nil },
		compare: func(contract.CompareWindowsInput) (contract.Comparison, error) { return contract.Comparison{}, nil },
		plan:    func(ledger.BackfillRange) (ledger.BackfillPlan, error) { return ledger.BackfillPlan{}, nil },
		day: func(_ context.Context, in ledger.BackfillDay) (ledger.Backfilled, error) {
			return ledger.Backfilled{Read: in.Rows, Inserted: in.Rows - 1, Present: 1, Bytes: 100}, nil
		},
		drain: func() (contract.DrainResult, error) { return contract.DrainResult{}, nil },
		find: func(contract.FindWriterInput) (contract.Writer, error) {
			return contract.Writer{
				Running: true, RunID: "run-of-the-holder", What: "a long write", For: "somebody", ForRun: "its-run",
				Since: time.Date(2026, 6, 12, 10, 0, 0, 0, time.UTC),
			}, nil
		},
		dedups: newDedupWorld(),
	}
}

func (w *world) note(call string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, call)
}

// environment runs workflows in the world, with time that skips ahead.
func (w *world) environment(t *testing.T, settings Settings) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(20 * time.Second)
	env.SetStartTime(time.Date(2026, 6, 12, 11, 0, 7, 0, time.UTC))
	(&Workflows{Settings: settings}).Register(env)
	register := func(name string, fn any) {
		env.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
	}
	w.registerHours(register)
	register(contract.DrainWriters, func(context.Context, contract.DrainInput) (contract.DrainResult, error) {
		w.mu.Lock()
		w.drained++
		w.mu.Unlock()
		return w.drain()
	})
	register(contract.FindWriter, func(_ context.Context, in contract.FindWriterInput) (contract.Writer, error) {
		return w.find(in)
	})
	registerKeys(w, register)
	register(contract.RecordOutcome, func(_ context.Context, outcome ledger.Outcome) error {
		w.note(contract.RecordOutcome)
		w.mu.Lock()
		w.outcomes = append(w.outcomes, outcome)
		w.mu.Unlock()
		return w.booking(outcome)
	})
	w.registerDedups(register)
	register(contract.PlanBackfill, func(_ context.Context, in ledger.BackfillRange) (ledger.BackfillPlan, error) {
		w.note(contract.PlanBackfill)
		return w.plan(in)
	})
	register(contract.BackfillDay, func(ctx context.Context, in ledger.BackfillDay) (ledger.Backfilled, error) {
		w.note(contract.BackfillDay)
		return w.day(ctx, in)
	})
	w.registerChecks(register)
	register(contract.CompareWindows, func(_ context.Context, in contract.CompareWindowsInput) (contract.Comparison, error) {
		w.note(contract.CompareWindows)
		return w.compare(in)
	})
	return env
}

// registerHours registers the activities of hours.
func (w *world) registerHours(register func(name string, fn any)) {
	register(contract.AwaitExport, func(_ context.Context, in contract.AwaitExportInput) (contract.AwaitExportResult, error) {
		w.note(contract.AwaitExport)
		return w.await(in)
	})
	register(contract.StageObject, func(ctx context.Context, in contract.StageObjectInput) (ledger.Receipt, error) {
		w.note(contract.StageObject)
		return w.stage(ctx, in)
	})
	register(contract.CommitWindow, func(ctx context.Context, in contract.CommitWindowInput) (ledger.Load, error) {
		w.note(contract.CommitWindow)
		return w.commit(ctx, in)
	})
	register(contract.PreviewWindow, func(_ context.Context, in contract.CommitWindowInput) (ledger.Preview, error) {
		w.note(contract.PreviewWindow)
		return w.preview(in)
	})
	register(contract.CheckFreshness, func(_ context.Context, in contract.CheckFreshnessInput) (contract.Freshness, error) {
		w.note(contract.CheckFreshness)
		return w.fresh(in)
	})
	register(contract.MergeWindow, func(ctx context.Context, in contract.MergeWindowInput) (ledger.Merge, error) {
		w.note(contract.MergeWindow)
		w.mu.Lock()
		w.merged = append(w.merged, in.LoadID)
		w.mu.Unlock()
		return w.merge(ctx, in)
	})
}

// hour runs HourlyTracks for the hour of the test's clock.
func (w *world) hour(t *testing.T, env *testsuite.TestWorkflowEnvironment, in HourlyInput) (HourlyResult, error) {
	t.Helper()
	env.ExecuteWorkflow(HourlyTracks, in)
	require.True(t, env.IsWorkflowCompleted())
	var result HourlyResult
	if err := env.GetWorkflowError(); err != nil {
		return result, err
	}
	require.NoError(t, env.GetWorkflowResult(&result))
	return result, nil
}

func someWindow(t *testing.T, text string) window.Window {
	t.Helper()
	w, err := window.Parse(text)
	require.NoError(t, err)
	return w
}

// typedError is what an activity fails with.
func typedError(kind string, details ...any) error {
	return temporal.NewNonRetryableApplicationError("told by the test", kind, nil, details...)
}

// requireType checks the type that on-call reads at the head of a failed run.
func requireType(t *testing.T, err error, kind string) {
	t.Helper()
	require.Error(t, err)
	var execution *temporal.WorkflowExecutionError
	require.ErrorAs(t, err, &execution)
	var application *temporal.ApplicationError
	require.ErrorAs(t, errors.Unwrap(execution), &application)
	require.Equal(t, kind, application.Type(), err.Error())
}
