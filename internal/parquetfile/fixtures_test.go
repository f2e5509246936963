package parquetfile

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// expected reads rows as testdata/write.py put them into JSON.
func expected(tb testing.TB, name string) []Record {
	tb.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(tb, err)
	var lines [][7]any
	require.NoError(tb, json.Unmarshal(content, &lines))
	text := func(v any) []byte {
		if v == nil {
			return nil
		}
		return []byte(v.(string))
	}
	instant := func(v any) Micros {
		if v == nil {
			return Micros{}
		}
		return Micros{Value: int64(v.(float64)), Valid: true} // below 2^53, so exact
	}
	rows := make([]Record, len(lines))
	for i, l := range lines {
		rows[i] = Record{
			Row: int64(i), UUID: text(l[0]), Event: text(l[1]), Properties: text(l[2]), DistinctID: text(l[3]),
			PersonID: text(l[4]), Timestamp: instant(l[5]), InsertedAt: instant(l[6]),
		}
	}
	return rows
}

func TestFilesOfPyarrow(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"hour.parquet":             "hour.json",
		"few-zstd.parquet":         "few.json",
		"few-gzip.parquet":         "few.json",
		"few-brotli.parquet":       "few.json",
		"few-none.parquet":         "few.json",
		"few-v2-checksums.parquet": "few.json",
	}
	for file, rows := range cases {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			want := expected(t, rows)
			path := filepath.Join("testdata", file)
			got, err := readRows(path, Limits{})
			require.NoError(t, err)
			assert.Equal(t, want, got)

			f, err := Open(path, Limits{})
			require.NoError(t, err)
			defer f.Close()
			assert.EqualValues(t, len(want), f.NumRows())
			assert.Equal(t, []string{"created_at", "elements_chain", "person_properties"}, f.ExtraColumns())
			assert.Empty(t, f.MissingColumns())
		})
	}
}

func TestFileOfPyarrowWithoutRows(t *testing.T) {
	t.Parallel()
	rows, err := readRows(filepath.Join("testdata", "empty.parquet"), Limits{})
	require.NoError(t, err)
	assert.Empty(t, rows)
}

func TestLZ4IsRefusedWithTheMend(t *testing.T) {
	t.Parallel()
	_, err := readRows(filepath.Join("testdata", "few-lz4.parquet"), Limits{})
	fault := requireFault(t, err, UnsupportedCodec)
	assert.Contains(t, fault.Detail, `column "uuid", row group 0`)
	assert.Contains(t, fault.Detail, "LZ4_RAW")
	assert.Contains(t, fault.Detail, "set compression to snappy, zstd, gzip, brotli or none in PostHog's batch export")
}
