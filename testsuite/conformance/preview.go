package conformance

import (
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// everything is what no preview may change, as lines.
func (l *lab) everything() []string {
	l.t.Helper()
	var all []string
	for _, statement := range []string{
		`SELECT event_id, created_at, person_id, bq_ingested_timestamp, event_inserted_at FROM posthog.tracks ORDER BY 1`,
		`SELECT event_id, created_at, content_hash, bq_ingested_timestamp, event_inserted_at FROM posthog.tracks_keys ORDER BY 1`,
		`SELECT event_id, window_start, source_generation, source_row, bq_ingested_timestamp FROM posthog.raw_tracks ORDER BY 1, 2, 3, 4`,
		`SELECT window_start, source_generation, source_row, reason FROM posthog.raw_rejects ORDER BY 1, 2, 3`,
		`SELECT window_start, source_generation, source_row, event_id FROM posthog.merge_rejects ORDER BY 1, 2, 3`,
		`SELECT window_start, load_id, status, rows_loaded, rows_inserted, merged_at FROM posthog.window_ledger ORDER BY 1, 2`,
	} {
		all = append(append(all, statement), l.rows(statement)...)
	}
	return all
}

// preview asks what a delivery would do, and makes sure that asking changed nothing.
func (l *lab) preview(w window.Window, events ...sample.Event) ledger.Preview {
	l.t.Helper()
	before := l.everything()
	preview, err := l.warehouse.PreviewMerge(l.t.Context(), l.commit(w, l.stage(w, events...)))
	require.NoError(l.t, err)
	assert.Equal(l.t, before, l.everything(), "a dry run changes nothing")
	assert.Equal(l.t, preview.Rows.Loaded, preview.Merge.Total(), "every row is accounted for")
	return preview
}

// previewTells shows every outcome that rows can have, and that the merge that follows
// does what the preview says.
func previewTells(l *lab) {
	monthsAgo := noon.AddDate(0, -2, 0)
	l.deliver(l.hour(1), event(1, at(monthsAgo)), event(2), event(3))
	delivery := []sample.Event{
		event(1, content("second"), inserted(60)), // an update of a day long ago
		event(2),                        // known and unchanged
		event(3, of("somebody else")),   // a collision
		event(4, at(noon)),              // new
		event(4, at(noon), inserted(5)), // the same once more
		event(5, at(noon.AddDate(0, 0, -1))),
		event(6, at(Cutover.Add(-time.Hour))), // before the cutover
		event(7, withoutID),                   // a reject
	}
	preview := l.preview(l.hour(2), delivery...)
	assert.Equal(l.t, ledger.Merge{Inserted: 2, Updated: 1, Unchanged: 2, Collided: 1, BeforeCutover: 1}, preview.Merge)
	assert.Equal(l.t, []int64{8, 7, 1}, []int64{preview.Rows.Read, preview.Rows.Loaded, preview.Rows.Rejected})
	assert.Equal(l.t, []ledger.TouchedDay{
		{Day: monthsAgo.Format(time.DateOnly), Updated: 1},
		{Day: noon.AddDate(0, 0, -1).Format(time.DateOnly), Inserted: 1},
		{Day: noon.Format(time.DateOnly), Inserted: 1},
	}, preview.Days)
	assert.Empty(l.t, preview.Unmerged)
	assert.Equal(l.t, preview.Merge, l.deliver(l.hour(2), delivery...), "the merge does what was said")
	if preview.Estimate == nil {
		assert.Nil(l.t, preview.Spent, "where nothing is billed, nothing is billed")
		return
	}
	priced := make(map[string]bool)
	for _, step := range preview.Estimate.Steps {
		assert.False(l.t, priced[step.Step], "%s is priced once", step.Step)
		priced[step.Step] = true
	}
	for _, step := range []string{"commit-window-insert-rows", "commit-window-insert-rejects", "merge-classify", "merge-insert-rows", "merge-change-rows"} {
		assert.True(l.t, priced[step], step)
	}
}

// previewOfLoaded looks at a window that is there already.
func previewOfLoaded(l *lab) {
	l.deliver(l.hour(1), event(1), event(2))
	preview := l.preview(l.hour(1), event(1), event(2, content("second"), inserted(60)), event(3))
	assert.Equal(l.t, ledger.Merge{Inserted: 1, Updated: 1, Unchanged: 1}, preview.Merge)
	again := l.preview(l.hour(1), event(1), event(2, content("second"), inserted(60)), event(3))
	assert.Equal(l.t, preview.Merge, again.Merge, "asking twice gives one answer")
}

// previewOfUnmerged names the load that a run would merge first.
func previewOfUnmerged(l *lab) {
	load := l.load(l.hour(1), event(1))
	preview := l.preview(l.hour(1), event(1), event(2))
	assert.Equal(l.t, load.ID, preview.Unmerged)
	assert.Equal(l.t, ledger.Merge{Inserted: 2}, preview.Merge)
}

func previewOfNothing(l *lab) {
	preview := l.preview(l.hour(1))
	assert.Equal(l.t, ledger.Merge{}, preview.Merge)
	assert.Empty(l.t, preview.Days)
}

// previewRefuses fails with what the merge would fail with.
func previewRefuses(l *lab) {
	l.deliver(l.hour(1), event(1))
	require.NoError(l.t, l.warehouse.Look(l.t.Context(), `DELETE FROM posthog.tracks_keys WHERE bucket >= 0`, func([]string) error { return nil }))
	_, err := l.warehouse.PreviewMerge(l.t.Context(), l.commit(l.hour(2), l.stage(l.hour(2), event(2))))
	var missing *warehouse.KeysMissingError
	require.ErrorAs(l.t, err, &missing)
}
