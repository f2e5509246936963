package sample_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample/decode"
)

func at(t require.TestingT, text string) window.Window {
	w, err := window.Parse(text)
	require.NoError(t, err)
	return w
}

func generate(t require.TestingT, hour string, o sample.Options) *sample.Hour {
	h, err := sample.Generate(at(t, hour), o)
	require.NoError(t, err)
	return h
}

// events are the columns of the rows.
func events(rows []sample.Row) []sample.Event {
	var columns []sample.Event
	for i := range rows {
		columns = append(columns, rows[i].Event)
	}
	return columns
}

// requireEqual names the first event that differs instead of printing megabytes.
func requireEqual(t require.TestingT, want, got []sample.Event) {
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, want[i], got[i], "row %d", i)
	}
}

func TestFilesHoldTheirRows(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]sample.Options{
		"one file":        {Seed: 1, Events: 1500},
		"every trap":      {Seed: 2, Events: 600, Traps: sample.AllTraps()},
		"row groups":      {Seed: 3, Events: 900, BatchRows: 100},
		"parts":           {Seed: 4, Events: 900, BatchRows: 100, SplitBytes: 200_000},
		"zstd":            {Seed: 5, Events: 300, Codec: sample.Zstd},
		"gzip":            {Seed: 6, Events: 300, Codec: sample.Gzip},
		"no compression":  {Seed: 7, Events: 300, Codec: sample.None},
		"an older writer": {Seed: 8, Events: 300, InsertedAt: "inserted_at"},
		"a retry":         {Seed: 9, Events: 300, Run: sample.Retry, Traps: sample.AllTraps()},
		"a late retry":    {Seed: 9, Events: 300, Run: sample.LateRetry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := generate(t, "2026-06-12T10", o)
			for _, object := range h.Objects {
				if object.Rows == nil && filepath.Ext(object.Name) == ".json" {
					continue
				}
				got, err := decode.Read(object.Content)
				require.NoError(t, err, object.Name)
				requireEqual(t, events(object.Rows), got)
			}
		})
	}
}

func TestAnyOptionsDecodeToTheirRows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := sample.Options{
			Seed:       rapid.Uint64().Draw(t, "seed"),
			Events:     rapid.IntRange(0, 60).Draw(t, "events"),
			BatchRows:  rapid.IntRange(0, 30).Draw(t, "batch rows"),
			SplitBytes: rapid.Int64Range(0, 30_000).Draw(t, "split bytes"),
			Traps: rapid.SliceOfDistinct(rapid.SampledFrom(sample.AllTraps().Without(sample.HugeProperties, sample.DeepNesting)),
				rapid.ID[sample.Trap]).Draw(t, "traps"),
			Run: rapid.SampledFrom([]sample.Run{sample.Live, sample.Retry, sample.LateRetry}).Draw(t, "run"),
		}
		h := generate(t, "2026-06-12T10", o)
		for _, object := range h.Objects {
			if filepath.Ext(object.Name) == ".json" {
				continue
			}
			got, err := decode.Read(object.Content)
			require.NoError(t, err)
			requireEqual(t, events(object.Rows), got)
		}
	})
}

func TestCursorColumn(t *testing.T) {
	t.Parallel()
	h := generate(t, "2026-06-12T10", sample.Options{Seed: 1, Events: 20, InsertedAt: "-"})
	got, err := decode.Read(h.Objects[0].Content)
	require.NoError(t, err)
	want := events(h.Objects[0].Rows)
	for i := range want {
		want[i].InsertedAt = sample.Micros{}
	}
	requireEqual(t, want, got)
}

// inDuckDB reads a Parquet file with DuckDB, in the order of the file.
func inDuckDB(t *testing.T, db *sql.DB, content []byte, insertedAt string) ([]sample.Event, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "export.parquet")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	rows, err := db.QueryContext(t.Context(), fmt.Sprintf(`
		SELECT uuid, event, properties, distinct_id, person_id, person_properties, elements_chain,
		       epoch_us("timestamp"), epoch_us(created_at), epoch_us(%s)
		FROM read_parquet('%s', file_row_number = true) ORDER BY file_row_number`, insertedAt, path))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var events []sample.Event
	for rows.Next() {
		var e sample.Event
		require.NoError(t, rows.Scan(&e.UUID, &e.Name, &e.Properties, &e.DistinctID, &e.PersonID, &e.PersonProperties,
			&e.ElementsChain, &e.Timestamp, &e.CreatedAt, &e.InsertedAt))
		events = append(events, e)
	}
	return events, rows.Err()
}

func TestDuckDBReadsTheSameRows(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	// DuckDB refuses text that is not UTF-8, and has no microseconds for the least
	// and the most there is: it calls them infinity.
	traps := sample.AllTraps().Without(sample.InvalidUTF8, sample.AbsurdTimestamp)
	for name, o := range map[string]sample.Options{
		"every trap it can read": {Seed: 2, Events: 600, Traps: traps},
		"brotli":                 {Seed: 3, Events: 300, Codec: sample.Brotli},
		"lz4":                    {Seed: 4, Events: 300, Codec: sample.LZ4},
		"row groups":             {Seed: 5, Events: 900, BatchRows: 100, InsertedAt: "inserted_at"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			insertedAt := o.InsertedAt
			if insertedAt == "" {
				insertedAt = "_inserted_at"
			}
			for _, object := range generate(t, "2026-06-12T10", o).Objects {
				if filepath.Ext(object.Name) == ".json" {
					continue
				}
				got, err := inDuckDB(t, db, object.Content, insertedAt)
				require.NoError(t, err)
				requireEqual(t, events(object.Rows), got)
			}
		})
	}
	t.Run("not UTF-8", func(t *testing.T) {
		t.Parallel()
		h := generate(t, "2026-06-12T10", sample.Options{Traps: sample.Traps{sample.InvalidUTF8}})
		_, err := inDuckDB(t, db, h.Objects[0].Content, "_inserted_at")
		assert.ErrorContains(t, err, "UTF-8")
	})
}
