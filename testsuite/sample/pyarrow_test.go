package sample_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample/decode"
)

// testdata/README.md tells how the files come about.
func TestFilesAreThoseOfPyarrow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o      sample.Options
		object int
	}{
		"snappy.parquet.sz": {sample.Options{
			Seed: 11, Events: 24, BatchRows: 14,
			Traps: sample.Traps{sample.NullTimestamp, sample.NullDistinctID, sample.NullProperties},
		}, 0},
		"zstd.parquet.zst": {sample.Options{Seed: 12, Events: 60, Codec: sample.Zstd, InsertedAt: "inserted_at"}, 0},
		"empty.parquet.sz": {sample.Options{Seed: 13, Events: 9, Traps: sample.Traps{sample.EmptyLastPart}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours := generate(t, "2026-06-12T10", c.o).Objects[c.object]
			path := filepath.Join("testdata", name)
			rows, err := decode.ReadAll(path)
			require.NoError(t, err)
			requireEqual(t, events(ours.Rows), rows)

			theirs, err := os.ReadFile(path)
			require.NoError(t, err)
			want, got := open(t, theirs), open(t, ours.Content)
			assert.Equal(t, want.MetaData().GetCreatedBy(), got.MetaData().GetCreatedBy())
			assert.Equal(t, want.MetaData().Version(), got.MetaData().Version())
			assert.Equal(t, want.MetaData().KeyValueMetadata().Keys(), got.MetaData().KeyValueMetadata().Keys())
			assert.Equal(t, want.MetaData().Schema.String(), got.MetaData().Schema.String())
			assert.Equal(t, want.MetaData().Schema.Root().RepetitionType(), got.MetaData().Schema.Root().RepetitionType())
			assertSameArrowSchema(t, want.MetaData(), got.MetaData())
			assert.Equal(t, chunks(t, want), chunks(t, got))
		})
	}
}

func open(t *testing.T, content []byte) *file.Reader {
	t.Helper()
	reader, err := file.NewParquetReader(bytes.NewReader(content))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, reader.Close()) })
	return reader
}

// assertSameArrowSchema compares the schema stored under ARROW:schema, with the
// extension types of the JSON columns.
func assertSameArrowSchema(t *testing.T, want, got *metadata.FileMetaData) {
	t.Helper()
	decoded := func(m *metadata.FileMetaData) *arrow.Schema {
		schema, err := pqarrow.FromParquet(m.Schema, nil, m.KeyValueMetadata())
		require.NoError(t, err)
		return schema
	}
	assert.Equal(t, decoded(want).String(), decoded(got).String())
	field, _ := decoded(got).FieldsByName("properties")
	kind, _ := field[0].Metadata.GetValue("ARROW:extension:name")
	assert.Equal(t, "json", kind)
}

// chunk is what a reader meets in a column chunk, offsets and sizes aside: two
// compressors do not agree on bytes.
type chunk struct {
	group, rows  int64
	column       string
	codec        string
	encodings    []string
	dictionary   bool
	nulls        int64
	index, bloom bool
	pages        []page
}

type page struct {
	kind, encoding string
	values         int32
}

func chunks(t *testing.T, reader *file.Reader) []chunk {
	t.Helper()
	var all []chunk
	for group := range reader.NumRowGroups() {
		footer := reader.MetaData().RowGroup(group)
		for column := range footer.NumColumns() {
			meta, err := footer.ColumnChunk(column)
			require.NoError(t, err)
			statistics, err := meta.Statistics()
			require.NoError(t, err)
			all = append(all, chunk{
				group: int64(group), rows: footer.NumRows(), column: meta.PathInSchema().String(),
				codec: meta.Compression().String(), encodings: encodings(meta.Encodings()),
				dictionary: meta.HasDictionaryPage(), nulls: statistics.NullCount(),
				index: meta.GetColumnIndexLocation() != nil, bloom: meta.BloomFilterOffset() != 0,
				pages: pages(t, reader.RowGroup(group), column),
			})
		}
	}
	return all
}

// encodings is the set of them: the order in a footer means nothing.
func encodings(list []parquet.Encoding) []string {
	var names []string
	for _, encoding := range list {
		names = append(names, encoding.String())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func pages(t *testing.T, group *file.RowGroupReader, column int) []page {
	t.Helper()
	reader, err := group.GetColumnPageReader(column)
	require.NoError(t, err)
	var all []page
	for reader.Next() {
		p := reader.Page()
		all = append(all, page{p.Type().String(), p.Encoding().String(), p.NumValues()})
	}
	require.NoError(t, reader.Err())
	return all
}
