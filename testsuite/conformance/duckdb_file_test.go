package conformance

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2" // makes the older file
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/staging"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
)

// Payloads are kept in ZSTD. In a file that was made before that they are not, and all
// else is the same.
func TestDuckDBFileFormats(t *testing.T) {
	for name, made := range map[string]struct{ by, compression string }{
		"of its own": {by: "", compression: "ZSTD"},
		"older":      {by: "v1.0.0", compression: "Uncompressed"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "warehouse.duckdb")
			if made.by != "" {
				makeFile(t, path, made.by)
			}
			l := newLab(t, func(t *testing.T) (Warehouse, activities.Area) {
				t.Helper()
				return openDuckDB(t, func(o *duckdb.Options) { o.Path = path }), staging.Directory{Root: t.TempDir()}
			})
			l.deliver(l.hour(1), event(1), event(2))
			l.deliver(l.hour(2), event(1, content("second"), inserted(60)))
			l.sabotage(`CHECKPOINT`)
			assert.Len(t, l.tracks(), 2)
			assert.Equal(t, []string{made.compression}, l.compressions("posthog.raw_tracks"))
			assert.Equal(t, []string{made.compression}, l.compressions("posthog.tracks"))
		})
	}
}

// compressions are the ways in which the payloads of a table are kept.
func (l *lab) compressions(table string) []string {
	l.t.Helper()
	return l.rows(`SELECT DISTINCT compression FROM pragma_storage_info('` + table + `')
		WHERE column_name = 'event_payload' AND segment_type <> 'VALIDITY'`)
}

// makeFile makes a file in the format of an engine.
func makeFile(t *testing.T, path, engine string) {
	t.Helper()
	db, err := sql.Open("duckdb", path+"?storage_compatibility_version="+engine)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), `CREATE TABLE anything (number INTEGER)`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}
