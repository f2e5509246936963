//go:build bigquery

package histories

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/staging"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/bigquery"
	"github.com/posthog-tracks/posthog-tracks/testsuite/bigquerystack"
	"github.com/posthog-tracks/posthog-tracks/testsuite/oracle"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// client is a BigQuery client. BigQuery does not die with it.
type client struct{ open *bigquery.Warehouse }

func (c client) Warehouse() Warehouse { return c.open }

func (client) Die(int, func(Warehouse) error) (bool, error) {
	return false, errors.New("BigQuery does not die")
}

// IsBigQuery is true.
func (client) IsBigQuery() bool { return true }

// dedupedOnBigQuery are some of the histories of testdata about dedups. They neither
// tell contents apart by their hash nor merge afterwards, which is not the same on
// BigQuery.
var dedupedOnBigQuery = []string{
	"a-rollback-takes-rejects-back", "a-rollback-gives-events-without-key-the-newest-rows",
	"nobody-rolls-back-while-keys-are-rebuilt", "the-first-row-is-told-by-inserted_at",
}

// TestBigQueryHistories plays a few drawn histories, always the same, and some that are
// kept, on the stand-in for BigQuery.
func TestBigQueryHistories(t *testing.T) {
	root := t.TempDir()
	stack, err := bigquerystack.Start(t.Context(), bigquerystack.Options{
		Venv: bigquerystack.DefaultVenv(), StorageRoot: root, Log: filepath.Join(root, "emulator.log"),
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, stack.Stop()) })
	t.Setenv("BIGQUERY_EMULATOR_HOST", stack.URL())
	facets := make(oracle.Facets)
	var histories []History
	for seed := range 20 {
		histories = append(histories, Histories(Taste{IDs: 3, Hours: 2, Steps: 4, Rows: 4}).Example(seed))
	}
	kept := fixtures(t)
	for _, name := range dedupedOnBigQuery {
		require.Contains(t, kept, name)
		histories = append(histories, kept[name])
	}
	for i, history := range histories {
		project := fmt.Sprintf("history-%d", i)
		require.NoError(t, stack.CreateDataset(t.Context(), project, warehouse.DefaultTables().Dataset))
		open, err := bigquery.Open(t.Context(), bigquery.Options{
			Project: project, Tables: warehouse.DefaultTables(), Cutover: sample.DefaultCutover,
			Jobs: bigquery.JobSettings{Location: "EU", FirstPoll: 5 * time.Millisecond, MostPoll: 100 * time.Millisecond},
		})
		require.NoError(t, err)
		area := staging.Bucket{Store: bigquerystack.Folder{Root: root, Bucket: "staging"}, Prefix: project, Local: t.TempDir()}
		err = Play(t.Context(), client{open}, area, facets, history)
		assert.NoError(t, open.Close())
		if !assert.NoError(t, err, "%s", history) {
			t.Logf("what the stand-in said:\n%s", strings.Join(stack.Jobs.Errors(project), "\n"))
		}
	}
}
