package legacy

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
)

// What becomes of the rows is what Inherit says about them.
func TestInherit(t *testing.T) {
	t.Parallel()
	const days, events = 4, 300
	file := filepath.Join(t.TempDir(), "warehouse.duckdb")
	require.NoError(t, Inherit(t.Context(), file, days, events))
	tables, err := duckdb.New(duckdb.Options{
		Path: file, MemoryLimit: "512MB", Threads: 1, IdleClose: time.Minute, Tables: warehouse.DefaultTables(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, tables.Close()) })
	plan, err := tables.PlanBackfill(t.Context(), ledger.BackfillRange{})
	require.NoError(t, err)
	assert.Len(t, plan.Days, days+3+1, "three days more for what came back, and the undated")
	var sum ledger.Backfilled
	for _, planned := range plan.Days {
		day, err := tables.BackfillDay(t.Context(), ledger.BackfillDay{ID: "test", Day: planned.Day, Rows: planned.Rows})
		require.NoError(t, err)
		sum = sum.Plus(day)
	}
	sum.Bytes = 0
	assert.Equal(t, ledger.Backfilled{
		Read: days * (300 + 30 + 15 + 6 + 3 + 3), Inserted: days * 300, Duplicate: days * (30 + 15), Collided: days * 6, Rejected: days * (3 + 3),
	}, sum)
}
