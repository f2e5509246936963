//go:build bigquery

package conformance

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/staging"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/bigquery"
	"github.com/posthog-tracks/posthog-tracks/testsuite/bigquerystack"
)

// stagingBucket is a folder of the stand-in's storage root.
const stagingBucket = "staging"

// TestBigQuery runs the suite on a stand-in for BigQuery, with a project for each
// case.
func TestBigQuery(t *testing.T) {
	t.Parallel()
	open := standIn(t)
	// A group ends when its parallel cases have, and before the stand-in does.
	t.Run("suite", func(t *testing.T) {
		Run(t, func(t *testing.T) (Warehouse, activities.Area) {
			t.Helper()
			return open(t)
		})
	})
	t.Run("costs are booked by step", func(t *testing.T) {
		costsAreBooked(newLab(t, func(t *testing.T) (Warehouse, activities.Area) {
			t.Helper()
			return open(t)
		}))
	})
	t.Run("keys", func(t *testing.T) {
		RunKeys(t, func(t *testing.T) (KeysWarehouse, activities.Area) {
			t.Helper()
			return open(t)
		})
	})
}

// costsAreBooked checks that the ledger has every step's jobs, each once.
func costsAreBooked(l *lab) {
	l.deliver(l.hour(1), event(1), event(2))
	rows := l.rows(`SELECT TO_JSON_STRING(job_ids), bytes_billed >= 0, cost_usd >= 0 FROM posthog.window_ledger`)
	require.Len(l.t, rows, 1)
	for _, step := range []string{"load-staged", "commit-window-begin", "merge-state", "merge-classify", "merge-plan", "merge-begin"} {
		assert.Equal(l.t, 1, strings.Count(rows[0], `"step":"`+step+`"`), "%s in %s", step, rows[0])
	}
	assert.True(l.t, strings.HasSuffix(rows[0], "|true|true"), rows[0])
	billed, ok := l.warehouse.(activities.Billed)
	require.True(l.t, ok)
	_, err := billed.LoadCost(l.t.Context(), l.hour(1), "load-1")
	require.NoError(l.t, err)
}

// standIn starts a stand-in for BigQuery. What it returns opens a project on it.
func standIn(t *testing.T) func(*testing.T) (*bigquery.Warehouse, activities.Area) {
	t.Helper()
	root := t.TempDir()
	stack, err := bigquerystack.Start(t.Context(), bigquerystack.Options{
		Venv: bigquerystack.DefaultVenv(), StorageRoot: root, Log: filepath.Join(root, "emulator.log"),
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, stack.Stop()) })
	var cases atomic.Int64
	return func(t *testing.T) (*bigquery.Warehouse, activities.Area) {
		t.Helper()
		project := fmt.Sprintf("case-%d", cases.Add(1))
		require.NoError(t, stack.CreateDataset(t.Context(), project, warehouse.DefaultTables().Dataset))
		w, err := bigquery.Open(t.Context(), bigquery.Options{
			Project: project, Tables: warehouse.DefaultTables(), Cutover: Cutover, Endpoint: stack.URL(),
			Jobs: bigquery.JobSettings{Location: "EU", FirstPoll: 5 * time.Millisecond, MostPoll: 100 * time.Millisecond},
		})
		require.NoError(t, err)
		t.Cleanup(func() {
			assert.NoError(t, w.Close())
			if t.Failed() {
				t.Logf("what the stand-in said:\n%s", strings.Join(stack.Jobs.Errors(project), "\n"))
			}
		})
		return w, staging.Bucket{
			Store: bigquerystack.Folder{Root: root, Bucket: stagingBucket}, Prefix: project, Local: t.TempDir(),
		}
	}
}
