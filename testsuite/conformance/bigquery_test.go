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
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/bigquery"
	"github.com/posthog-tracks/posthog-tracks/testsuite/bigquerystack"
)

// stagingBucket is a folder of the stand-in's storage root.
const stagingBucket = "staging"

// TestBigQuery runs the suite on a stand-in for BigQuery.
func TestBigQuery(t *testing.T) {
	t.Parallel()
	runOn(t, standIn(t))
}

// runOn runs everything that BigQuery must do at a place.
func runOn(t *testing.T, p *place) {
	t.Helper()
	// A group ends when its parallel cases have, and before the stand-in does.
	t.Run("suite", func(t *testing.T) {
		Run(t, func(t *testing.T) (Warehouse, activities.Area) {
			t.Helper()
			return p.open(t)
		})
	})
	t.Run("costs are booked by step", func(t *testing.T) {
		costsAreBooked(newLab(t, func(t *testing.T) (Warehouse, activities.Area) {
			t.Helper()
			return p.open(t)
		}))
	})
	t.Run("dedup", func(t *testing.T) {
		RunDedup(t, func(t *testing.T) (Deduper, activities.Area) {
			t.Helper()
			return p.open(t)
		})
	})
	t.Run("keys", func(t *testing.T) {
		RunKeys(t, func(t *testing.T) (KeysWarehouse, activities.Area) {
			t.Helper()
			return p.open(t)
		})
	})
	t.Run("questions", func(t *testing.T) { askQuestions(t, p) })
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

// standIn starts a stand-in for BigQuery, where each case has a project of its own.
func standIn(t *testing.T) *place {
	t.Helper()
	root := t.TempDir()
	stack, err := bigquerystack.Start(t.Context(), bigquerystack.Options{
		Venv: bigquerystack.DefaultVenv(), StorageRoot: root, Log: filepath.Join(root, "emulator.log"),
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, stack.Stop()) })
	var projects atomic.Int64
	return &place{
		project:  func() string { return fmt.Sprintf("case-%d", projects.Add(1)) },
		location: "EU", endpoint: stack.URL(),
		store: bigquerystack.Folder{Root: root, Bucket: stagingBucket},
		jobs:  bigquery.JobSettings{FirstPoll: 5 * time.Millisecond, MostPoll: 100 * time.Millisecond},
		said:  stack.Jobs.Errors,
	}
}
