package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/keys"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// change runs a statement on the warehouse, in its own SQL, that the product never
// would. Nobody else may have DuckDB's file open.
func (l *lab) change(statement string) {
	l.t.Helper()
	if l.BigQuery == nil {
		l.killWorker() // it may not have come as far as to listen to anything gentler
		defer l.startWorker()
	}
	require.NoError(l.t, l.Change(l.ctx, statement))
}

// keyRows is tracks_keys, a key a line.
func (l *lab) keyRows() []string {
	l.t.Helper()
	return l.rows(`SELECT * FROM posthog.tracks_keys ORDER BY event_id`)
}

func (l *lab) rebuildKeys(in workflows.KeysRebuildInput) client.WorkflowRun {
	l.t.Helper()
	run, err := l.Temporal.ExecuteWorkflow(l.ctx, client.StartWorkflowOptions{
		ID: workflows.KeysRebuildID, TaskQueue: "posthog-tracks", WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, workflows.KeysRebuild, in)
	require.NoError(l.t, err)
	return run
}

// Keys that are lost are built again as they were, whatever is killed meanwhile.
func TestKeysAreRebuiltThroughKills(t *testing.T) {
	t.Parallel()
	open(t).keysThroughKills(killsWanted)
}

// loseKeys loads three hours and removes their keys, which it returns.
func (l *lab) loseKeys() []string {
	l.t.Helper()
	for day := range 3 { // a slice has whole days on BigQuery
		w := hour(l.t, 24*day)
		l.upload(w, ordinary(uint64(day)))
		l.load(w)
	}
	lost := l.keyRows()
	require.NotEmpty(l.t, lost)
	l.change(`DELETE FROM posthog.tracks_keys WHERE TRUE`)
	return lost
}

// keysThroughKills loses all keys and has them built again, until so many workers
// were killed, some in each activity.
func (l *lab) keysThroughKills(kills int) {
	l.t.Helper()
	want := l.loseKeys()
	later := hour(l.t, 49)
	l.upload(later, ordinary(9))
	refused := l.start(workflows.HourlyInput{Window: later})
	failure := l.fails(refused, contract.ErrKeysMissing)
	require.ErrorContains(l.t, failure, "starter keys rebuild")

	r := newReaper(l, func() []string { return []string{harness.Writer} })
	for r.lacks(kills, ofARebuild) {
		run := l.rebuildKeys(workflows.KeysRebuildInput{SliceRows: 20})
		over := func() bool { return l.status(run) != enums.WORKFLOW_EXECUTION_STATUS_RUNNING }
		r.huntInTurn(kills, []string{contract.PlanKeys, contract.BuildKeys, contract.BuildKeys, contract.SwapKeys}, over)
		var rebuilt keys.Rebuilt
		require.NoError(l.t, run.Get(l.ctx, &rebuilt))
		assert.Equal(l.t, int64(len(want)), rebuilt.Keys)
		assert.Zero(l.t, rebuilt.Duplicates)
		assert.Greater(l.t, rebuilt.Slices, 3)
		assert.Equal(l.t, want, l.keyRows())
	}
	r.report()
	for _, activity := range ofARebuild {
		assert.Positive(l.t, r.hits[activity], activity)
	}
	l.load(later)
	l.prove()
}

// ofARebuild are the activities that every rebuild of the keys runs.
var ofARebuild = []string{contract.PlanKeys, contract.BuildKeys, contract.SwapKeys}

// A rebuild that is cancelled in the middle of any activity leaves tracks as it was and
// either no key or all of them, and the next one goes through.
func TestCancelledKeysRebuild(t *testing.T) {
	t.Parallel()
	open(t).cancelRebuilds()
}

func (l *lab) cancelRebuilds() {
	l.t.Helper()
	want, tracks := l.loseKeys(), l.whole("tracks")
	r := newReaper(l, func() []string { return []string{harness.Writer} })
	for _, activity := range ofARebuild {
		run := r.caughtRun(activity, func() client.WorkflowRun {
			l.change(`DELETE FROM posthog.tracks_keys WHERE TRUE`)
			return l.rebuildKeys(workflows.KeysRebuildInput{SliceRows: 20})
		})
		l.cancel(run)
		r.thaw()
		status, held := l.ends(run), l.keyRows()
		l.t.Logf("cancelled in %s: %s with %d of %d keys", activity, status, len(held), len(want))
		assert.False(l.t, l.running(harness.Writer), "the lock is not free")
		assert.Equal(l.t, tracks, l.whole("tracks"), activity)
		if len(held) > 0 {
			assert.Equal(l.t, contract.SwapKeys, activity, "too early for keys")
			assert.Equal(l.t, want, held)
		} else {
			assert.Equal(l.t, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, status, activity)
		}
	}
	require.NoError(l.t, l.rebuildKeys(workflows.KeysRebuildInput{SliceRows: 20}).Get(l.ctx, nil))
	assert.Equal(l.t, want, l.keyRows())
	l.prove()
}

// A rebuild that is terminated half done keeps merges out until it has gone on, and
// the next run goes on with it.
func TestHalfARebuildKeepsMergesOut(t *testing.T) {
	t.Parallel()
	l := open(t)
	for _, w := range harness.Hours(hour(t, 0), 2) {
		l.upload(w, ordinary(1))
	}
	l.load(hour(t, 0))
	want := l.keyRows()
	run := l.rebuildKeys(workflows.KeysRebuildInput{SliceRows: 50})
	r := newReaper(l, func() []string { return []string{harness.Writer} })
	require.True(t, r.catch(contract.BuildKeys, func() bool { return l.status(run) != enums.WORKFLOW_EXECUTION_STATUS_RUNNING }))
	require.NoError(t, l.Temporal.TerminateWorkflow(l.ctx, run.GetID(), run.GetRunID(), "by a test"))
	require.NoError(t, l.Temporal.TerminateWorkflow(l.ctx, harness.Writer, "", "by a test"))
	r.thaw()

	failure := l.fails(l.start(workflows.HourlyInput{Window: hour(t, 1)}), contract.ErrKeysMissing)
	require.ErrorContains(t, failure, "half done")
	var rebuilt keys.Rebuilt
	require.NoError(t, l.rebuildKeys(workflows.KeysRebuildInput{}).Get(l.ctx, &rebuilt))
	assert.Equal(t, run.GetRunID(), rebuilt.RebuildID, "the same rebuild")
	assert.Equal(t, want, l.keyRows())
	l.load(hour(t, 1))
	l.prove()
}

func TestKeysOnTheCommandLine(t *testing.T) {
	t.Parallel()
	l := open(t)
	l.upload(hour(t, 0), ordinary(1))
	l.load(hour(t, 0))
	said, err := l.Starter(l.ctx, "keys", "verify")
	require.NoError(t, err)
	assert.Contains(t, said, "no difference")

	l.change(`DELETE FROM posthog.tracks_keys WHERE event_id = (SELECT MIN(event_id) FROM posthog.tracks_keys)`)
	said, err = l.Starter(l.ctx, "keys", "verify")
	assert.Equal(t, 3, exitCode(err))
	assert.Contains(t, said, "differs 2026-06-1")
	assert.Contains(t, said, "1 rows, 0 keys")

	l.change(`INSERT INTO posthog.tracks SELECT * FROM posthog.tracks LIMIT 2`)
	said, err = l.Starter(l.ctx, "keys", "rebuild", "--slice-rows", "100")
	require.NoError(t, err)
	assert.Contains(t, said, "+ 2 duplicates")
	assert.Contains(t, said, "more than one row: ")

	said, err = l.Starter(l.ctx, "keys", "verify", "--json")
	assert.Equal(t, 3, exitCode(err), "duplicates are a difference")
	var drift keys.Drift
	require.NoError(t, json.NewDecoder(strings.NewReader(said)).Decode(&drift))
	assert.Equal(t, drift.Rows, drift.Keys+2)
}
