package config

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/export"
)

const minimal = `
bucket: exports
prefix: posthog_batch/events/{date}/{hour}/
warehouse:
  kind: duckdb
  duckdb: {path: data/warehouse.duckdb}
`

func TestParseFillsDefaults(t *testing.T) {
	c, err := Parse([]byte(minimal + "export: {quiet: 5m}\ncutover: 2026-01-02\n"))
	require.NoError(t, err)
	assert.Equal(t, 5*time.Minute, c.Export.Quiet)
	assert.Equal(t, 65*time.Minute, c.Export.MaxWait, "a field beside a given one keeps its default")
	assert.Equal(t, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), c.Cutover.Time)
	assert.Equal(t, "posthog", c.Tables.Dataset)
	assert.Equal(t, filepath.Join("data", "staging"), c.Load.Staging)
	assert.Equal(t, export.Folder("posthog_batch/events/{date}/{hour}/"), c.Prefix)
}

func TestEnvironmentWins(t *testing.T) {
	t.Setenv("TRACKS_BUCKET", "other")
	t.Setenv("TRACKS_EXPORT_MAX_WAIT", "10m")
	t.Setenv("TRACKS_WAREHOUSE_DUCKDB_PATH", "/tmp/w.duckdb")
	t.Setenv("TRACKS_CUTOVER", "2025-05-01")
	t.Setenv("TRACKS_TABLES_DATASET", "ph")
	t.Setenv("TRACKS_LOAD_REJECT_LIMIT", "0.5")
	c, err := Parse([]byte(minimal))
	require.NoError(t, err)
	assert.Equal(t, "other", c.Bucket)
	assert.Equal(t, 10*time.Minute, c.Export.MaxWait)
	assert.Equal(t, "/tmp/w.duckdb", c.Warehouse.DuckDB.Path)
	assert.Equal(t, "2025-05-01", c.Cutover.Format(time.DateOnly))
	assert.Equal(t, "ph", c.Tables.Dataset)
	assert.InDelta(t, 0.5, c.Load.RejectLimit, 1e-9)
}

func TestParseNamesWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		yaml string
		want []string
	}{
		"unknown field":        {minimal + "buckets: x\n", []string{"buckets"}},
		"unknown nested field": {minimal + "export: {quite: 30m}\n", []string{"quite"}},
		"everything missing":   {"", []string{"bucket (or TRACKS_BUCKET)", "prefix", "warehouse.kind", "TRACKS_WAREHOUSE_DUCKDB_PATH"}},
		"a bucket with scheme": {"bucket: gs://x\n", []string{"without gs://"}},
		"wrong duration":       {minimal + "export: {quiet: fast}\n", []string{"fast"}},
		"wrong day":            {minimal + "cutover: soon\n", []string{"2026-03-04"}},
		"wrong variable":       {minimal + "export: {when_missing: ignore}\n", []string{"export.when_missing", `"fail" or "empty"`}},
		"negative limit":       {minimal + "load: {reject_limit: -1}\n", []string{"load.reject_limit"}},
		"unknown in prefix":    {"bucket: b\nprefix: '{hours}/'\nwarehouse: {kind: duckdb, duckdb: {path: x}}\n", []string{"{hours}"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(c.yaml))
			require.Error(t, err)
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
		})
	}
}

func TestReadSaysHowToNameTheFile(t *testing.T) {
	t.Setenv(FileVariable, filepath.Join(t.TempDir(), "nowhere.yaml"))
	_, err := Read("")
	require.ErrorContains(t, err, "--config")
	require.ErrorIs(t, err, os.ErrNotExist)
}
