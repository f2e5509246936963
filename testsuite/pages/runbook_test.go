//go:build chromium

package pages

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack/fakegcs"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// Whatever the runbook says to paste, Temporal's UI takes and the workflows understand.
func TestRunbookInTheUI(t *testing.T) {
	o := takeUp(t)
	first := o.next(t, workflows.HourlyTracks, "")
	o.ends(first, o.begin(first))
	o.mistypes()
	o.steersDedups()
	o.steersABackfill()
	o.steersAReload()
	for _, p := range o.starts() {
		run := o.begin(p)
		if p.kind == workflows.DedupTracks && p.json == "{}" {
			o.waitsForApproval()
			require.NoError(t, o.Temporal.CancelWorkflow(o.ctx, run.GetID(), run.GetRunID()))
			continue
		}
		o.ends(p, run)
	}
	assert.Empty(t, o.left, "these were never tried")
}

// ends waits for a run, which may fail of the data that the test has, and of nothing
// that somebody typed.
func (o *onCall) ends(p pasted, run client.WorkflowRun) {
	o.t.Helper()
	switch err := run.Get(o.ctx, nil); {
	case p.json == `{"rollback": "ID"}`: // which no dedup has
		o.failed(err, contract.ErrSnapshotGone)
	case p.kind == workflows.CheckTracks: // one hour of the last week is there
		o.failed(err, contract.ErrTestsFailed)
	case p.kind == workflows.KeysVerify: // it comes upon the excess rows
		o.failed(err, contract.ErrKeysDrift)
	default:
		assert.NoError(o.t, err, "%s %s", p.kind, p.json)
	}
}

// mistypes gives a field a name that does not exist. The run fails at once and its page
// says why.
func (o *onCall) mistypes() {
	p := pasted{id: "reload", queue: "posthog-tracks", kind: workflows.ReloadWindows, json: `{"window": ["2026-06-12T10"]}`}
	run := o.begin(p)
	require.Error(o.t, run.Get(o.ctx, nil))
	o.open(p.id, run.GetRunID())
	o.says("main", `unknown field "window"`)
	o.picture("mistyped")
}

// steersDedups plans three dedups: one that is refused, one that is taken back and one
// that is kept.
func (o *onCall) steersDedups() {
	o.seedExcess()
	plan := o.next(o.t, workflows.DedupTracks, "")
	run := o.begin(plan)
	o.waitsForApproval()
	wrong := o.next(o.t, workflows.DedupTracks, workflows.ApproveUpdate)
	approve := wrong
	wrong.json = `{"excess": 1}`
	o.update(run.GetRunID(), wrong)
	o.says(dialog, "is not what is planned")
	o.picture("refused")
	o.updates(run, o.next(o.t, workflows.DedupTracks, workflows.RejectUpdate))
	require.NoError(o.t, run.Get(o.ctx, nil))

	for _, end := range []string{workflows.RollbackUpdate, workflows.ReleaseUpdate} {
		run := o.again(plan)
		o.waitsForApproval()
		o.updates(run, approve)
		o.eventually("the dedup is done", func() bool {
			var at workflows.DedupResult
			return o.progress(plan.id, &at) && at.State == workflows.DedupApplied
		})
		o.updates(run, o.next(o.t, workflows.DedupTracks, end))
		require.NoError(o.t, run.Get(o.ctx, nil))
		if end == workflows.RollbackUpdate {
			assert.Equal(o.t, "1234", o.excess(), "the rows are back")
		}
	}
	assert.Equal(o.t, "0", o.excess())
	o.seedExcess() // for the plans that follow
}

// steersABackfill has two days fail, whose rows are not those of the plan any more. While
// somebody else holds the lock, a backfill stands at the day it is at.
func (o *onCall) steersABackfill() {
	dry := o.next(o.t, workflows.BackfillTracks, "")
	o.ends(dry, o.begin(dry))
	release := o.holdLock()
	p := o.next(o.t, workflows.BackfillTracks, "")
	run := o.begin(p)
	o.eventually("a day waits for its turn", func() bool {
		var at workflows.BackfillProgress
		return o.progress(p.id, &at) && at.Day != ""
	})
	pause := o.next(o.t, workflows.BackfillTracks, workflows.PauseUpdate)
	o.updates(run, pause)
	//nolint:unqueryvet // a copy has them all
	o.change(`INSERT INTO posthog.backfill_tracks SELECT * REPLACE (event_id || 'x' AS event_id)
		FROM posthog.backfill_tracks WHERE event_id IS NOT NULL AND CAST(created_at AS DATE) IN ('2025-05-07', '2025-05-08')`)
	release()
	o.failedDays(p.id, 1)
	release = o.holdLock()
	o.updates(run, o.next(o.t, workflows.BackfillTracks, workflows.ResumeUpdate))
	require.NoError(o.t, o.tell(run, workflows.PauseUpdate, workflows.Because{Reason: "again"}))
	release()
	o.failedDays(p.id, 2)
	o.updates(run, o.next(o.t, workflows.BackfillTracks, workflows.RetryUpdate))
	o.failedDays(p.id, 1)
	o.updates(run, o.next(o.t, workflows.BackfillTracks, workflows.RetryUpdate))
	o.failedDays(p.id, 0)
	o.change(`DELETE FROM posthog.backfill_tracks WHERE event_id LIKE '%x'`)
	require.NoError(o.t, o.tell(run, workflows.ResumeUpdate))
	require.NoError(o.t, run.Get(o.ctx, nil))
}

// steersAReload reloads two hours, one of which is running already, while the bucket
// does not answer.
func (o *onCall) steersAReload() {
	silent := o.Stack.Storage.Faults.Inject(fakegcs.Fault{On: fakegcs.List, Effect: fakegcs.Delay(time.Hour)})
	hour := o.again(pasted{id: harness.RunID(tenth(o.t)), queue: "posthog-tracks", kind: workflows.HourlyTracks, json: `{"window": "2026-06-12T10"}`})
	o.eventually("the bucket is asked", func() bool { return silent.Hits() > 0 })
	p := o.exactly(o.t, workflows.ReloadWindows, `{"windows": ["2026-06-12T10", "2026-06-12T14"]}`)
	run := o.begin(p)
	o.eventually("an hour waits for another run of it", func() bool {
		var at workflows.ReloadProgress
		return o.progress(p.id, &at) && len(at.Running) == 2
	})
	for _, update := range []string{workflows.PauseUpdate, workflows.ResumeUpdate, workflows.ConcurrencyUpdate, workflows.SkipUpdate} {
		o.updates(run, o.next(o.t, workflows.ReloadWindows, update))
	}
	for _, run := range []client.WorkflowRun{run, hour} {
		require.NoError(o.t, o.Temporal.CancelWorkflow(o.ctx, run.GetID(), run.GetRunID()))
	}
	o.Stack.Storage.Faults.Clear()
	o.eventually("both have ended", func() bool { return !o.running(run) && !o.running(hour) })
}
