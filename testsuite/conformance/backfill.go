package conformance

import (
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/keys"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

const day = time.Hour * 24

func backfillInserts(l *lab) {
	l.inherit(old(1, 1), old(2, 2), old(3, 30))
	counts := l.backfill("b1")
	assert.Equal(l.t, ledger.Backfilled{Read: 3, Inserted: 3}, total(counts))
	assert.Positive(l.t, counts["2025-05-20"].Bytes)
	assert.Equal(l.t, int64(2), counts["2025-05-20"].Inserted)
	assert.Equal(l.t, []string{
		line("0001", may.Add(time.Hour), "legacy"), line("0002", may.Add(2*time.Hour), "legacy"), line("0003", may.Add(30*time.Hour), "legacy"),
	}, l.tracks())
	assert.Equal(l.t, []string{"2025-05-20|2|2|backfill", "2025-05-21|1|1|backfill"},
		l.rows(`SELECT day, rows_read, rows_inserted, workflow_id FROM posthog.backfill_ledger ORDER BY day`))
	assert.Equal(l.t, []string{"1"}, l.rows(`SELECT COUNT(*) FROM posthog.tracks WHERE event_id LIKE '%0001' AND bq_ingested_timestamp IS NOT NULL AND event_payload IS NOT NULL`))
}

// Days are UTC days, half open, to the microsecond.
func backfillDayBorders(l *lab) {
	shifted := func(d time.Duration) func(*legacy) { return func(r *legacy) { r.created = may.Add(d) } }
	l.inherit(
		old(1, 0, shifted(-time.Microsecond)), old(2, 0, shifted(0)),
		old(3, 0, shifted(day-time.Microsecond)), old(4, 0, shifted(day)),
	)
	assert.Equal(l.t, []ledger.PlannedDay{
		{Day: "2025-05-19", Rows: 1}, {Day: "2025-05-20", Rows: 2}, {Day: "2025-05-21", Rows: 1},
	}, l.days())
	counts := l.backfill("b1")
	assert.Equal(l.t, int64(4), total(counts).Inserted)
	assert.Equal(l.t, int64(2), counts["2025-05-20"].Inserted)
	plan, err := l.warehouse.PlanBackfill(l.t.Context(), ledger.BackfillRange{From: "2025-05-20", To: "2025-05-20"})
	require.NoError(l.t, err)
	assert.Equal(l.t, []ledger.PlannedDay{{Day: "2025-05-20", Rows: 2, Done: true}}, plan.Days)
}

// What tracks has stays, on whatever day it is, and however new the legacy row.
func backfillOnlyInserts(l *lab) {
	l.deliver(l.hour(1), event(1, at(Cutover.AddDate(0, 1, 0))), event(2))
	l.inherit(
		old(0, 1, func(r *legacy) { r.id = *eventID(1) }, oldContent("newer"), oldInserted(1_000_000)),
		old(0, 2, func(r *legacy) { r.id = *eventID(2) }), old(3, 3),
	)
	before := l.rows(`SELECT event_id, created_at, person_id, bq_ingested_timestamp FROM posthog.tracks ORDER BY 1`)
	counts := l.backfill("b1")
	assert.Equal(l.t, ledger.Backfilled{Read: 3, Inserted: 1, Present: 2}, total(counts))
	assert.Equal(l.t, before, l.rows(`SELECT event_id, created_at, person_id, bq_ingested_timestamp FROM posthog.tracks
		WHERE event_id NOT LIKE '0196eb00%' ORDER BY 1`))
}

func eventID(n int) *string {
	id := event(n).UUID.V
	return &id
}

func backfillTwice(l *lab) {
	l.inherit(old(1, 1), old(1, 2), old(2, 3), old(3, 30, func(r *legacy) { r.name = "" }), old(1, 50))
	first := l.backfill("b1")
	contents := `SELECT 'tracks', event_id, created_at FROM posthog.tracks
		UNION ALL SELECT 'keys', event_id, created_at FROM posthog.tracks_keys
		UNION ALL SELECT 'rejects', event_id, window_start FROM posthog.merge_rejects ORDER BY 1, 2, 3`
	before := l.rows(contents)
	for _, planned := range l.days() {
		assert.True(l.t, planned.Done)
		again, err := l.warehouse.BackfillDay(l.t.Context(), theDay("b1", planned, false))
		require.NoError(l.t, err)
		assert.Equal(l.t, first[planned.Day], again, "the counts of the first time")
	}
	second := l.backfill("b2")
	assert.Equal(l.t, ledger.Backfilled{Read: 5, Present: 2, Duplicate: 2, Rejected: 1}, total(second))
	assert.Equal(l.t, before, l.rows(contents), "nothing is written the second time")

	l.inherit(old(4, 4))
	assert.Equal(l.t, []ledger.PlannedDay{
		{Day: "2025-05-20", Rows: 4}, {Day: "2025-05-21", Rows: 1, Done: true}, {Day: "2025-05-22", Rows: 1, Done: true},
	}, l.days(), "a day with more rows than before is to be done again")
	assert.Equal(l.t, int64(1), total(l.backfill("b3")).Inserted)
}

// Of several rows the first decides created_at and the newest the rest, within a day
// and across days, in whatever order the days are done.
func backfillDuplicates(l *lab) {
	l.inherit(
		old(1, 5, oldContent("third"), oldInserted(3)), old(1, 2, oldContent("first"), oldInserted(1)), old(1, 9, oldContent("second"), oldInserted(2)),
		old(2, 1), old(2, 1), old(2, 1),
		old(3, 24*3, oldContent("newest"), oldInserted(9)), old(3, 4, oldContent("oldest"), oldInserted(1)),
		old(4, 24*2, oldContent("unknown age")), old(4, 6, oldContent("known age"), oldInserted(-100)),
	)
	want := []string{
		line("0001", may.Add(2*time.Hour), "third"), line("0002", may.Add(time.Hour), "legacy"),
		line("0003", may.Add(4*time.Hour), "newest"), line("0004", may.Add(48*time.Hour), "known age"),
	}
	planned := l.days()
	for i := range planned {
		newestFirst := planned[len(planned)-1-i]
		_, err := l.warehouse.BackfillDay(l.t.Context(), theDay("b1", newestFirst, false))
		require.NoError(l.t, err)
		l.requireWhole()
	}
	assert.Equal(l.t, want, l.tracks())
	assert.Equal(l.t, []string{"2025-05-20|8|3|5", "2025-05-22|1|1|0", "2025-05-23|1|0|1"},
		l.rows(`SELECT day, rows_read, rows_inserted, rows_duplicate FROM posthog.backfill_ledger ORDER BY day`))
	plan, err := l.warehouse.PlanBackfill(l.t.Context(), ledger.BackfillRange{})
	require.NoError(l.t, err)
	assert.Equal(l.t, int64(4), plan.Repeated)
}

func backfillCollisions(l *lab) {
	other := func(r *legacy) { r.user = "somebody else" }
	l.deliver(l.hour(1), event(1))
	l.inherit(
		old(0, 1, func(r *legacy) { r.id = *eventID(1) }, other),
		old(0, 2, func(r *legacy) { r.id = *eventID(1) }, func(r *legacy) { r.name = "purchase" }),
		old(2, 3, oldInserted(1)), old(2, 4, oldInserted(2), other), old(2, 28, oldInserted(3), oldContent("newest")),
	)
	assert.Equal(l.t, ledger.Backfilled{Read: 5, Inserted: 1, Duplicate: 1, Collided: 3}, total(l.backfill("b1")))
	assert.Equal(l.t, []string{line("0001", noon, "first"), line("0002", may.Add(3*time.Hour), "newest")}, l.tracks())
	assert.Equal(l.t, []string{
		"0001|collision|2025-05-20 00:00:00Z|backfill_tracks", "0001|collision|2025-05-20 00:00:00Z|backfill_tracks",
		"0002|collision|2025-05-20 00:00:00Z|backfill_tracks",
	}, l.rows(`SELECT SUBSTR(event_id, 33), reason, window_start, source_object FROM posthog.merge_rejects ORDER BY 1`))
}

// Rows that lack what tracks cannot do without end in merge_rejects, those without
// created_at in a unit of their own.
func backfillNullKeys(l *lab) {
	l.inherit(
		old(1, 1), old(2, 2, func(r *legacy) { r.id = "" }), old(3, 3, func(r *legacy) { r.name = "" }), old(4, 4, func(r *legacy) { r.user = "" }),
		old(5, 5, func(r *legacy) { r.created = time.Time{} }), old(6, 5, func(r *legacy) { r.created, r.id = time.Time{}, "" }),
		old(2, 2, func(r *legacy) { r.id = "" }),
	)
	assert.Equal(l.t, []ledger.PlannedDay{{Day: "2025-05-20", Rows: 5}, {Day: window.Undated, Rows: 2}}, l.days())
	counts := l.backfill("b1")
	assert.Equal(l.t, ledger.Backfilled{Read: 7, Inserted: 1, Rejected: 6}, total(counts))
	assert.Equal(l.t, []string{
		"distinct_id_missing|2025-05-20 00:00:00Z|1", "event_missing|2025-05-20 00:00:00Z|1",
		"timestamp_missing|1970-01-01 00:00:00Z|1", "uuid_missing|1970-01-01 00:00:00Z|1", "uuid_missing|2025-05-20 00:00:00Z|2",
	}, l.rows(`SELECT reason, window_start, COUNT(*) FROM posthog.merge_rejects GROUP BY 1, 2 ORDER BY 1, 2`))
}

// Ids of every kind, in either case: tracks holds them in lower case.
func backfillIDs(l *lab) {
	ids := []string{
		"0196EB00-0000-7000-8000-00000000ABCD", "6f1ed002-ab5f-4a3c-9b6c-000000000008", "not a uuid",
		"00000000-0000-0000-0000-000000000000", "01zzzzzz-zzzz-7zzz-8000-000000000001",
	}
	var rows []legacy
	for i, id := range ids {
		rows = append(rows, old(i, 1, func(r *legacy) { r.id = id }))
	}
	l.inherit(rows...)
	l.inherit(old(9, 2, func(r *legacy) { r.id = "0196eb00-0000-7000-8000-00000000abcd" }))
	assert.Equal(l.t, ledger.Backfilled{Read: 6, Inserted: 5, Duplicate: 1}, total(l.backfill("b1")))
	assert.Equal(l.t, []string{"5|5"}, l.rows(`SELECT COUNT(*), COUNT(DISTINCT LOWER(event_id)) FROM posthog.tracks`))
	assert.Equal(l.t, []string{"1"}, l.rows(`SELECT COUNT(*) FROM posthog.tracks WHERE event_id = '0196eb00-0000-7000-8000-00000000abcd'`))
}

// After a backfill, hourly deliveries go on as the laws say.
func backfillThenDeliveries(l *lab) {
	after := func(n int, changes ...change) []change { return append([]change{id(old(n, 0).id)}, changes...) }
	l.inherit(old(1, 1), old(2, 2), old(3, 3))
	l.backfill("b1")
	merge := l.deliver(
		l.hour(1),
		event(1, after(1, at(may.Add(time.Hour)), content("before the cutover"))...),
		event(2, after(2, content("delivered since"))...),
		event(3, after(3, content("somebody else's"), of("somebody else"))...),
	)
	assert.Equal(l.t, ledger.Merge{Updated: 1, Collided: 1, BeforeCutover: 1}, merge)
	assert.Equal(l.t, []string{
		line("0001", may.Add(time.Hour), "legacy"), line("0002", may.Add(2*time.Hour), "delivered since"), line("0003", may.Add(3*time.Hour), "legacy"),
	}, l.tracks(), "an hourly delivery from before the cutover stays out, backfilled or not")
}

func backfillWithoutKeys(l *lab) {
	l.deliver(l.hour(1), event(1))
	l.inherit(old(2, 1))
	planned := l.days()
	l.sabotage(`DELETE FROM posthog.tracks_keys WHERE TRUE`)
	_, err := l.warehouse.BackfillDay(l.t.Context(), theDay("b1", planned[0], false))
	var missing *warehouse.KeysMissingError
	require.ErrorAs(l.t, err, &missing)
	assert.Len(l.t, l.tracks(), 1)
}

// backfillWhileKeysAreRebuilt comes between the slices of a rebuild that has stopped.
func backfillWhileKeysAreRebuilt(l *lab) {
	l.deliver(l.hour(1), event(1))
	l.inherit(old(2, 1))
	planned := l.days()
	rebuild, ok := l.warehouse.(activities.KeysWarehouse)
	require.True(l.t, ok)
	_, err := rebuild.PlanKeys(l.t.Context(), keys.PlanRequest{RebuildID: "half done"})
	require.NoError(l.t, err)
	_, err = l.warehouse.BackfillDay(l.t.Context(), theDay("b1", planned[0], false))
	var missing *warehouse.KeysMissingError
	require.ErrorAs(l.t, err, &missing)
	assert.True(l.t, missing.Unfinished)
	assert.Len(l.t, l.tracks(), 1)
}

func backfillOfMovedSource(l *lab) {
	l.inherit(old(1, 1))
	planned := l.days()
	l.inherit(old(2, 2))
	_, err := l.warehouse.BackfillDay(l.t.Context(), theDay("b1", planned[0], false))
	var moved *warehouse.SourceMovedError
	require.ErrorAs(l.t, err, &moved)
	assert.Equal(l.t, int64(2), moved.Found)
	assert.Empty(l.t, l.tracks())
	assert.Empty(l.t, l.rows(`SELECT day FROM posthog.backfill_ledger`))
}

func backfillOfNothing(l *lab) {
	assert.Empty(l.t, l.days())
}
