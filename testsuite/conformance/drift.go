package conformance

import (
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// change runs a statement that breaks what the pipeline relies on.
func (l *lab) sabotage(statement string) {
	l.t.Helper()
	l.rows(statement)
}

func mergeWithoutKeys(l *lab) {
	l.deliver(l.hour(1), event(1))
	l.sabotage(`DELETE FROM posthog.tracks_keys WHERE TRUE`)
	load := l.load(l.hour(2), event(2))
	_, err := l.warehouse.MergeLoad(l.t.Context(), l.hour(2), load.ID)
	var missing *warehouse.KeysMissingError
	require.ErrorAs(l.t, err, &missing)
	require.ErrorContains(l.t, err, "starter keys rebuild")
	assert.Len(l.t, l.tracks(), 1)
}

// A key without its row shows when the row is to be changed; the merge leaves
// nothing behind.
func mergeDrift(l *lab) {
	l.deliver(l.hour(1), event(1), event(2))
	l.sabotage(`DELETE FROM posthog.tracks WHERE event_id LIKE '%0001'`)
	load := l.load(l.hour(2), event(1, content("second"), inserted(60)), event(3))
	_, err := l.warehouse.MergeLoad(l.t.Context(), l.hour(2), load.ID)
	var broken *warehouse.InvariantError
	require.ErrorAs(l.t, err, &broken)
	assert.Len(l.t, l.tracks(), 1, "event 3 is not inserted either")
	assert.Equal(l.t, []string{"2"}, l.rows(`SELECT COUNT(*) FROM posthog.tracks_keys`))
}

func mergeForeignRows(l *lab) {
	load := l.load(l.hour(1), event(1), event(2))
	l.sabotage(`DELETE FROM posthog.raw_tracks WHERE event_id LIKE '%0001'`)
	_, err := l.warehouse.MergeLoad(l.t.Context(), l.hour(1), load.ID)
	var broken *warehouse.InvariantError
	require.ErrorAs(l.t, err, &broken)
	assert.Empty(l.t, l.tracks())
}
