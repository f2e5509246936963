package conformance

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/staging"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
)

func TestDuckDB(t *testing.T) {
	t.Parallel()
	Run(t, func(t *testing.T) (Warehouse, activities.Area) {
		t.Helper()
		return openDuckDB(t), staging.Directory{Root: t.TempDir()}
	})
}

func openDuckDB(t *testing.T, change ...func(*duckdb.Options)) *duckdb.Warehouse {
	t.Helper()
	options := duckdb.Options{
		Path: filepath.Join(t.TempDir(), "warehouse.duckdb"), MemoryLimit: "256MB", Threads: 1,
		IdleClose: time.Minute, Tables: warehouse.DefaultTables(), Cutover: Cutover,
	}
	for _, set := range change {
		set(&options)
	}
	w, err := duckdb.New(options)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, w.Close()) })
	return w
}

// Keys whose buckets are of another rule would never be found: every event would be
// new once more.
func TestDuckDBRefusesKeysOfOtherBuckets(t *testing.T) {
	l := newLab(t, func(t *testing.T) (Warehouse, activities.Area) {
		t.Helper()
		return openDuckDB(t), staging.Directory{Root: t.TempDir()}
	})
	l.deliver(l.hour(1), event(1))
	l.sabotage(`UPDATE posthog.tracks_keys SET bucket = bucket + 1 WHERE TRUE`)
	load := l.load(l.hour(2), event(1, content("second"), inserted(60)))
	_, err := l.warehouse.MergeLoad(t.Context(), l.hour(2), load.ID)
	var missing *warehouse.KeysMissingError
	require.ErrorAs(t, err, &missing)
	assert.Len(t, l.tracks(), 1)
}

func TestDuckDBDedup(t *testing.T) {
	t.Parallel()
	RunDedup(t, func(t *testing.T) (Deduper, activities.Area) {
		t.Helper()
		return openOld(t), staging.Directory{Root: t.TempDir()}
	})
}

// openOld opens a warehouse whose tracks takes rows without an id, as older ones do.
func openOld(t *testing.T, change ...func(*duckdb.Options)) *duckdb.Warehouse {
	t.Helper()
	w := openDuckDB(t, change...)
	require.NoError(t, w.Look(t.Context(), `ALTER TABLE posthog.tracks ALTER event_id DROP NOT NULL`, func([]string) error { return nil }))
	return w
}

func TestDuckDBKeys(t *testing.T) {
	t.Parallel()
	RunKeys(t, func(t *testing.T) (KeysWarehouse, activities.Area) {
		t.Helper()
		return openDuckDB(t), staging.Directory{Root: t.TempDir()}
	})
}
