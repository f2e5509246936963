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
		w, err := duckdb.New(duckdb.Options{
			Path: filepath.Join(t.TempDir(), "warehouse.duckdb"), MemoryLimit: "256MB", Threads: 1,
			IdleClose: time.Minute, Tables: warehouse.DefaultTables(), Cutover: Cutover,
		})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, w.Close()) })
		return w, staging.Directory{Root: t.TempDir()}
	})
}
