package conformance

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// Deduper is a warehouse under test that can dedup.
type Deduper interface {
	Warehouse
	activities.Deduper
}

// RunDedup puts a warehouse's dedup through its suite. open makes an empty warehouse
// with the default table names and Cutover, whose tracks takes rows without event_id.
func RunDedup(t *testing.T, open func(*testing.T) (Deduper, activities.Area)) {
	t.Helper()
	for name, test := range map[string]func(*dedupLab){
		"plan/of a clean table":                       dedupNothing,
		"plan/counts every cause by day":              dedupPlan,
		"plan/changes nothing":                        dedupPlanOnly,
		"plan/equal rows are one cause":               dedupEqualRows,
		"apply/leaves what the laws say":              dedupApply,
		"apply/ends in the oracle's state":            dedupAsTheOracle,
		"apply/the whole table again":                 dedupWhole,
		"apply/twice is once":                         dedupTwice,
		"apply/NULL inserted_at is the lowest":        dedupOrderNull,
		"apply/the stamp breaks ties":                 dedupOrderStamp,
		"apply/the content breaks ties":               dedupOrderContent,
		"apply/merges go on afterwards":               dedupThenMerge,
		"apply/remembers newer deliveries":            dedupRemembersOrder,
		"apply/without keys builds them":              dedupWithoutKeys,
		"apply/mends stale keys":                      dedupStaleKeys,
		"apply/refuses when tracks has moved":         dedupMoved,
		"apply/refuses other rows than were approved": dedupUnapproved,
		"verify/finds what was changed afterwards":    dedupVerifyFinds,
		"rollback/is bit for bit":                     dedupRollback,
		"rollback/keeps what was merged since":        dedupRollbackKeeps,
		"rollback/refuses what would lose a change":   dedupRollbackRefuses,
		"rollback/refuses while keys are rebuilt":     dedupRollbackWaits,
		"rollback/forgets no delivery":                dedupRollbackRemembers,
		"rollback/of events without keys":             dedupRollbackWithoutKeys,
		"snapshot/can be dropped":                     dedupDropped,
		"snapshot/can be dropped unrecorded":          dedupDroppedUnrecorded,
		"snapshot/of the past is swept":               dedupSwept,
	} {
		t.Run(name, func(t *testing.T) {
			opened := new(Deduper)
			l := newLab(t, func(t *testing.T) (Warehouse, activities.Area) {
				t.Helper()
				var area activities.Area
				*opened, area = open(t)
				return *opened, area
			})
			test(&dedupLab{lab: l, deduper: *opened})
		})
	}
}

// dedupLab puts rows into tracks that no merge of ours would.
type dedupLab struct {
	*lab
	deduper Deduper
}

var plannedDays = []ledger.DedupDay{
	{Day: "2026-06-12", DedupCounts: ledger.DedupCounts{NoKey: 2, Collided: 1, DoubleRun: 2, Backfill: 1, SameDay: 2}},
	{Day: "2026-06-20", DedupCounts: ledger.DedupCounts{AcrossDays: 2}},
}

// order approves the plan.
func (l *dedupLab) order(id string, plan ledger.DedupPlan) ledger.DedupOrder {
	return ledger.DedupOrder{
		ID: id, Run: ledger.Run{WorkflowID: "dedup", RunID: id}, Excess: plan.Excess.Total(), Days: plan.Days,
		OrderedAt: time.Date(2026, 7, 3, 0, 0, len(id), 0, time.UTC), ExpiresAt: time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond),
	}
}

func (l *dedupLab) plan() ledger.DedupPlan {
	l.t.Helper()
	plan, err := l.deduper.PlanDedup(l.t.Context())
	require.NoError(l.t, err)
	return plan
}

// snapshot plans, approves and takes the snapshot.
func (l *dedupLab) snapshot(id string) ledger.DedupOrder {
	l.t.Helper()
	order := l.order(id, l.plan())
	_, err := l.deduper.SnapshotTracks(l.t.Context(), order)
	require.NoError(l.t, err)
	return order
}

// dedup does a whole dedup.
func (l *dedupLab) dedup(id string) (ledger.DedupOrder, ledger.Dedup) {
	l.t.Helper()
	order := l.snapshot(id)
	dedup, err := l.deduper.ApplyDedup(l.t.Context(), order)
	require.NoError(l.t, err)
	require.NoError(l.t, l.deduper.VerifyDedup(l.t.Context(), order))
	l.requireWhole()
	require.Zero(l.t, l.plan().Excess.Total())
	return order, dedup
}

// attempt does all of a dedup, as far as ctx lets it.
func (l *dedupLab) attempt(ctx context.Context, order ledger.DedupOrder) error {
	if _, err := l.deduper.SnapshotTracks(ctx, order); err != nil {
		return err
	}
	if _, err := l.deduper.ApplyDedup(ctx, order); err != nil {
		return err
	}
	return l.deduper.VerifyDedup(ctx, order)
}

func (l *dedupLab) drop(id string) {
	l.t.Helper()
	kept, err := l.deduper.DropSnapshot(l.t.Context(), ledger.DedupOrder{ID: id}, false)
	require.NoError(l.t, err)
	assert.Nil(l.t, kept)
}

// everything is the whole table, sorted.
func (l *dedupLab) everything(table string) []string {
	l.t.Helper()
	rows := l.rows("SELECT * FROM posthog." + table)
	slices.Sort(rows)
	return rows
}

func dedupNothing(l *dedupLab) {
	assert.Equal(l.t, int64(0), l.plan().Rows)
	l.deliver(l.hour(1), event(1), event(2))
	plan := l.plan()
	assert.Equal(l.t, int64(2), plan.Rows)
	assert.Equal(l.t, int64(2), plan.Events)
	assert.Zero(l.t, plan.Excess)
	assert.Empty(l.t, plan.Days)
}

func dedupPlan(l *dedupLab) {
	l.everyCause()
	plan := l.plan()
	assert.Equal(l.t, int64(18), plan.Rows)
	assert.Equal(l.t, int64(8), plan.Events)
	assert.Equal(l.t, int64(6), plan.Repeated)
	assert.Equal(l.t, ledger.DedupCounts{NoKey: 2, Collided: 1, DoubleRun: 2, Backfill: 1, AcrossDays: 2, SameDay: 2}, plan.Excess)
	assert.Equal(l.t, plannedDays, plan.Days)
}

func dedupPlanOnly(l *dedupLab) {
	l.everyCause()
	tracks, keys := l.everything("tracks"), l.everything("tracks_keys")
	l.plan()
	assert.Equal(l.t, tracks, l.everything("tracks"))
	assert.Equal(l.t, keys, l.everything("tracks_keys"))
	assert.Empty(l.t, l.rows(`SELECT reason FROM posthog.merge_rejects`))
}

// dedupEqualRows has rows that nothing tells from each other.
func dedupEqualRows(l *dedupLab) {
	l.deliver(l.hour(1), events(1, 20)...)
	for range 2 {
		l.sabotage(`INSERT INTO posthog.tracks SELECT * FROM posthog.tracks`)
	}
	assert.Equal(l.t, ledger.DedupCounts{DoubleRun: 60}, l.plan().Excess)
	l.dedup("run")
	assert.Len(l.t, l.tracks(), 20)
}

func dedupApply(l *dedupLab) {
	l.everyCause()
	_, dedup := l.dedup("run")
	assert.Equal(l.t, int64(8), dedup.Rows)
	assert.Equal(l.t, int64(10), dedup.Removed)
	assert.Equal(l.t, int64(3), dedup.Rejected)
	early := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	assert.Equal(l.t, []string{
		line("0001", noon, "second"), line("0002", noon, "second"), line("0003", early, "first"), line("0004", noon, "first"),
		line("0005", noon, "first"), line("0006", noon, "first"), line("0007", noon, "third"), line("0008", noon, "first"),
	}, l.tracks())
	assert.Equal(l.t, []string{
		"|event_id_missing|posthog.tracks", "|event_id_missing|posthog.tracks", "0005|collision|posthog.tracks",
	}, l.rows(`SELECT SUBSTR(event_id, 33), reason, source_object FROM posthog.merge_rejects ORDER BY reason DESC, event_id`))
}

// dedupWhole compares the two ways.
func dedupWhole(l *dedupLab) {
	l.everyCause()
	before := l.everything("tracks")
	affected, _ := l.dedup("run")
	tracks, keys := l.everything("tracks"), l.everything("tracks_keys")
	_, err := l.deduper.RollbackDedup(l.t.Context(), affected.ID)
	require.NoError(l.t, err)

	order := l.order("another run", l.plan())
	order.WholeTable = true
	require.NoError(l.t, l.attempt(l.t.Context(), order))
	assert.Equal(l.t, tracks, l.everything("tracks"))
	assert.Equal(l.t, keys, l.everything("tracks_keys"))

	_, err = l.deduper.RollbackDedup(l.t.Context(), order.ID)
	require.NoError(l.t, err)
	assert.Equal(l.t, before, l.everything("tracks"))
	l.dedup("a third run")
	l.deliver(l.hour(2), event(1, content("third"), inserted(600)), event(9))
}

func dedupTwice(l *dedupLab) {
	l.everyCause()
	order, first := l.dedup("run")
	tracks := l.everything("tracks")
	again, err := l.deduper.SnapshotTracks(l.t.Context(), order)
	require.NoError(l.t, err)
	assert.Equal(l.t, int64(18), again.Rows, "the snapshot is still that from before")
	second, err := l.deduper.ApplyDedup(l.t.Context(), order)
	require.NoError(l.t, err)
	assert.Equal(l.t, first, second)
	assert.Equal(l.t, tracks, l.everything("tracks"))
	assert.Equal(l.t, []string{"3"}, l.rows(`SELECT COUNT(*) FROM posthog.merge_rejects`))
}

func dedupOrderNull(l *dedupLab) {
	l.deliver(l.hour(1), event(1, content("known age"), inserted(-10_000)))
	l.copied("0001", "person_id = 'unknown age'", "event_inserted_at = NULL", stampedLater,
		"created_at = TIMESTAMP '2026-06-14 12:00:00+00'")
	l.dedup("run")
	assert.Equal(l.t, []string{line("0001", noon.AddDate(0, 0, 2), "known age")}, l.tracks(),
		"the delivery without age is the first")
}

func dedupOrderStamp(l *dedupLab) {
	l.deliver(l.hour(1), event(1))
	l.copied("0001", "person_id = 'loaded later'", stampedLater, anotherDay)
	l.copied("0001", "person_id = 'never stamped'", "bq_ingested_timestamp = NULL")
	l.dedup("run")
	assert.Equal(l.t, []string{line("0001", noon, "loaded later")}, l.tracks())
}

// dedupOrderContent compares with what a merge makes of the same two deliveries.
func dedupOrderContent(l *dedupLab) {
	l.deliver(l.hour(1), event(1, content("a")), event(1, content("b")))
	merged := l.tracks()
	l.copied("0001", "person_id = 'a'")
	l.copied("0001", "person_id = 'b'")
	l.dedup("run")
	assert.Equal(l.t, merged, l.tracks())
}

func dedupThenMerge(l *dedupLab) {
	l.everyCause()
	l.dedup("run")
	merge := l.deliver(
		l.hour(2),
		event(1, content("third"), inserted(600)), event(2, content("older"), inserted(1)), event(3), event(4), event(9),
	)
	assert.Equal(l.t, ledger.Merge{Inserted: 1, Updated: 1, Unchanged: 3}, merge)
	assert.Equal(l.t, line("0001", noon, "third"), l.tracks()[0])
}

func dedupRemembersOrder(l *dedupLab) {
	l.deliver(l.hour(1), event(1, content("a"), inserted(10)))
	l.deliver(l.hour(2), event(1, content("a"), inserted(30)))
	l.copied("0001", "event_inserted_at = TIMESTAMP '2026-06-12 12:05:00+00'", "person_id = 'older'")
	l.dedup("run")
	merge := l.deliver(l.hour(3), event(1, content("b"), inserted(20)))
	assert.Equal(l.t, ledger.Merge{Unchanged: 1}, merge, "a delivery between the two that were seen")
}

func dedupWithoutKeys(l *dedupLab) {
	l.everyCause()
	l.sabotage(`DELETE FROM posthog.tracks_keys WHERE TRUE`)
	_, dedup := l.dedup("run")
	assert.Equal(l.t, int64(2), dedup.KeysMended, "those of the events that had one row")
	merge := l.deliver(l.hour(2), event(8), event(6, content("second"), inserted(600)), event(9))
	assert.Equal(l.t, ledger.Merge{Inserted: 1, Updated: 1, Unchanged: 1}, merge)
}

func dedupStaleKeys(l *dedupLab) {
	l.everyCause()
	l.sabotage(`DELETE FROM posthog.tracks_keys WHERE event_id LIKE '%0008'`)
	l.sabotage(`INSERT INTO posthog.tracks_keys SELECT * FROM posthog.tracks_keys WHERE event_id LIKE '%0006' OR event_id LIKE '%0001'`)
	l.sabotage(`DELETE FROM posthog.tracks WHERE event_id LIKE '%0007'`)
	_, dedup := l.dedup("run")
	assert.Positive(l.t, dedup.KeysMended)
	assert.Equal(l.t, []string{"7|7"}, l.rows(`SELECT COUNT(*), COUNT(DISTINCT event_id) FROM posthog.tracks_keys`))
	merge := l.deliver(l.hour(2), event(6, content("second"), inserted(600)), event(7), event(8))
	assert.Equal(l.t, ledger.Merge{Inserted: 1, Updated: 1, Unchanged: 1}, merge)
}

// dedupMoved merges an hour between the snapshot and the swap.
func dedupMoved(l *dedupLab) {
	l.everyCause()
	order := l.snapshot("run")
	load := l.load(l.hour(2), event(9), event(8, content("second"), inserted(600)))
	merge, err := l.deduper.MergeLoad(l.t.Context(), l.hour(2), load.ID)
	require.NoError(l.t, err)
	assert.Equal(l.t, ledger.Merge{Inserted: 1, Updated: 1}, merge)
	tracks, keys := l.everything("tracks"), l.everything("tracks_keys")
	_, err = l.deduper.ApplyDedup(l.t.Context(), order)
	var moved *warehouse.MovedError
	require.ErrorAs(l.t, err, &moved)
	assert.Equal(l.t, tracks, l.everything("tracks"))
	assert.Equal(l.t, keys, l.everything("tracks_keys"))
	assert.Empty(l.t, l.rows(`SELECT reason FROM posthog.merge_rejects`))

	l.drop("run")
	_, dedup := l.dedup("another run")
	assert.Equal(l.t, int64(10), dedup.Removed)
	assert.Len(l.t, l.tracks(), 9)
}

func dedupUnapproved(l *dedupLab) {
	l.everyCause()
	plan := l.plan()
	l.copied("0008", "person_id = 'second'", insertedLater)
	order := l.order("run", plan)
	_, err := l.deduper.SnapshotTracks(l.t.Context(), order)
	require.NoError(l.t, err)
	_, err = l.deduper.ApplyDedup(l.t.Context(), order)
	var changed *warehouse.PlanChangedError
	require.ErrorAs(l.t, err, &changed)
	assert.Equal(l.t, int64(10), changed.Approved)
	assert.Equal(l.t, int64(11), changed.Found)
	assert.Equal(l.t, int64(19), l.plan().Rows)
}

// dedupVerifyFinds changes what a dedup has left. Of rows that are as many as before,
// the error names the columns that are not.
func dedupVerifyFinds(l *dedupLab) {
	l.everyCause()
	order := l.snapshot("run")
	_, err := l.deduper.ApplyDedup(l.t.Context(), order)
	require.NoError(l.t, err)
	l.sabotage(`CREATE TABLE posthog.left_by_dedup AS SELECT * FROM posthog.tracks`)
	for damage, found := range map[string]string{
		`UPDATE posthog.tracks SET locale = 'xx' WHERE event_id LIKE '%0008'`:                                   ": locale;",
		`UPDATE posthog.tracks SET locale = 'xx' WHERE event_id LIKE '%0006' OR event_id LIKE '%0008'`:          ": locale;",
		`UPDATE posthog.tracks SET locale = '' WHERE event_id LIKE '%0008'`:                                     ": locale;",
		`UPDATE posthog.tracks SET event_payload = JSON '{"$lib": "ios"}' WHERE event_id LIKE '%0008'`:          ": event_payload;",
		`UPDATE posthog.tracks SET event_inserted_at = NULL, app_version = '2' WHERE event_id LIKE '%0008'`:     ": app_version, event_inserted_at;",
		`UPDATE posthog.tracks SET person_id = 'first' WHERE event_id LIKE '%0001'`:                             ": person_id;",
		`DELETE FROM posthog.tracks WHERE event_id LIKE '%0006'`:                                                "",
		`INSERT INTO posthog.tracks SELECT * FROM posthog.tracks WHERE event_id LIKE '%0008'`:                   "",
		`UPDATE posthog.tracks SET created_at = TIMESTAMP '2026-06-13 12:00:00+00' WHERE event_id LIKE '%0008'`: "",
		`UPDATE posthog.tracks SET event_id = NULL WHERE event_id LIKE '%0003'`:                                 "",
	} {
		l.sabotage(damage)
		var broken *warehouse.InvariantError
		if err := l.deduper.VerifyDedup(l.t.Context(), order); assert.ErrorAs(l.t, err, &broken, damage) {
			assert.ErrorContains(l.t, err, found, damage)
		}
		l.sabotage(`DELETE FROM posthog.tracks WHERE TRUE`)
		l.sabotage(`INSERT INTO posthog.tracks SELECT * FROM posthog.left_by_dedup`)
	}
	require.NoError(l.t, l.deduper.VerifyDedup(l.t.Context(), order), "nothing is wrong any more")
}

func dedupDropped(l *dedupLab) {
	l.everyCause()
	order, _ := l.dedup("run")
	kept, err := l.deduper.DropSnapshot(l.t.Context(), order, true)
	require.NoError(l.t, err)
	require.NotNil(l.t, kept, "it was done, so it stays")
	l.drop(order.ID)
	l.drop(order.ID)
	_, err = l.deduper.RollbackDedup(l.t.Context(), order.ID)
	var gone *warehouse.SnapshotGoneError
	require.ErrorAs(l.t, err, &gone)
	_, err = l.deduper.RollbackDedup(l.t.Context(), "nobody")
	require.ErrorAs(l.t, err, &gone)
}

// dedupSwept leaves a snapshot behind whose run is gone.
func dedupSwept(l *dedupLab) {
	l.everyCause()
	began := time.Now()
	order := l.order("run", l.plan())
	soon := time.Second + 2*time.Since(began) // a snapshot takes no longer than a plan
	order.ExpiresAt = time.Now().Add(soon).UTC().Truncate(time.Microsecond)
	_, err := l.deduper.SnapshotTracks(l.t.Context(), order)
	require.NoError(l.t, err)
	time.Sleep(time.Until(order.ExpiresAt.Add(100 * time.Millisecond)))
	l.drop("another run")
	_, err = l.deduper.ApplyDedup(l.t.Context(), order)
	var gone *warehouse.SnapshotGoneError
	require.ErrorAs(l.t, err, &gone)
	assert.Equal(l.t, int64(18), l.plan().Rows)
}
