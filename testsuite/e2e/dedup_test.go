package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// seed puts duplicates of every cause into tracks, as older tools left them: each
// statement copies the rows of some events.
var seed = []string{
	`INSERT INTO posthog.tracks SELECT * REPLACE (created_at + INTERVAL 1 SECOND AS created_at, 'later' AS person_id,
		bq_ingested_timestamp + INTERVAL 1 DAY AS bq_ingested_timestamp) FROM posthog.tracks WHERE hash(event_id) % 8 = 0`,
	`INSERT INTO posthog.tracks SELECT * REPLACE (created_at + INTERVAL 30 DAY AS created_at,
		event_inserted_at + INTERVAL 30 DAY AS event_inserted_at) FROM posthog.tracks WHERE hash(event_id) % 8 = 1`,
	`INSERT INTO posthog.tracks SELECT * REPLACE (created_at - INTERVAL 1 HOUR AS created_at, NULL AS event_inserted_at,
		NULL AS bq_ingested_timestamp) FROM posthog.tracks WHERE hash(event_id) % 8 = 2`,
	`INSERT INTO posthog.tracks SELECT * FROM posthog.tracks WHERE hash(event_id) % 8 = 3`,
	`INSERT INTO posthog.tracks SELECT * REPLACE ('another event' AS event_name,
		event_inserted_at + INTERVAL 1 HOUR AS event_inserted_at) FROM posthog.tracks WHERE hash(event_id) % 8 = 4`,
	`ALTER TABLE posthog.tracks ALTER event_id DROP NOT NULL`,
	`INSERT INTO posthog.tracks SELECT * REPLACE (NULL AS event_id) FROM posthog.tracks WHERE hash(event_id) % 32 = 5`,
}

// seedOfBigQuery does the same in BigQuery's SQL.
var seedOfBigQuery = []string{
	`INSERT INTO posthog.tracks SELECT * REPLACE (TIMESTAMP_ADD(created_at, INTERVAL 1 SECOND) AS created_at, 'later' AS person_id,
		TIMESTAMP_ADD(bq_ingested_timestamp, INTERVAL 1 DAY) AS bq_ingested_timestamp)
		FROM posthog.tracks WHERE MOD(ABS(FARM_FINGERPRINT(event_id)), 8) = 0`,
	`INSERT INTO posthog.tracks SELECT * REPLACE (TIMESTAMP_ADD(created_at, INTERVAL 30 DAY) AS created_at,
		TIMESTAMP_ADD(event_inserted_at, INTERVAL 30 DAY) AS event_inserted_at)
		FROM posthog.tracks WHERE MOD(ABS(FARM_FINGERPRINT(event_id)), 8) = 1`,
	`INSERT INTO posthog.tracks SELECT * REPLACE (TIMESTAMP_SUB(created_at, INTERVAL 1 HOUR) AS created_at,
		CAST(NULL AS TIMESTAMP) AS event_inserted_at, CAST(NULL AS TIMESTAMP) AS bq_ingested_timestamp)
		FROM posthog.tracks WHERE MOD(ABS(FARM_FINGERPRINT(event_id)), 8) = 2`,
	`INSERT INTO posthog.tracks SELECT * FROM posthog.tracks WHERE MOD(ABS(FARM_FINGERPRINT(event_id)), 8) = 3`,
	`INSERT INTO posthog.tracks SELECT * REPLACE ('another event' AS event_name,
		TIMESTAMP_ADD(event_inserted_at, INTERVAL 1 HOUR) AS event_inserted_at)
		FROM posthog.tracks WHERE MOD(ABS(FARM_FINGERPRINT(event_id)), 8) = 4`,
	`INSERT INTO posthog.tracks SELECT * REPLACE (CAST(NULL AS STRING) AS event_id)
		FROM posthog.tracks WHERE MOD(ABS(FARM_FINGERPRINT(event_id)), 32) = 5`,
}

// openSeeded is a rig with two merged hours and duplicates of every cause.
func openSeeded(t *testing.T, change ...func(*harness.Options)) *lab {
	t.Helper()
	l := open(t, change...)
	for i, w := range harness.Hours(hour(t, 0), 2) {
		l.upload(w, exportOf(i))
		l.load(w)
	}
	statements := seed
	if l.BigQuery != nil {
		statements = seedOfBigQuery
	}
	for _, statement := range statements {
		l.change(statement)
	}
	return l
}

// whole is every row of a table, sorted.
func (l *lab) whole(table string) string {
	l.t.Helper()
	return strings.Join(l.rows(`SELECT * FROM posthog.%s ORDER BY ALL`, table), "\n")
}

// places are the keys, without when their content was last seen: a rollback forgets
// no delivery, so that may be newer than it was before the dedup.
func (l *lab) places() string {
	l.t.Helper()
	return strings.Join(l.rows(`SELECT event_id, bucket, created_at, row_ingested_at, content_hash, identity_hash
		FROM posthog.tracks_keys ORDER BY ALL`), "\n")
}

// forgotten are the events of which keys knew a newer delivery when they were copied
// to keys_before.
func (l *lab) forgotten() []string {
	l.t.Helper()
	return l.rows(`SELECT k.event_id FROM posthog.keys_before AS b JOIN posthog.tracks_keys AS k USING (event_id)
		WHERE k.event_inserted_at IS NULL AND b.event_inserted_at IS NOT NULL OR k.event_inserted_at < b.event_inserted_at`)
}

// unique checks that every event has one row and one key.
func (l *lab) unique() {
	l.t.Helper()
	assert.Equal(l.t, []string{"0"}, l.rows(`SELECT COUNT(*) - COUNT(DISTINCT event_id) FROM posthog.tracks`))
	stamped := "k.row_ingested_at IS NOT DISTINCT FROM t.bq_ingested_timestamp"
	if l.BigQuery != nil {
		stamped = "TRUE" // its keys do not have it
	}
	assert.Empty(l.t, l.rows(`SELECT 1 FROM posthog.tracks AS t FULL JOIN posthog.tracks_keys AS k
		ON k.event_id = t.event_id AND k.created_at = t.created_at AND %s
		WHERE t.event_id IS NULL OR k.event_id IS NULL`, stamped))
}

// snapshots are the copies of tracks: files beside DuckDB's, tables of BigQuery's.
func (l *lab) snapshots() []string {
	l.t.Helper()
	if l.BigQuery != nil {
		rows, err := l.OnBigQuery(l.ctx, `SELECT table_name FROM posthog.INFORMATION_SCHEMA.TABLES WHERE table_name LIKE 'tracks_before_dedup_%'`)
		require.NoError(l.t, err)
		names := make([]string, len(rows))
		for i, row := range rows {
			names[i] = row[0]
		}
		return names
	}
	found, err := filepath.Glob(l.WarehouseFile + ".before-dedup-*")
	require.NoError(l.t, err)
	return found
}

// dedupState asks the run how far it is; empty when it does not answer.
func (l *lab) dedupState() (state workflows.DedupResult) {
	answer, err := l.Temporal.QueryWorkflow(l.ctx, workflows.DedupID, "", workflows.ProgressQuery)
	if err == nil {
		err = answer.Get(&state)
	}
	require.NoError(l.t, l.ctx.Err())
	if err != nil {
		return workflows.DedupResult{}
	}
	return state
}

// reaches waits until the dedup has come this far.
func (l *lab) reaches(state workflows.DedupState) workflows.DedupResult {
	l.t.Helper()
	l.eventually("the dedup is "+string(state), func() bool { return l.dedupState().State == state })
	return l.dedupState()
}

// tell sends an update that must be accepted, and does not wait for its answer.
func (l *lab) tell(update string, input any) {
	l.t.Helper()
	_, err := l.Temporal.UpdateWorkflow(l.ctx, client.UpdateWorkflowOptions{
		WorkflowID: workflows.DedupID, UpdateName: update, Args: []any{input}, WaitForStage: client.WorkflowUpdateStageAccepted,
	})
	require.NoError(l.t, err)
}

// A dedup by the command line: planned, refused, approved, taken back, done again.
func TestDedup(t *testing.T) {
	t.Parallel()
	l := openSeeded(t)
	tracks, keys := l.whole("tracks"), l.places()
	l.change(`CREATE TABLE posthog.keys_before AS SELECT * FROM posthog.tracks_keys`)

	var planned, done, again workflows.DedupResult
	l.command(&planned, "dedup", "plan")
	assert.Equal(t, workflows.DedupPlanned, planned.State)
	excess := planned.Plan.Excess
	for cause, rows := range map[string]int64{
		"the same day": excess.SameDay, "across days": excess.AcrossDays, "the backfill": excess.Backfill,
		"a double run": excess.DoubleRun, "collisions": excess.Collided, "no key": excess.NoKey,
	} {
		assert.Positive(t, rows, cause)
	}
	assert.Equal(t, tracks, l.whole("tracks"), "a plan changes nothing")
	said, err := l.Starter(l.ctx, "dedup", "approve", "--excess", "1")
	require.Error(t, err)
	assert.Contains(t, said, "is not what is planned")

	l.command(&done, "dedup", "approve", "--excess", strconv.FormatInt(excess.Total(), 10))
	assert.Equal(t, workflows.DedupApplied, done.State)
	l.unique()
	l.prove()
	assert.Len(t, l.snapshots(), 1)
	after := l.whole("tracks")
	said, err = l.Starter(l.ctx, "dedup", "status")
	require.NoError(t, err)
	assert.Contains(t, said, "it can be taken back until")

	said, err = l.Starter(l.ctx, "dedup", "rollback", "--reason", "to try it")
	require.NoError(t, err, said)
	assert.Equal(t, tracks, l.whole("tracks"), "bit for bit")
	assert.Equal(t, keys, l.places())
	assert.Empty(t, l.forgotten())
	l.eventually("the run ends", func() bool { return !l.running(workflows.DedupID) })
	assert.Empty(t, l.snapshots())

	l.command(&again, "dedup", "plan")
	assert.Equal(t, excess, again.Plan.Excess)
	l.command(&done, "dedup", "approve", "--excess", strconv.FormatInt(excess.Total(), 10))
	assert.Equal(t, after, l.whole("tracks"))
	said, err = l.Starter(l.ctx, "dedup", "release", "--reason", "it is good")
	require.NoError(t, err, said)
	l.eventually("the snapshot is dropped", func() bool { return len(l.snapshots()) == 0 })
	w := hour(t, 2)
	l.upload(w, exportOf(2))
	l.load(w)
	l.unique()
	l.prove()
}

// ofADedup are the activities that every dedup and its rollback run under the lock, in
// order: the last is the rollback's.
var ofADedup = []string{
	contract.SnapshotTracks, contract.ApplyDedup, contract.VerifyDedup, contract.RollbackDedup,
}

// Whatever a dedup and its rollback are killed in, they end in the same tables.
func TestDedupSurvivesKills(t *testing.T) {
	t.Parallel()
	l := openSeeded(t)
	l.dedupThroughKills(killsWanted)
	left, err := os.ReadDir(filepath.Dir(l.WarehouseFile))
	require.NoError(t, err)
	for _, file := range left {
		assert.NotContains(t, file.Name(), ".part", "what a killed copy left")
	}
}

// dedupThroughKills removes duplicates and puts them back, again and again: first in
// calm, and then until so many workers were killed, some in each activity.
func (l *lab) dedupThroughKills(kills int) {
	l.t.Helper()
	before := l.whole("tracks")
	var want, wantKeys string
	r := newReaper(l, func() []string { return []string{workflows.DedupID, harness.Writer} })
	until := func(state workflows.DedupState, activities []string) {
		over := func() bool { return l.dedupState().State == state }
		r.huntInTurn(kills, activities, over)
		l.reaches(state)
	}
	for cycle := 0; cycle == 0 || r.lacks(kills, ofADedup); cycle++ {
		run := l.oneOff(workflows.DedupID, workflows.DedupTracks, workflows.DedupInput{})
		l.tell(workflows.ApproveUpdate, workflows.Approval{Excess: l.reaches(workflows.DedupPlanned).Plan.Excess.Total()})
		if cycle == 0 { // calm
			l.reaches(workflows.DedupApplied)
			want, wantKeys = l.whole("tracks"), l.whole("tracks_keys")
		} else {
			until(workflows.DedupApplied, ofADedup[:3])
		}
		l.unique()
		assert.Equal(l.t, want, l.whole("tracks"))
		assert.Equal(l.t, wantKeys, l.whole("tracks_keys"))
		l.tell(workflows.RollbackUpdate, workflows.Because{Reason: "to do it again"})
		if cycle > 0 {
			until(workflows.DedupRolledBack, ofADedup[3:])
		}
		require.NoError(l.t, run.Get(l.ctx, nil))
		assert.Equal(l.t, before, l.whole("tracks"))
		assert.Empty(l.t, l.snapshots())
	}
	r.report()
	for _, activity := range ofADedup {
		assert.Positive(l.t, r.hits[activity], activity)
	}
}

// A dedup is cancelled in the middle of each activity: tracks is whole, as before or
// without its excess rows, and the next one goes through.
func TestCancelledDedup(t *testing.T) {
	t.Parallel()
	openSeeded(t).cancelDedups()
}

func (l *lab) cancelDedups() {
	l.t.Helper()
	before := l.whole("tracks")
	r := newReaper(l, func() []string { return []string{workflows.DedupID, harness.Writer} })
	for _, activity := range []string{contract.PlanDedup, contract.SnapshotTracks, contract.ApplyDedup, contract.VerifyDedup} {
		run := l.oneOff(workflows.DedupID, workflows.DedupTracks, workflows.DedupInput{})
		over := func() bool { return l.dedupState().State == workflows.DedupApplied || !l.running(workflows.DedupID) }
		if activity != contract.PlanDedup {
			l.tell(workflows.ApproveUpdate, workflows.Approval{Excess: l.reaches(workflows.DedupPlanned).Plan.Excess.Total()})
		} else {
			over = func() bool { return l.dedupState().State == workflows.DedupPlanned }
		}
		caught := r.catch(activity, over)
		l.cancel(run)
		if caught {
			r.thaw()
		}
		assert.Equal(l.t, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, l.ends(run), activity)
		assert.False(l.t, l.running(harness.Writer))
		l.t.Logf("%s: caught %t, %d snapshots left", activity, caught, len(l.snapshots()))
		if now := l.whole("tracks"); now != before {
			l.unique()
			require.Len(l.t, l.snapshots(), 1)
			var taken workflows.DedupResult
			l.command(&taken, "dedup", "rollback", "--id", l.applied())
			l.eventually("the rollback ends", func() bool { return !l.running(workflows.DedupID) })
		}
		assert.Equal(l.t, before, l.whole("tracks"))
		assert.Empty(l.t, l.snapshots())
	}
}

// applied is the id of the only dedup that was done and not taken back.
func (l *lab) applied() string {
	l.t.Helper()
	const statement = `SELECT dedup_id FROM posthog.tracks_dedups WHERE applied_at IS NOT NULL AND rolled_back_at IS NULL`
	query := l.Query
	if l.BigQuery != nil {
		query = l.OnBigQuery
	}
	rows, err := query(l.ctx, statement)
	require.NoError(l.t, err)
	require.Len(l.t, rows, 1)
	return rows[0][0]
}

// What makes no sense fails at once, and says why.
func TestMistypedDedupFailsAtOnce(t *testing.T) {
	t.Parallel()
	l := open(t)
	for _, input := range []any{map[string]any{"dryRun": true}, map[string]any{"keepHours": "a week"}, []int{1}} {
		err := l.oneOff(workflows.DedupID, workflows.DedupTracks, input).Get(l.ctx, nil)
		require.Error(t, err)
		assert.Regexp(t, `unknown field|cannot unmarshal`, err.Error())
	}
	began := time.Now()
	said, err := l.Starter(l.ctx, "dedup", "rollback", "--id", "nobody")
	require.Error(t, err)
	assert.Contains(t, said, "there is no such dedup")
	assert.Less(t, time.Since(began), time.Minute)
}
