package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack/fakegcs"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func (l *lab) cancel(run client.WorkflowRun) {
	l.t.Helper()
	require.NoError(l.t, l.Temporal.CancelWorkflow(l.ctx, run.GetID(), run.GetRunID()))
}

// ends waits for the end of a run and returns its state.
func (l *lab) ends(run client.WorkflowRun) enums.WorkflowExecutionStatus {
	l.t.Helper()
	l.eventually("the run ends", func() bool { return l.status(run) != enums.WORKFLOW_EXECUTION_STATUS_RUNNING })
	return l.status(run)
}

// A run that hangs in a step is cancelled there: it ends as cancelled, nothing is
// half done, and the ledger says cancelled where nothing was loaded.
func TestCancelWhereARunHangs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hang func(l *lab, w window.Window) (run client.WorkflowRun, release func())
		// booked is what the ledger must say.
		booked string
	}{
		"staging": {func(l *lab, w window.Window) (client.WorkflowRun, func()) {
			injected := l.Stack.Storage.Faults.Inject(fakegcs.Fault{On: fakegcs.Download, Effect: fakegcs.Delay(time.Hour)})
			run := l.start(workflows.HourlyInput{Window: w})
			l.eventually("the download begins", func() bool { return injected.Hits() > 0 })
			return run, func() {
				l.eventually("staging ends and tidies up", func() bool {
					left, err := os.ReadDir(filepath.Join(l.Staging, "work"))
					return err == nil && len(left) == 0
				})
			}
		}, "cancelled"},
		"committing": {func(l *lab, w window.Window) (client.WorkflowRun, func()) {
			letGo, err := l.HoldWarehouse(l.ctx)
			require.NoError(l.t, err)
			run := l.start(workflows.HourlyInput{Window: w})
			l.eventually("the commit finds the file held", func() bool {
				return l.failing(run.GetID(), contract.CommitWindow) == contract.ErrWarehouseHeld
			})
			return run, func() {
				l.eventually("the ledger cannot be written either", func() bool {
					return l.failing(run.GetID(), contract.RecordOutcome) == contract.ErrWarehouseHeld
				})
				require.NoError(l.t, letGo())
			}
		}, "cancelled"},
		"waiting for its turn": {func(l *lab, w window.Window) (client.WorkflowRun, func()) {
			release := l.holdLock()
			run := l.start(workflows.HourlyInput{Window: w})
			l.awaitsTurn(run)
			return run, release
		}, "loaded"},
		"merging": {(*lab).mergeHangs, "loaded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := open(t)
			w := hour(t, 0)
			uploaded := l.upload(w, ordinary(1))
			run, release := c.hang(l, w)
			l.cancel(run)
			release()
			assert.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, l.ends(run))
			assert.Equal(t, []string{c.booked}, l.ledger(w))
			assert.Equal(t, []string{"0"}, l.rows(`SELECT COUNT(*) FROM posthog.tracks`))

			l.load(w)
			assert.Len(t, l.rows(`SELECT event_id FROM posthog.tracks`), len(uploaded.Events()))
			l.prove()
		})
	}
}

func TestCancelWhileTheExportIsAwaited(t *testing.T) {
	t.Parallel()
	l := open(t)
	w := window.Before(time.Now())
	run := l.start(workflows.HourlyInput{Window: w})
	l.eventually("the run waits", func() bool {
		return l.failing(run.GetID(), contract.AwaitExport) == contract.ErrExportNotReady
	})
	l.cancel(run)
	assert.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, l.ends(run))
	assert.Equal(t, []string{"cancelled"}, l.ledger(w))
}

// A run is cancelled in the middle of each activity, which may still get through:
// then its work counts, else there is nothing of it.
func TestCancelInTheMiddleOfAnActivity(t *testing.T) {
	t.Parallel()
	l := open(t)
	for n, activity := range ofTheDay {
		t.Run(activity, func(t *testing.T) {
			l := l.of(t)
			r, w, uploaded, run := l.caught(activity, n)
			l.cancel(run)
			r.thaw()
			status, booked, rows := l.ends(run), l.ledger(w), l.held(w)
			t.Logf("%s: %s with %d of %d rows loaded, the ledger says %v", activity, status, len(rows), len(uploaded.Events()), booked)
			switch booked[0] {
			case "cancelled":
				assert.Empty(t, rows)
				assert.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, status)
			case "loaded":
				assert.Equal(t, ids(uploaded.Events()), rows)
				assert.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, status)
			default:
				assert.Equal(t, "merged", booked[0])
				assert.Equal(t, contract.MergeWindow, activity, "too late to cancel")
			}
			assert.Len(t, booked, 1)
			assert.True(t, l.lockIsFree() || activity != contract.MergeWindow)

			l.load(w)
			assert.Equal(t, ids(uploaded.Events()), l.held(w))
			l.prove()
		})
	}
}

// caught freezes the worker in the middle of an activity of a run. An activity of
// few milliseconds can get through unseen: then the next hour is tried.
func (l *lab) caught(activity string, n int) (*reaper, window.Window, *sample.Hour, client.WorkflowRun) {
	l.t.Helper()
	for try := range 50 {
		w := hour(l.t, n+try*len(ofTheDay))
		uploaded := l.upload(w, overwritten(""))
		run := l.start(workflows.HourlyInput{Window: w})
		r := newReaper(l, func() []string { return []string{run.GetID(), harness.Writer} })
		if r.catch(activity, func() bool { return l.status(run) != enums.WORKFLOW_EXECUTION_STATUS_RUNNING }) {
			return r, w, uploaded, run
		}
	}
	require.FailNow(l.t, "no run was caught in "+activity)
	return nil, window.Window{}, nil, nil
}
