package conformance

import (
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// line is an event of tracks as lab.tracks shows it.
func line(id string, created time.Time, person string) string {
	return id + "|" + created.Format("2006-01-02 15:04:05Z07:00") + "|$pageview|user|" + person
}

func mergeInserts(l *lab) {
	merge := l.deliver(l.hour(1), event(1), event(2))
	assert.Equal(l.t, ledger.Merge{Inserted: 2}, merge)
	assert.Equal(l.t, []string{line("0001", noon, "first"), line("0002", noon, "first")}, l.tracks())
	latest, err := l.warehouse.LatestLoad(l.t.Context(), l.hour(1))
	require.NoError(l.t, err)
	assert.Equal(l.t, &merge, latest.Merge)
	assert.Equal(l.t, ledger.Merged, latest.Status)
}

func mergeTwice(l *lab) {
	load := l.load(l.hour(1), event(1), event(2), event(2))
	first, err := l.warehouse.MergeLoad(l.t.Context(), l.hour(1), load.ID)
	require.NoError(l.t, err)
	second, err := l.warehouse.MergeLoad(l.t.Context(), l.hour(1), load.ID)
	require.NoError(l.t, err)
	assert.Equal(l.t, first, second)
	assert.Len(l.t, l.tracks(), 2)
}

func mergeUnknown(l *lab) {
	_, err := l.warehouse.MergeLoad(l.t.Context(), l.hour(1), "nobody")
	var unknown *warehouse.LoadUnknownError
	require.ErrorAs(l.t, err, &unknown)
}

func mergeUpdates(l *lab) {
	l.deliver(l.hour(1), event(1), event(2))
	merge := l.deliver(l.hour(2), event(1, content("second"), inserted(60)))
	assert.Equal(l.t, ledger.Merge{Updated: 1}, merge)
	assert.Equal(l.t, []string{line("0001", noon, "second"), line("0002", noon, "first")}, l.tracks())
}

// mergeTellsNoneFromEmpty delivers an event without a person, and then with an empty one.
func mergeTellsNoneFromEmpty(l *lab) {
	none := func(e *sample.Event) { e.PersonID = sample.Text{} }
	l.deliver(l.hour(1), event(1, none), event(2, content("")))
	merge := l.deliver(l.hour(2), event(1, content(""), inserted(60)), event(2, none, inserted(60)))
	assert.Equal(l.t, ledger.Merge{Updated: 2}, merge)
	assert.Equal(l.t, []string{"0001|false", "0002|true"},
		l.rows(`SELECT SUBSTR(event_id, 33), person_id IS NULL FROM posthog.tracks ORDER BY 1`))
}

func mergeKeepsCreatedAt(l *lab) {
	monthsAgo := noon.AddDate(0, -2, 0)
	l.deliver(l.hour(1), event(1, at(monthsAgo)))
	merge := l.deliver(l.hour(2), event(1, at(noon), content("second"), inserted(60)))
	assert.Equal(l.t, ledger.Merge{Updated: 1}, merge)
	assert.Equal(l.t, []string{line("0001", monthsAgo, "second")}, l.tracks())

	merge = l.deliver(l.hour(3), event(1, at(noon.AddDate(0, 0, 1)), content("second"), inserted(90)))
	assert.Equal(l.t, ledger.Merge{Unchanged: 1}, merge, "another timestamp alone is no change")
	assert.Equal(l.t, []string{line("0001", monthsAgo, "second")}, l.tracks())
}

func mergeKeepsNewer(l *lab) {
	l.deliver(l.hour(1), event(1, content("newest"), inserted(60)))
	merge := l.deliver(l.hour(2), event(1, content("older"), inserted(30)))
	assert.Equal(l.t, ledger.Merge{Unchanged: 1}, merge)
	assert.Equal(l.t, []string{line("0001", noon, "newest")}, l.tracks())
}

func mergeNullInserted(l *lab) {
	l.deliver(l.hour(1), event(1, content("unknown age"), neverInserted))
	merge := l.deliver(l.hour(2), event(1, content("known age"), inserted(-10_000)))
	assert.Equal(l.t, ledger.Merge{Updated: 1}, merge)
	merge = l.deliver(l.hour(3), event(1, content("unknown again"), neverInserted))
	assert.Equal(l.t, ledger.Merge{Unchanged: 1}, merge)
	assert.Equal(l.t, []string{line("0001", noon, "known age")}, l.tracks())
}

func mergeStampBreaksTies(l *lab) {
	l.deliver(l.hour(2), event(1, content("loaded first")))
	merge := l.deliver(l.hour(1), event(1, content("loaded second")))
	assert.Equal(l.t, ledger.Merge{Updated: 1}, merge)
	assert.Equal(l.t, []string{line("0001", noon, "loaded second")}, l.tracks())
}

func mergeUnchanged(l *lab) {
	l.deliver(l.hour(1), event(1), event(2))
	stamps := `SELECT SUBSTR(event_id, 33), bq_ingested_timestamp, event_inserted_at FROM posthog.tracks ORDER BY 1`
	before := l.rows(stamps)
	merge := l.deliver(l.hour(1), event(1), event(2))
	assert.Equal(l.t, ledger.Merge{Unchanged: 2}, merge, "the same export again")
	merge = l.deliver(l.hour(2), event(1, inserted(600)))
	assert.Equal(l.t, ledger.Merge{Unchanged: 1}, merge, "delivered again, the same content")
	assert.Equal(l.t, before, l.rows(stamps), "not even the stamps are rewritten")
}

// An unchanged delivery leaves tracks alone, but a delivery older than it must not
// win afterwards.
func mergeRemembersOrder(l *lab) {
	l.deliver(l.hour(1), event(1, content("a"), inserted(10)))
	l.deliver(l.hour(2), event(1, content("a"), inserted(30)))
	merge := l.deliver(l.hour(3), event(1, content("b"), inserted(20)))
	assert.Equal(l.t, ledger.Merge{Unchanged: 1}, merge)
	assert.Equal(l.t, []string{line("0001", noon, "a")}, l.tracks())
}

func mergeAnyOrder(l *lab) {
	late, early := l.hour(1), l.hour(2)
	first := l.load(late, event(1, content("loaded first"), inserted(5)), event(2, content("newer"), inserted(50)))
	second := l.load(early, event(1, content("loaded second"), inserted(5)), event(2, content("older"), inserted(40)))
	_, err := l.warehouse.MergeLoad(l.t.Context(), early, second.ID)
	require.NoError(l.t, err)
	merge, err := l.warehouse.MergeLoad(l.t.Context(), late, first.ID)
	require.NoError(l.t, err)
	assert.Equal(l.t, ledger.Merge{Updated: 1, Unchanged: 1}, merge)
	assert.Equal(l.t, []string{line("0001", noon, "loaded second"), line("0002", noon, "newer")}, l.tracks())
	l.requireWhole()
}

func mergeInBatch(l *lab) {
	later := noon.Add(time.Hour)
	merge := l.deliver(
		l.hour(1),
		event(1, content("third"), inserted(3), at(later)),
		event(1, content("first"), inserted(1)),
		event(1, content("second"), inserted(2), at(later)),
		event(2), event(2), event(2),
	)
	assert.Equal(l.t, ledger.Merge{Inserted: 2, Unchanged: 4}, merge)
	assert.Equal(l.t, []string{line("0001", noon, "third"), line("0002", noon, "first")}, l.tracks(),
		"created_at of the first delivery, content of the newest")
}

func mergeCollisions(l *lab) {
	l.deliver(l.hour(1), event(1))
	merge := l.deliver(
		l.hour(2),
		event(1, named("purchase"), inserted(60)), event(1, of("somebody else"), inserted(60)), event(2),
	)
	assert.Equal(l.t, ledger.Merge{Inserted: 1, Collided: 2}, merge)
	assert.Equal(l.t, []string{line("0001", noon, "first"), line("0002", noon, "first")}, l.tracks(), "the first stays")
	refused := `SELECT SUBSTR(event_id, 33), reason, window_start, source_row FROM posthog.merge_rejects ORDER BY window_start, source_row`
	want := []string{"0001|collision|2026-06-12 02:00:00Z|0", "0001|collision|2026-06-12 02:00:00Z|1"}
	assert.Equal(l.t, want, l.rows(refused))
}

func mergeCollisionsInBatch(l *lab) {
	merge := l.deliver(
		l.hour(1),
		event(1, named("later"), inserted(2)), event(1, named("$pageview"), inserted(1)), event(1, content("newest"), inserted(3)),
	)
	assert.Equal(l.t, ledger.Merge{Inserted: 1, Unchanged: 1, Collided: 1}, merge)
	assert.Equal(l.t, []string{line("0001", noon, "newest")}, l.tracks())
}

// A collided row may exist nowhere but in merge_rejects once its export is overwritten.
func mergeCollisionsStay(l *lab) {
	l.deliver(l.hour(1), event(1))
	l.deliver(l.hour(2), event(1, named("purchase"), inserted(60)), event(2))
	l.deliver(l.hour(2), event(2))
	assert.Equal(l.t, []string{"1"}, l.rows(`SELECT COUNT(*) FROM posthog.merge_rejects`))
}

func mergeCutover(l *lab) {
	merge := l.deliver(
		l.hour(1),
		event(1, at(Cutover.Add(-time.Microsecond))), event(2, at(Cutover)), event(3, at(Cutover.AddDate(-1, 0, 0))),
	)
	assert.Equal(l.t, ledger.Merge{Inserted: 1, BeforeCutover: 2}, merge)
	assert.Equal(l.t, []string{line("0002", Cutover, "first")}, l.tracks())
	assert.Len(l.t, l.rawTracks(), 3)
}

func mergeOverCutover(l *lab) {
	before := Cutover.Add(-time.Hour)
	l.deliver(l.hour(1), event(1), event(2, at(before)))
	merge := l.deliver(l.hour(2), event(1, at(before), content("second"), inserted(60)), event(2, content("second"), inserted(60)))
	assert.Equal(l.t, ledger.Merge{Inserted: 1, BeforeCutover: 1}, merge)
	assert.Equal(l.t, []string{line("0001", noon, "first"), line("0002", noon, "second")}, l.tracks())
}

// mergeIDs delivers ids of every kind twice: their buckets differ, the law does not.
func mergeIDs(l *lab) {
	ids := []string{
		"019eb700-0000-7000-8000-000000000001", // v7 of the day
		"01977420-0000-7000-8000-000000000002", // v7 of a year before
		"ffffffff-ffff-7fff-bfff-ffffffffffff", // v7 beyond all days
		"00000000-0000-7000-8000-000000000003", // v7 of 1970
		"016f5e66-e7ff-7000-8000-000000000004", // v7, the millisecond before the first bucket
		"016f5e66-e800-7000-8000-000000000005", // v7, the first millisecond of the first bucket
		"02246af9-47ff-7000-8000-000000000006", // v7, the last millisecond of the last bucket
		"02246af9-4800-7000-8000-000000000007", // v7, the millisecond after it
		"6f1ed002-ab5f-4a3c-9b6c-000000000008", // v4
		"cfbff0d1-9375-5685-968c-000000000009", // v5
		"0178495e-8521-0000-8e1c-00000000000a", // what old servers wrote
		"00000000-0000-0000-0000-000000000000",
	}
	deliveries := func(changes ...change) (all []sample.Event) {
		for i, uuid := range ids {
			all = append(all, event(i, append([]change{id(uuid)}, changes...)...))
		}
		return all
	}
	n := int64(len(ids))
	assert.Equal(l.t, ledger.Merge{Inserted: n}, l.deliver(l.hour(1), deliveries()...))
	assert.Equal(l.t, ledger.Merge{Unchanged: n}, l.deliver(l.hour(2), deliveries(inserted(60))...))
	assert.Equal(l.t, ledger.Merge{Updated: n}, l.deliver(l.hour(3), deliveries(content("second"), inserted(90))...))
	assert.Equal(l.t, []string{"12|12"}, l.rows(`SELECT COUNT(*), COUNT(DISTINCT event_id) FROM posthog.tracks_keys`))
}

func mergeShorterExport(l *lab) {
	l.deliver(l.hour(1), event(1), event(2), event(3))
	merge := l.deliver(l.hour(1), event(2, content("second")), event(4))
	assert.Equal(l.t, ledger.Merge{Inserted: 1, Updated: 1}, merge)
	assert.Len(l.t, l.tracks(), 4)
}

func mergeEmptyWindow(l *lab) {
	assert.Equal(l.t, ledger.Merge{}, l.deliver(l.hour(1)))
	assert.Equal(l.t, ledger.Merge{BeforeCutover: 1}, l.deliver(l.hour(2), event(1, at(Cutover.AddDate(0, -1, 0)))))
}
