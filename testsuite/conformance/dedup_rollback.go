package conformance

import (
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/keys"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

func dedupRollback(l *dedupLab) {
	l.everyCause()
	tracks, keys := l.everything("tracks"), l.everything("tracks_keys")
	order, _ := l.dedup("run")
	for range 2 {
		rollback, err := l.deduper.RollbackDedup(l.t.Context(), order.ID)
		require.NoError(l.t, err)
		assert.Equal(l.t, int64(18), rollback.Rows)
		assert.Equal(l.t, tracks, l.everything("tracks"))
		assert.Equal(l.t, keys, l.everything("tracks_keys"))
		assert.Empty(l.t, l.rows(`SELECT reason FROM posthog.merge_rejects`))
	}
	l.drop(order.ID)
	l.dedup("another run")
}

func dedupRollbackKeeps(l *dedupLab) {
	l.everyCause()
	order, _ := l.dedup("run")
	l.deliver(l.hour(2), event(8, content("second"), inserted(600)), event(9))
	rollback, err := l.deduper.RollbackDedup(l.t.Context(), order.ID)
	require.NoError(l.t, err)
	assert.Equal(l.t, int64(19), rollback.Rows)
	assert.Equal(l.t, []string{"second"}, l.rows(`SELECT person_id FROM posthog.tracks WHERE event_id LIKE '%0008'`))
}

func dedupRollbackRefuses(l *dedupLab) {
	l.everyCause()
	order, _ := l.dedup("run")
	l.deliver(l.hour(2), event(1, content("third"), inserted(600)))
	tracks := l.everything("tracks")
	_, err := l.deduper.RollbackDedup(l.t.Context(), order.ID)
	var changed *warehouse.ChangedSinceError
	require.ErrorAs(l.t, err, &changed)
	assert.Equal(l.t, int64(1), changed.Events)
	assert.Equal(l.t, tracks, l.everything("tracks"))
}

// dedupRollbackWaits has a rebuild of keys that is half done: like all other writers, a
// rollback may not come between its slices.
func dedupRollbackWaits(l *dedupLab) {
	l.everyCause()
	order, _ := l.dedup("run")
	rebuild, ok := l.deduper.(activities.KeysWarehouse)
	require.True(l.t, ok)
	_, err := rebuild.PlanKeys(l.t.Context(), keys.PlanRequest{RebuildID: "half done"})
	require.NoError(l.t, err)
	tracks := l.everything("tracks")
	_, err = l.deduper.RollbackDedup(l.t.Context(), order.ID)
	var missing *warehouse.KeysMissingError
	require.ErrorAs(l.t, err, &missing)
	assert.True(l.t, missing.Unfinished)
	assert.Equal(l.t, tracks, l.everything("tracks"))

	require.NoError(l.t, rebuild.DiscardKeys(l.t.Context()))
	_, err = l.deduper.RollbackDedup(l.t.Context(), order.ID)
	require.NoError(l.t, err)
}

// dedupRollbackRemembers delivers what changes nothing between a dedup and its rollback.
func dedupRollbackRemembers(l *dedupLab) {
	l.deliver(l.hour(1), event(1))
	l.copied("0001", anotherDay)
	order, _ := l.dedup("run")
	l.deliver(l.hour(2), event(1, inserted(600)))
	_, err := l.deduper.RollbackDedup(l.t.Context(), order.ID)
	require.NoError(l.t, err)
	load := l.load(l.hour(3), event(1, content("between"), inserted(300)))
	merge, err := l.deduper.MergeLoad(l.t.Context(), l.hour(3), load.ID)
	require.NoError(l.t, err)
	assert.Equal(l.t, ledger.Merge{Unchanged: 1}, merge, "a newer one was seen")
}

// dedupRollbackWithoutKeys takes a dedup back that found no keys. Merges must find the
// rows that came back.
func dedupRollbackWithoutKeys(l *dedupLab) {
	l.deliver(l.hour(1), event(1))
	l.copied("0001", stampedLater, anotherDay)
	l.sabotage(`DELETE FROM posthog.tracks_keys WHERE TRUE`)
	order, _ := l.dedup("run")
	_, err := l.deduper.RollbackDedup(l.t.Context(), order.ID)
	require.NoError(l.t, err)
	load := l.load(l.hour(2), event(1, content("second"), inserted(600)))
	merge, err := l.deduper.MergeLoad(l.t.Context(), l.hour(2), load.ID)
	require.NoError(l.t, err)
	assert.Equal(l.t, ledger.Merge{Updated: 1}, merge)
	assert.Equal(l.t, []string{line("0001", noon, "first"), line("0001", noon.AddDate(0, 0, 8), "second")},
		l.rows(`SELECT SUBSTR(event_id, 33), created_at, event_name, user_id, person_id FROM posthog.tracks ORDER BY created_at`))
}

// dedupDroppedUnrecorded dies between the snapshot and its record, and is given up.
func dedupDroppedUnrecorded(l *dedupLab) {
	l.everyCause()
	order := l.snapshot("run")
	l.sabotage(`CREATE TABLE posthog.recorded AS SELECT * FROM posthog.tracks_dedups`)
	l.sabotage(`DELETE FROM posthog.tracks_dedups WHERE TRUE`)
	kept, err := l.deduper.DropSnapshot(l.t.Context(), order, true)
	require.NoError(l.t, err)
	require.Nil(l.t, kept)
	l.sabotage(`INSERT INTO posthog.tracks_dedups SELECT * FROM posthog.recorded`)
	_, err = l.deduper.RollbackDedup(l.t.Context(), order.ID)
	var gone *warehouse.SnapshotGoneError
	require.ErrorAs(l.t, err, &gone)
}
