package conformance

import (
	"crypto/md5"
	"database/sql"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2" // makes the older file
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/staging"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
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
			l.requireWhole()
			assert.Equal(t, []string{made.compression}, l.compressions("posthog.raw_tracks"))
			assert.Equal(t, []string{made.compression}, l.compressions("posthog.tracks"))
		})
	}
}

// Whatever length payloads have, and however they are mixed, they are read as they were
// delivered: ZSTD keeps them in vectors of 2,048 and pages of 256 KB.
func TestDuckDBKeepsPayloads(t *testing.T) {
	l := newLab(t, func(t *testing.T) (Warehouse, activities.Area) {
		t.Helper()
		return openDuckDB(t), staging.Directory{Root: t.TempDir()}
	})
	random := rand.New(rand.NewPCG(1, 2))
	want := make(map[string]string)
	deliver := func(hour, first, last int) {
		var batch []sample.Event
		for n := first; n <= last; n++ {
			payload := payload(random)
			batch = append(batch, event(n, properties(payload), inserted(60*hour)))
			want[fmt.Sprintf("%04d", n)] = fmt.Sprintf("%x", md5.Sum([]byte(payload)))
		}
		l.deliver(l.hour(hour), batch...)
	}
	deliver(1, 1, 5000)
	deliver(2, 1000, 4000)
	deliver(3, 3000, 6000)
	l.sabotage(`CHECKPOINT`)
	l.requireWhole()
	got := make(map[string]string)
	for _, row := range l.rows(`SELECT SUBSTR(event_id, 33), MD5(event_payload) FROM posthog.tracks`) {
		n, sum, _ := strings.Cut(row, "|")
		got[n] = sum
	}
	assert.Equal(t, want, got)
}

// payload is an object of hardly compressible text: mostly of a few bytes to some KB,
// now and then of nearly a page, and of several.
func payload(random *rand.Rand) string {
	size := random.IntN(2000)
	switch random.IntN(1000) {
	case 0:
		size = 1_000_000
	case 1, 2:
		size = 262_000 + random.IntN(300)
	}
	noise := make([]byte, size/4*3)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	return `{"noise": "` + base64.StdEncoding.EncodeToString(noise) + `"}`
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
