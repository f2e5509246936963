package e2e

import (
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack/fakegcs"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// update sends an update and waits until it is taken or refused.
func (l *lab) update(run client.WorkflowRun, name string, in ...any) error {
	l.t.Helper()
	handle, err := l.Temporal.UpdateWorkflow(l.ctx, client.UpdateWorkflowOptions{
		WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: name, Args: in,
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return err
	}
	return handle.Get(l.ctx, nil)
}

func (r *recorder) reload(in workflows.ReloadInput) client.WorkflowRun {
	r.t.Helper()
	return r.oneOff(workflows.ReloadID, workflows.ReloadWindows, in)
}

func (r *recorder) reloads() {
	hours := harness.Hours(hour(r.t, 0), 4)
	for _, w := range hours[:3] {
		r.export(w, ordinary(1))
	}
	whole := workflows.ReloadInput{From: hours[0], To: hours[2]}
	dry := whole
	dry.DryRun = true
	r.keep(r.over(r.reload(dry)), "dry-run")
	r.keep(r.over(r.reload(whole)), "missing")
	r.keep(r.over(r.reload(whole)), "nothing-to-do")
	whole.Only = contract.OnlyAll
	whole.To = hours[3]
	r.keep(r.over(r.reload(whole)), "an-hour-fails")
	r.keep(r.over(r.reload(workflows.ReloadInput{Only: "some"})), "refused")
	r.steered(hours)
}

// steered records a reload that is paused, refused a second pause, widened, gone on
// with and cancelled while its hours wait for the lock.
func (r *recorder) steered(hours []window.Window) {
	injected := r.Stack.Storage.Faults.Inject(fakegcs.Fault{On: fakegcs.Download, Times: 1, Effect: fakegcs.Delay(5 * time.Second)})
	run := r.reload(workflows.ReloadInput{Windows: hours[:3], Concurrency: 1})
	r.eventually("the first hour is read", func() bool { return injected.Hits() > 0 })
	require.NoError(r.t, r.update(run, workflows.PauseUpdate, workflows.Because{Reason: "a test"}))
	require.Error(r.t, r.update(run, workflows.PauseUpdate, workflows.Because{Reason: "again"}))
	require.NoError(r.t, r.update(run, workflows.SkipUpdate, workflows.Skip{Windows: hours[1:2], Reason: "a test"}))
	require.NoError(r.t, r.update(run, workflows.ConcurrencyUpdate, workflows.Concurrency{Concurrency: 2}))
	require.NoError(r.t, r.update(run, workflows.ResumeUpdate))
	r.keep(r.over(run), "steered")

	release := r.holdLock()
	defer release()
	other := r.start(workflows.HourlyInput{Window: hours[0]})
	r.awaitsTurn(other)
	run = r.reload(workflows.ReloadInput{Windows: hours[:2]})
	r.eventually("the other hour waits for the lock too", func() bool {
		return len(r.Pending(r.ctx, harness.RunID(hours[1])))+len(r.step(r.Temporal.GetWorkflow(r.ctx, harness.RunID(hours[1]), ""))) > 0
	})
	r.cancel(run)
	r.keep(r.over(run), "cancelled")
	r.cancel(other)
	assert.NotEmpty(r.t, r.ends(other))
}

// chapters records a reload of so many hours that it continues as new. None of them
// has an export, and that is taken for empty.
func (r *recorder) chapters() {
	in := workflows.ReloadInput{Windows: harness.Hours(hour(r.t, 0), 210), WhenMissing: contract.MissingIsEmpty, Concurrency: 10}
	r.keep(r.over(r.reload(in)), "first-chapter")
	r.keep(r.over(r.Temporal.GetWorkflow(r.ctx, workflows.ReloadID, "")), "last-chapter")
}
