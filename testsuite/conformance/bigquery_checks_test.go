//go:build bigquery

package conformance

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/bigquery"
	"github.com/posthog-tracks/posthog-tracks/testsuite/bigquerystack"
)

// What is wrong with a dataset is found and named before anything runs on it.
func TestBigQueryChecks(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	stack, err := bigquerystack.Start(t.Context(), bigquerystack.Options{
		Venv: bigquerystack.DefaultVenv(), StorageRoot: root, Log: filepath.Join(root, "emulator.log"),
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, stack.Stop()) })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	connect := func(location string, readOnly bool) *bigquery.Warehouse {
		w, err := bigquery.Open(ctx, bigquery.Options{
			Project: "checks", Tables: warehouse.DefaultTables(), Cutover: Cutover, Endpoint: stack.URL(), ReadOnly: readOnly,
			Jobs: bigquery.JobSettings{Location: location, FirstPoll: 5 * time.Millisecond},
		})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, w.Close()) })
		return w
	}
	look := func(w *bigquery.Warehouse, name string) (string, error) {
		for _, check := range w.Checks() {
			if check.Name == name {
				assert.NotEmpty(t, check.Mend)
				return check.Look(ctx)
			}
		}
		t.Fatalf("there is no check %q", name)
		return "", nil
	}
	reader := connect("US", true)
	_, err = look(reader, "dataset")
	require.ErrorContains(t, err, "no dataset posthog")

	require.NoError(t, stack.CreateDataset(ctx, "checks", "posthog"))
	for _, name := range []string{"BigQuery jobs", "dataset"} {
		_, err = look(reader, name)
		require.NoError(t, err, name)
	}
	_, err = look(connect("europe-west3", true), "dataset")
	require.ErrorContains(t, err, "jobs are sent to europe-west3")
	found, err := look(reader, "table columns")
	require.NoError(t, err)
	assert.Contains(t, found, "0 tables are there")

	nothing := func([]string) error { return nil }
	require.ErrorContains(t, reader.Look(ctx, "CREATE TABLE posthog.tracks (event_id INT64)", nothing), "only queries")
	writer := connect("US", false)
	require.NoError(t, writer.Look(ctx, "SELECT 1", nothing)) // makes the tables
	found, err = look(reader, "table columns")
	require.NoError(t, err)
	assert.Contains(t, found, "tables are there")
	require.NoError(t, writer.Look(ctx, "DROP TABLE posthog.tracks", nothing))
	require.NoError(t, writer.Look(ctx, "CREATE TABLE posthog.tracks (event_id INT64)", nothing))
	_, err = look(reader, "table columns")
	require.ErrorContains(t, err, "table tracks: its column event_id is INTEGER and must be STRING")
}
