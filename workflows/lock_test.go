package workflows

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// Two hours at once: their merges never overlap, and the later one waits.
func TestWritersTakeTurns(t *testing.T) {
	t.Parallel()
	w := newWorld()
	env := w.environment(t, testSettings)
	good := *newWorld()
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		for range 3 {
			ctx := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: workflow.Now(ctx).String()})
			if err := workflow.ExecuteChildWorkflow(ctx, HourlyTracks, HourlyInput{}).GetChildWorkflowExecution().Get(ctx, nil); err != nil {
				return err
			}
			if err := workflow.Sleep(ctx, time.Millisecond); err != nil {
				return err
			}
		}
		return workflow.Sleep(ctx, time.Hour)
	}, workflow.RegisterOptions{Name: "three hours"})

	running, most := 0, 0
	w.merge = func(ctx context.Context, in contract.MergeWindowInput) (ledger.Merge, error) {
		w.mu.Lock()
		running++
		most = max(most, running)
		w.mu.Unlock()
		defer func() { w.mu.Lock(); running--; w.mu.Unlock() }()
		time.Sleep(20 * time.Millisecond)
		return good.merge(ctx, in)
	}
	env.ExecuteWorkflow("three hours")
	require.NoError(t, env.GetWorkflowError())
	assert.Len(t, w.merged, 3)
	assert.Equal(t, 1, most, "merges at the same time")
}

func TestPausesGrowUpToTheLimit(t *testing.T) {
	t.Parallel()
	w := newWorld()
	env := w.environment(t, testSettings)
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		held := workflow.ChildWorkflowOptions{WorkflowID: WriterID(table)}
		holder := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, held), "holder")
		if err := holder.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			return err
		}
		return workflow.ExecuteChildWorkflow(ctx, HourlyTracks, HourlyInput{}).Get(ctx, nil)
	}, workflow.RegisterOptions{Name: "behind a long write"})
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		return workflow.Sleep(ctx, 3*time.Hour)
	}, workflow.RegisterOptions{Name: "holder"})
	var pauses []time.Duration
	env.SetOnTimerScheduledListener(func(_ string, d time.Duration) { pauses = append(pauses, d) })
	env.ExecuteWorkflow("behind a long write")
	require.NoError(t, env.GetWorkflowError())
	assert.Len(t, w.merged, 1)
	assert.Contains(t, pauses, time.Second)
	assert.Contains(t, pauses, testSettings.WriteMaxPoll)
	assert.Less(t, len(pauses), 200, "a wait of three hours stays a short history")
}

func TestWriteTracksRunsUnderItsOwnIDOnly(t *testing.T) {
	t.Parallel()
	w := newWorld()
	env := w.environment(t, testSettings)
	env.ExecuteWorkflow(WriteTracks, WriteInput{Merge: &contract.MergeWindowInput{Window: someWindow(t, "2026-06-12T10"), LoadID: "x"}})
	requireType(t, env.GetWorkflowError(), contract.ErrInvalidInput)
	assert.Empty(t, w.calls)

	env = w.environment(t, testSettings)
	env.ExecuteWorkflow(WriteTracks, WriteInput{})
	requireType(t, env.GetWorkflowError(), contract.ErrInvalidInput)
}

// A run cancelled in any step ends as cancelled, and says so in the ledger unless
// the window is loaded already.
func TestCancellationInEveryStep(t *testing.T) {
	t.Parallel()
	for _, step := range []string{
		contract.AwaitExport, contract.StageObject, contract.CommitWindow, contract.CheckFreshness, contract.MergeWindow,
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			env := w.environment(t, testSettings)
			good := *newWorld()
			cancelIn := func(name string) {
				if name == step {
					env.CancelWorkflow()
				}
			}
			w.await = func(in contract.AwaitExportInput) (contract.AwaitExportResult, error) {
				cancelIn(contract.AwaitExport)
				return good.await(in)
			}
			w.stage = func(ctx context.Context, in contract.StageObjectInput) (ledger.Receipt, error) {
				cancelIn(contract.StageObject)
				return good.stage(ctx, in)
			}
			w.commit = func(_ context.Context, in contract.CommitWindowInput) (ledger.Load, error) {
				cancelIn(contract.CommitWindow)
				if step == contract.CommitWindow {
					return ledger.Load{}, temporal.NewCanceledError()
				}
				return good.commit(context.Background(), in)
			}
			w.fresh = func(in contract.CheckFreshnessInput) (contract.Freshness, error) {
				cancelIn(contract.CheckFreshness)
				return good.fresh(in)
			}
			w.merge = func(ctx context.Context, in contract.MergeWindowInput) (ledger.Merge, error) {
				cancelIn(contract.MergeWindow)
				if step == contract.MergeWindow {
					return ledger.Merge{}, temporal.NewCanceledError()
				}
				return good.merge(ctx, in)
			}
			_, err := w.hour(t, env, HourlyInput{})
			require.Error(t, err)
			assert.True(t, temporal.IsCanceledError(err), err.Error())
			loaded := step == contract.CheckFreshness || step == contract.MergeWindow
			if loaded {
				assert.Empty(t, w.outcomes)
				return
			}
			require.Len(t, w.outcomes, 1)
			assert.Equal(t, ledger.Cancelled, w.outcomes[0].Status)
		})
	}
}

// A cancelled run that waits for its turn stops waiting and writes nothing.
func TestCancellationWhileWaitingForTheTurn(t *testing.T) {
	t.Parallel()
	w := newWorld()
	env := w.environment(t, testSettings)
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		return workflow.Sleep(ctx, 24*time.Hour)
	}, workflow.RegisterOptions{Name: "holder"})
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		held := workflow.ChildWorkflowOptions{WorkflowID: WriterID(table), ParentClosePolicy: parentCloseRequestCancel}
		holder := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, held), "holder")
		if err := holder.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			return err
		}
		hourCtx, cancel := workflow.WithCancel(ctx)
		hour := workflow.ExecuteChildWorkflow(hourCtx, HourlyTracks, HourlyInput{})
		if err := workflow.Sleep(ctx, 10*time.Minute); err != nil {
			return err
		}
		cancel()
		err := hour.Get(ctx, nil)
		if !temporal.IsCanceledError(err) {
			return err
		}
		return nil
	}, workflow.RegisterOptions{Name: "cancel the waiting"})
	env.ExecuteWorkflow("cancel the waiting")
	require.NoError(t, env.GetWorkflowError())
	assert.Empty(t, w.merged)
}

// Whoever waits says since when, and for whom: in the progress and on every timer.
func TestWaitingNamesTheHolder(t *testing.T) {
	t.Parallel()
	w := newWorld()
	env := w.environment(t, testSettings)
	var summaries []string
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		return workflow.Sleep(ctx, time.Hour)
	}, workflow.RegisterOptions{Name: "holder"})
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		held := workflow.ChildWorkflowOptions{WorkflowID: WriterID(table)}
		holder := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, held), "holder")
		if err := holder.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			return err
		}
		in := WriteInput{Merge: &contract.MergeWindowInput{Window: someWindow(t, "2026-06-12T10"), LoadID: "x"}}
		_, err := write(ctx, testSettings, in, func(waiting string) { summaries = append(summaries, waiting) })
		return err
	}, workflow.RegisterOptions{Name: "behind a long write"})
	env.ExecuteWorkflow("behind a long write")
	require.NoError(t, env.GetWorkflowError())
	require.NotEmpty(t, summaries)
	assert.Equal(t, "waiting for the turn to write posthog.tracks since 2026-06-12 11:00:07 UTC: "+
		"a long write since 2026-06-12 10:00:00 UTC, workflow write:posthog.tracks run run-of-the-holder, for somebody run its-run", summaries[0])
}

// A run that cannot find out who writes waits all the same.
func TestWaitingWithoutKnowingForWhom(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.find = func(contract.FindWriterInput) (contract.Writer, error) {
		return contract.Writer{}, typedError("PermissionDenied")
	}
	env := w.environment(t, testSettings)
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		held := workflow.ChildWorkflowOptions{WorkflowID: WriterID(table)}
		holder := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, held), "holder")
		if err := holder.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			return err
		}
		return workflow.ExecuteChildWorkflow(ctx, HourlyTracks, HourlyInput{}).Get(ctx, nil)
	}, workflow.RegisterOptions{Name: "behind a long write"})
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		return workflow.Sleep(ctx, 10*time.Minute)
	}, workflow.RegisterOptions{Name: "holder"})
	env.ExecuteWorkflow("behind a long write")
	require.NoError(t, env.GetWorkflowError())
	assert.Len(t, w.merged, 1)
}
