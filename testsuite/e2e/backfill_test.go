package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	inheritance "github.com/posthog-tracks/posthog-tracks/testsuite/legacy"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

const (
	legacyDays   = 30
	legacyEvents = 300
)

// legacyCounts are what becomes of the rows of the inherited history.
var legacyCounts = ledger.Backfilled{
	Read:     legacyDays * (legacyEvents + 30 + 15 + 6 + 3 + 3),
	Inserted: legacyDays * legacyEvents, Duplicate: legacyDays * (30 + 15), Collided: legacyDays * 6, Rejected: legacyDays * (3 + 3),
}

// inherited opens a lab whose warehouse has legacy history.
func inherited(t *testing.T, days int) *lab {
	t.Helper()
	l := open(t)
	require.NoError(t, l.worker.Stop())
	require.NoError(t, inheritance.Inherit(l.ctx, l.WarehouseFile, days, legacyEvents))
	l.startWorker()
	return l
}

// withAnHour has one hour loaded, so that all laws have something to say.
func (l *lab) withAnHour() *lab {
	l.t.Helper()
	l.upload(hour(l.t, 0), ordinary(1))
	l.load(hour(l.t, 0))
	return l
}

func really() workflows.BackfillInput {
	no := false
	return workflows.BackfillInput{DryRun: &no}
}

// counted is a result without the bytes.
func counted(r ledger.Backfilled) ledger.Backfilled {
	r.Bytes = 0
	return r
}

func TestBackfill(t *testing.T) {
	t.Parallel()
	l := inherited(t, legacyDays)
	var dry, done, again workflows.BackfillResult
	l.command(&dry, "backfill")
	assert.True(t, dry.DryRun)
	assert.Equal(t, legacyCounts, counted(dry.Rows))
	assert.Greater(t, dry.Rows.Bytes, int64(legacyDays*legacyEvents*400))
	assert.Equal(t, []string{"0"}, l.rows(`SELECT COUNT(*) FROM posthog.tracks`), "a dry run writes nothing")

	// An hour that comes in the middle gets its turn before the backfill is over.
	w := hour(t, 0)
	uploaded := l.upload(w, ordinary(1))
	run := l.oneOff(workflows.BackfillID, workflows.BackfillTracks, really())
	l.eventually("the backfill is under way", func() bool { return l.backfilledDays(run.GetID()) > 0 })
	l.load(w)
	assert.Less(t, l.backfilledDays(run.GetID()), legacyDays, "the hour waited for the whole backfill")
	var result workflows.BackfillResult
	require.NoError(t, run.Get(l.ctx, &result))
	assert.Equal(t, dry.Rows, result.Rows, "the dry run said otherwise")
	assert.Equal(t, legacyDays+3+1, result.Done, "three days more for the re-deliveries, and the undated")
	l.prove()
	assert.Len(t, l.rows(`SELECT event_id FROM posthog.tracks`), len(uploaded.Events())+legacyDays*legacyEvents)
	assert.Equal(t, []string{"version 0|7650", "version 1|900", "version 2|450"},
		l.rows(`SELECT person_id, COUNT(*) FROM posthog.tracks WHERE created_at < TIMESTAMPTZ '2026-01-01' GROUP BY 1 ORDER BY 1`))

	l.command(&done, "backfill", "--dry-run=false")
	assert.Equal(t, legacyDays+4, done.DoneBefore)
	assert.Zero(t, done.Planned)
	before, err := l.Contents(l.ctx)
	require.NoError(t, err)
	l.command(&again, "backfill", "--dry-run=false", "--again", "--from", "2025-05-04", "--to", "2025-05-05")
	assert.Equal(t, 2, again.Done)
	assert.Zero(t, again.Rows.Inserted)
	after, err := l.Contents(l.ctx)
	require.NoError(t, err)
	assert.Len(t, before.Compare(after), 2, "two lines more in the ledger, and nothing else")
	said, err := l.Starter(l.ctx, "backfill", "--day", "2024-01-01")
	require.Error(t, err)
	assert.Contains(t, said, contract.ErrInvalidInput)
	said, err = l.Starter(l.ctx, "backfill", "--day", "yesterday")
	require.Error(t, err)
	assert.Equal(t, 2, exitCode(err), said)
}

// backfilledDays is how many days are done, by the progress query.
func (l *lab) backfilledDays(id string) int {
	l.t.Helper()
	progress, _ := l.backfilling(id)
	return progress.Done
}

// A backfill under kills, with an hour in the middle, ends in the same tables as one
// that was left alone.
func TestBackfillSurvivesKills(t *testing.T) {
	t.Parallel()
	calm := inherited(t, legacyDays).withAnHour()
	require.NoError(t, calm.oneOff(workflows.BackfillID, workflows.BackfillTracks, really()).Get(calm.ctx, nil))
	want, err := calm.Contents(calm.ctx)
	require.NoError(t, err)

	l := inherited(t, legacyDays)
	l.upload(hour(t, 0), ordinary(1))
	result := l.backfillThroughKills(killsWanted)
	assert.Equal(t, legacyCounts, counted(result.Rows))
	l.prove()
	got, err := l.Contents(l.ctx)
	require.NoError(t, err)
	assert.Empty(t, slices.DeleteFunc(want, isBooking).Compare(slices.DeleteFunc(got, isBooking)))
}

// isBooking tells the lines of the backfill's ledger, which has one more for each time
// that a day was done.
func isBooking(line string) bool { return strings.HasPrefix(line, "backfill_ledger ") }

// backfillThroughKills takes the legacy history in while workers are killed, and hour
// 0 after a third of the kills. Days that are left when there were too few are done
// once more. It returns what the first backfill did.
func (l *lab) backfillThroughKills(kills int) (first workflows.BackfillResult) {
	l.t.Helper()
	w := hour(l.t, 0)
	r := newReaper(l, func() []string { return []string{workflows.BackfillID, harness.Writer, harness.RunID(w)} })
	var loaded client.WorkflowRun
	in := really()
	for runs := 0; runs == 0 || r.kills < kills; runs++ {
		run := l.oneOff(workflows.BackfillID, workflows.BackfillTracks, in)
		over := func() bool { return l.status(run) != enums.WORKFLOW_EXECUTION_STATUS_RUNNING }
		for r.kills < kills && !over() {
			if loaded == nil && r.kills >= kills/3 {
				loaded = l.start(workflows.HourlyInput{Window: w})
			}
			target := contract.BackfillDay
			if r.hits[contract.PlanBackfill] == 0 {
				target = contract.PlanBackfill
			}
			r.hunt(target, func() bool { return over() || target == contract.PlanBackfill && l.backfilledDays(run.GetID()) > 0 })
		}
		var result workflows.BackfillResult
		require.NoError(l.t, run.Get(l.ctx, &result))
		if runs == 0 {
			first = result
		} else {
			assert.Zero(l.t, result.Rows.Inserted, "a day is not taken in twice")
		}
		in.Again = true
	}
	l.result(loaded)
	r.report()
	assert.GreaterOrEqual(l.t, r.kills, kills)
	return first
}

// backfilling is how far a backfill is; ok is false when it does not answer.
func (l *lab) backfilling(id string) (progress workflows.BackfillProgress, ok bool) {
	l.t.Helper()
	answer, err := l.Temporal.QueryWorkflow(l.ctx, id, "", workflows.ProgressQuery)
	if err != nil {
		return progress, false
	}
	require.NoError(l.t, answer.Get(&progress))
	return progress, true
}

// A backfill is paused, goes on, meets a day whose rows are not those of the plan, and
// tries it again once that is mended.
func TestSteeredBackfill(t *testing.T) {
	t.Parallel()
	l := inherited(t, 12).withAnHour()
	run := l.oneOff(workflows.BackfillID, workflows.BackfillTracks, really())
	pause := func() workflows.BackfillProgress {
		require.NoError(t, l.update(run, workflows.PauseUpdate, workflows.Because{Reason: "a test"}))
		var at workflows.BackfillProgress
		l.eventually("no day is under way", func() bool {
			var ok bool
			at, ok = l.backfilling(run.GetID())
			return ok && at.Day == "" && !l.running(harness.Writer)
		})
		return at
	}
	l.eventually("it is under way", func() bool { return l.backfilledDays(run.GetID()) > 1 })
	paused := pause()
	require.Greater(t, len(paused.Todo), 4, "there is something left")
	day := paused.Todo[0].Day
	l.change(`INSERT INTO posthog.backfill_tracks SELECT * REPLACE (CAST(uuid() AS VARCHAR) AS event_id)
		FROM posthog.backfill_tracks WHERE CAST(created_at AS DATE) = '` + string(day) + `' LIMIT 1`)
	now, ok := l.backfilling(run.GetID())
	require.True(t, ok)
	assert.Equal(t, paused.Done, now.Done, "nothing begins while it is paused")

	require.NoError(t, l.update(run, workflows.ResumeUpdate))
	l.eventually("the day has failed", func() bool {
		now, ok := l.backfilling(run.GetID())
		return ok && len(now.Failed) == 1
	})
	failed := pause().Failed
	assert.Equal(t, day, failed[0].Day)
	assert.Equal(t, contract.ErrSourceMoved, failed[0].Type)
	l.change(`DELETE FROM posthog.backfill_tracks WHERE event_id NOT LIKE '0196%'`)
	require.Error(t, l.update(run, workflows.RetryUpdate, workflows.Retry{Days: []window.Day{"2020-01-01"}}), "that day has not failed")
	require.NoError(t, l.update(run, workflows.RetryUpdate, workflows.Retry{}))
	require.NoError(t, l.update(run, workflows.ResumeUpdate))
	var result workflows.BackfillResult
	require.NoError(t, run.Get(l.ctx, &result))
	assert.Empty(t, result.Failed)
	assert.Equal(t, int64(12*legacyEvents), result.Rows.Inserted)
	l.prove()
}

// A backfill that is cancelled in the middle of any activity leaves whole days behind,
// and the next goes on with the others.
func TestCancelledBackfill(t *testing.T) {
	t.Parallel()
	inherited(t, 8).withAnHour().cancelBackfills(8*legacyEvents, 12)
}

// cancelBackfills cancels backfills of so many events, which lie on so many days.
func (l *lab) cancelBackfills(events, days int) {
	l.t.Helper()
	cancelled := 0
	for _, activity := range []string{contract.PlanBackfill, contract.BackfillDay, anyActivity, contract.BackfillDay} {
		run := l.oneOff(workflows.BackfillID, workflows.BackfillTracks, really())
		r := newReaper(l, func() []string { return []string{workflows.BackfillID, harness.Writer} })
		done := func() bool { return l.status(run) != enums.WORKFLOW_EXECUTION_STATUS_RUNNING }
		caught := r.catch(activity, func() bool {
			return done() || activity == contract.PlanBackfill && l.backfilledDays(run.GetID()) > 0
		})
		if done() {
			break // everything
		}
		l.cancel(run)
		cancelled++
		if caught {
			r.thaw()
		}
		l.ends(run)
		assert.False(l.t, l.running(harness.Writer), "the lock is not free")
		l.prove()
		booked := l.rows(`SELECT day, rows_inserted FROM posthog.backfill_ledger ORDER BY 1`)
		held := l.rows(`SELECT COUNT(*) FROM posthog.tracks`)
		l.t.Logf("cancelled in %s: %d days booked, %s events", activity, len(booked), held[0])
	}
	assert.Positive(l.t, cancelled, "all days were done before a cancel")
	require.NoError(l.t, l.oneOff(workflows.BackfillID, workflows.BackfillTracks, really()).Get(l.ctx, nil))
	l.prove()
	assert.Equal(l.t, []string{strconv.Itoa(events)}, l.rows(`SELECT COUNT(*) FROM posthog.tracks WHERE created_at < TIMESTAMPTZ '2026-01-01'`))
	assert.Equal(l.t, []string{fmt.Sprintf("%d|%d", days, days)}, l.rows(`SELECT COUNT(*), COUNT(DISTINCT day) FROM posthog.backfill_ledger`), "no day is done twice")
}
