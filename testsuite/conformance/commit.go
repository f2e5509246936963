package conformance

import (
	"context"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

func (l *lab) rawTracks() []string {
	l.t.Helper()
	return l.rows(`SELECT SUBSTR(event_id, 33), person_id, window_start, source_generation, source_row, bq_ingested_timestamp FROM posthog.raw_tracks ORDER BY 1, 2`)
}

func commitReplaces(l *lab) {
	l.deliver(l.hour(1), event(1), event(2))
	l.deliver(l.hour(2), event(3))
	l.deliver(l.hour(1), event(2, content("second")), event(4))
	assert.Equal(l.t, []string{
		"0002|second|2026-06-12 01:00:00Z|3|0|2026-07-01 00:00:03Z",
		"0003|first|2026-06-12 02:00:00Z|2|0|2026-07-01 00:00:02Z",
		"0004|first|2026-06-12 01:00:00Z|3|1|2026-07-01 00:00:03Z",
	}, l.rawTracks())
}

func commitTwice(l *lab) {
	w := l.hour(1)
	commit := l.commit(w, l.stage(w, event(1), event(2, withoutID)))
	first, err := l.warehouse.CommitWindow(l.t.Context(), commit)
	require.NoError(l.t, err)
	assert.Equal(l.t, int64(2), first.Rows.Read)
	assert.Equal(l.t, int64(1), first.Rows.Loaded)
	_, err = l.warehouse.MergeLoad(l.t.Context(), w, first.ID)
	require.NoError(l.t, err)

	second, err := l.warehouse.CommitWindow(l.t.Context(), commit)
	require.NoError(l.t, err)
	assert.Equal(l.t, first.ID, second.ID)
	assert.Equal(l.t, first.Rows.Loaded, second.Rows.Loaded)
	assert.Equal(l.t, ledger.Merged, second.Status, "what came after the first commit is still there")
	assert.Len(l.t, l.rawTracks(), 1)
	assert.Equal(l.t, []string{"1"}, l.rows(`SELECT COUNT(*) FROM posthog.window_ledger`))
}

// The answer to the first commit may have been lost, and found again much later.
func commitLate(l *lab) {
	w := l.hour(1)
	first := l.commit(w, l.stage(w, event(1), event(2)))
	_, err := l.warehouse.CommitWindow(l.t.Context(), first)
	require.NoError(l.t, err)
	_, err = l.warehouse.MergeLoad(l.t.Context(), w, first.Load.ID)
	require.NoError(l.t, err)
	l.deliver(w, event(1))
	l.load(w, event(3))
	booked, err := l.warehouse.CommitWindow(l.t.Context(), first)
	require.NoError(l.t, err)
	assert.Equal(l.t, first.Load.ID, booked.ID)
	assert.Equal(l.t, ledger.Merged, booked.Status)
	assert.Equal(l.t, []string{"0003|first|2026-06-12 01:00:00Z|3|0|2026-07-01 00:00:03Z"}, l.rawTracks(), "the newest load is still there")
	assert.Equal(l.t, []string{"3"}, l.rows(`SELECT COUNT(*) FROM posthog.window_ledger`))
}

func commitKeepsUnmerged(l *lab) {
	w := l.hour(1)
	first := l.load(w, event(1), event(2))
	_, err := l.warehouse.CommitWindow(l.t.Context(), l.commit(w, l.stage(w, event(1))))
	var unmerged *ledger.UnmergedError
	require.ErrorAs(l.t, err, &unmerged)
	assert.Equal(l.t, first.ID, unmerged.Load.ID)
	assert.Len(l.t, l.rawTracks(), 2, "nothing was replaced")

	_, err = l.warehouse.MergeLoad(l.t.Context(), w, first.ID)
	require.NoError(l.t, err)
	l.deliver(w, event(1))
	assert.Len(l.t, l.tracks(), 2, "the row that the shorter export lacks is in tracks")
}

func commitEmpty(l *lab) {
	l.deliver(l.hour(1), event(1), event(2, withoutID))
	merge := l.deliver(l.hour(1))
	assert.Zero(l.t, merge.Total())
	assert.Empty(l.t, l.rawTracks())
	assert.Empty(l.t, l.rows(`SELECT reason FROM posthog.raw_rejects`))
	assert.Len(l.t, l.tracks(), 1)
}

func commitRejects(l *lab) {
	w := l.hour(1)
	load := l.load(w, event(1), event(2, withoutID), event(3, properties(`{"a":`)))
	assert.Equal(l.t, int64(3), load.Rows.Read)
	assert.Equal(l.t, int64(2), load.Rows.Rejected)
	assert.Equal(l.t, []string{
		"uuid_missing|2026-06-12 01:00:00Z|exports/2026-06-12T01.parquet.sz|1|1",
		"properties_invalid_json|2026-06-12 01:00:00Z|exports/2026-06-12T01.parquet.sz|1|2",
	}, l.rows(`SELECT reason, window_start, source_object, source_generation, source_row FROM posthog.raw_rejects ORDER BY source_row`))

	latest, err := l.warehouse.LatestLoad(l.t.Context(), w)
	require.NoError(l.t, err)
	assert.Equal(l.t, load.Rows.Rejected, latest.Rows.Rejected)
	assert.Equal(l.t, ledger.Loaded, latest.Status)
	assert.Nil(l.t, latest.Merge)
}

func commitStagedMissing(l *lab) {
	w := l.hour(1)
	l.deliver(w, event(1))
	commit := l.commit(w, l.stage(w, event(2)))
	require.NoError(l.t, l.area.Discard(l.t.Context(), w))
	_, err := l.warehouse.CommitWindow(l.t.Context(), commit)
	var gone *warehouse.StagedMissingError
	require.ErrorAs(l.t, err, &gone)
	assert.Len(l.t, l.rawTracks(), 1, "the window is as it was")
}

// commitPayloads loads what JSON parsers stumble over.
func commitPayloads(l *lab) {
	w := l.hour(1)
	load := l.load(
		w,
		event(1, properties(`{"a":"\ud83d","b":1e999,"c":"\u0000<&>"}`)),
		event(2, func(e *sample.Event) { e.Properties.Valid = false }),
		event(3, properties(`{}`)),
	)
	assert.Equal(l.t, 2, load.Rows.Mended.Total())
	assert.Equal(l.t, []string{"0001|false", "0002|true", "0003|false"},
		l.rows(`SELECT SUBSTR(event_id, 33), event_payload IS NULL FROM posthog.raw_tracks ORDER BY 1`))
}

func outcomeBooked(l *lab) {
	w := l.hour(1)
	outcome := ledger.Outcome{Window: w, ID: "run", Status: ledger.Missing, Reason: "ExportMissing", Detail: "no object", Run: ledger.Run{WorkflowID: "hourly", RunID: "run"}}
	require.NoError(l.t, l.warehouse.RecordOutcome(l.t.Context(), outcome))
	require.NoError(l.t, l.warehouse.RecordOutcome(l.t.Context(), outcome))
	assert.Equal(l.t, []string{"missing|ExportMissing|no object|hourly"},
		l.rows(`SELECT status, reason, detail, workflow_id FROM posthog.window_ledger`))
	latest, err := l.warehouse.LatestLoad(l.t.Context(), w)
	require.NoError(l.t, err)
	assert.Nil(l.t, latest, "an outcome is no load")

	l.deliver(w, event(1))
	assert.Equal(l.t, []string{"merged", "missing"}, l.rows(`SELECT status FROM posthog.window_ledger ORDER BY status`))
}

func freshness(l *lab) {
	_, ok, err := l.warehouse.Newest(context.Background())
	require.NoError(l.t, err)
	assert.False(l.t, ok, "an empty table")
	l.load(l.hour(5), event(1))
	l.load(l.hour(2), event(2))
	newest, ok, err := l.warehouse.Newest(context.Background())
	require.NoError(l.t, err)
	assert.True(l.t, ok)
	assert.Equal(l.t, time.Date(2026, 7, 1, 0, 0, 2, 0, time.UTC), newest)
}
