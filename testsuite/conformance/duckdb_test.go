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

func openDuckDB(t *testing.T) *duckdb.Warehouse {
	t.Helper()
	w, err := duckdb.New(duckdb.Options{
		Path: filepath.Join(t.TempDir(), "warehouse.duckdb"), MemoryLimit: "256MB", Threads: 1,
		IdleClose: time.Minute, Tables: warehouse.DefaultTables(), Cutover: Cutover,
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, w.Close()) })
	return w
}

func TestDuckDBDedup(t *testing.T) {
	t.Parallel()
	RunDedup(t, func(t *testing.T) (Deduper, activities.Area) {
		t.Helper()
		w := openDuckDB(t)
		require.NoError(t, w.Look(t.Context(), `ALTER TABLE posthog.tracks ALTER event_id DROP NOT NULL`, func([]string) error { return nil }))
		return w, staging.Directory{Root: t.TempDir()}
	})
}

func TestDuckDBKeys(t *testing.T) {
	t.Parallel()
	RunKeys(t, func(t *testing.T) (KeysWarehouse, activities.Area) {
		t.Helper()
		return openDuckDB(t), staging.Directory{Root: t.TempDir()}
	})
}
