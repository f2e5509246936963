package parquetfile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// store puts content into a file of its own folder and returns its path.
func store(tb testing.TB, content []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "export.parquet.sz")
	require.NoError(tb, os.WriteFile(path, content, 0o600))
	return path
}

// readRows returns copies of all rows, or the rows up to an error.
func readRows(path string, limits Limits) ([]Record, error) {
	f, err := Open(path, limits)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var rows []Record
	for {
		r, err := f.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		c := *r
		for _, b := range []*[]byte{&c.UUID, &c.Event, &c.Properties, &c.DistinctID, &c.PersonID} {
			*b = bytes.Clone(*b)
		}
		rows = append(rows, c)
	}
}

func TestRowsComeBackFromEveryShape(t *testing.T) {
	t.Parallel()
	shuffled := []string{
		"nested", "timestamp", "properties", "zzz", "uuid", "repeated", "person_id", "_inserted_at", "distinct_id", "event",
	}
	cases := map[string]struct {
		shape
		nulls bool
	}{
		"as PostHog writes":         {shape{codec: &parquet.Snappy}, false},
		"nulls":                     {shape{codec: &parquet.Snappy}, true},
		"required":                  {shape{required: true}, false},
		"dictionary":                {shape{encoding: &parquet.RLEDictionary, codec: &parquet.Snappy}, true},
		"dictionary required":       {shape{encoding: &parquet.RLEDictionary, required: true}, false},
		"delta lengths":             {shape{encoding: &parquet.DeltaLengthByteArray, codec: &parquet.Zstd}, true},
		"v2":                        {shape{version: 2, codec: &parquet.Snappy}, true},
		"v2 dictionary":             {shape{version: 2, encoding: &parquet.RLEDictionary, codec: &parquet.Zstd}, true},
		"v2 delta required":         {shape{version: 2, encoding: &parquet.DeltaLengthByteArray, required: true}, false},
		"gzip":                      {shape{codec: &parquet.Gzip}, true},
		"zstd":                      {shape{codec: &parquet.Zstd}, true},
		"brotli":                    {shape{codec: &parquet.Brotli}, true},
		"v2 brotli":                 {shape{version: 2, codec: &parquet.Brotli}, true},
		"v2 gzip":                   {shape{version: 2, codec: &parquet.Gzip}, true},
		"no compression":            {shape{codec: &parquet.Uncompressed}, true},
		"milliseconds":              {shape{unit: parquet.Millisecond}, true},
		"nanoseconds":               {shape{unit: parquet.Nanosecond}, true},
		"JSON annotation":           {shape{text: parquet.JSON()}, true},
		"ENUM annotation":           {shape{text: parquet.Enum()}, true},
		"no annotation":             {shape{text: parquet.Leaf(parquet.ByteArrayType)}, true},
		"binary ids":                {shape{binaryIDs: true}, true},
		"binary ids dictionary":     {shape{binaryIDs: true, encoding: &parquet.RLEDictionary, codec: &parquet.Snappy}, true},
		"many row groups":           {shape{groupRows: 37, codec: &parquet.Snappy}, true},
		"row groups of one row":     {shape{groupRows: 1, encoding: &parquet.RLEDictionary}, true},
		"large pages":               {shape{pageBytes: 1 << 20, codec: &parquet.Snappy}, true},
		"shuffled, nested, extras":  {shape{order: shuffled, codec: &parquet.Snappy, groupRows: 100}, true},
		"shuffled nested extras v2": {shape{order: shuffled, version: 2, encoding: &parquet.RLEDictionary}, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := sampleRows(500, c.nulls)
			content := c.encode(t, want)
			requireWritten(t, content, c.shape)
			got, err := readRows(store(t, content), Limits{})
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

// requireWritten makes sure that the writer did what the shape asked for.
func requireWritten(tb testing.TB, content []byte, s shape) {
	tb.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(content), int64(len(content)))
	require.NoError(tb, err)
	groups := f.Metadata().RowGroups
	require.Greater(tb, len(groups), s.groupRows/100)
	for _, c := range groups[0].Columns {
		name := c.MetaData.PathInSchema[0]
		dictionary := s.encoding == &parquet.RLEDictionary && name == "timestamp"
		if s.encoding != nil && (name == "properties" || dictionary) {
			require.Contains(tb, c.MetaData.Encoding, s.encoding.Encoding(), name)
		}
		if name != "properties" {
			continue
		}
		if s.codec != nil {
			require.Equal(tb, s.codec.CompressionCodec(), c.MetaData.Codec)
		}
		pages := map[format.PageType]int32{}
		for _, e := range c.MetaData.EncodingStats {
			pages[e.PageType] += e.Count
		}
		written, other := format.DataPage, format.DataPageV2
		if s.version == 2 {
			written, other = other, written
		}
		require.Zero(tb, pages[other])
		require.Positive(tb, pages[written])
		if s.pageBytes == 0 && s.groupRows == 0 {
			require.Greater(tb, pages[written], int32(1))
		}
	}
}

func TestPagesOfColumnsNeedNotLineUp(t *testing.T) {
	t.Parallel()
	// A megabyte of properties is a page of its own, while the ids of all rows fit into one.
	want := sampleRows(6, false)
	for i := range want {
		want[i].Properties = bytes.Repeat([]byte{byte('a' + i)}, 1<<20+i)
	}
	got, err := readRows(store(t, shape{codec: &parquet.Snappy, pageBytes: 64 << 10}.encode(t, want)), Limits{})
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestFilesWithoutRows(t *testing.T) {
	t.Parallel()
	f, err := Open(store(t, shape{}.encode(t, nil)), Limits{})
	require.NoError(t, err)
	defer f.Close()
	assert.Zero(t, f.NumRows())
	for range 2 {
		_, err = f.Next()
		require.ErrorIs(t, err, io.EOF)
	}
}

func TestColumnsAreMatchedByName(t *testing.T) {
	t.Parallel()
	with := func(instead string) []string {
		order := slices.Clone(posthogOrder)
		order[slices.Index(order, "_inserted_at")] = instead
		return order
	}
	t.Run("an absent optional column reads as NULL", func(t *testing.T) {
		t.Parallel()
		want := sampleRows(20, false)
		for i := range want {
			want[i].InsertedAt = Micros{}
		}
		path := store(t, shape{order: with("zzz")}.encode(t, want))
		got, err := readRows(path, Limits{})
		require.NoError(t, err)
		assert.Equal(t, want, got)

		f, err := Open(path, Limits{})
		require.NoError(t, err)
		defer f.Close()
		assert.Equal(t, []string{"_inserted_at"}, f.MissingColumns())
		assert.Equal(t, []string{"created_at", "elements_chain", "person_properties", "zzz"}, f.ExtraColumns())
	})
	t.Run("the older name of a column is taken", func(t *testing.T) {
		t.Parallel()
		want := sampleRows(20, true)
		path := store(t, shape{order: with("inserted_at")}.encode(t, want))
		got, err := readRows(path, Limits{})
		require.NoError(t, err)
		assert.Equal(t, want, got)
	})
	t.Run("the newer name wins", func(t *testing.T) {
		t.Parallel()
		f, err := Open(store(t, shape{order: append([]string{"inserted_at"}, posthogOrder...)}.encode(t, nil)), Limits{})
		require.NoError(t, err)
		defer f.Close()
		assert.Empty(t, f.MissingColumns())
		assert.Contains(t, f.ExtraColumns(), "inserted_at")
	})
	t.Run("all absent required columns are named", func(t *testing.T) {
		t.Parallel()
		_, err := Open(store(t, shape{order: []string{"uuid", "timestamp", "event"}}.encode(t, nil)), Limits{})
		fault := requireFault(t, err, MissingColumn)
		assert.Contains(t, fault.Detail, `lacks "properties", "distinct_id", "person_id"; it has "event", "timestamp", "uuid"`)
	})
}

func requireFault(tb testing.TB, err error, kind Kind) *Error {
	tb.Helper()
	var fault *Error
	require.ErrorAs(tb, err, &fault)
	require.Equal(tb, kind, fault.Kind, "%v", err)
	return fault
}

func TestRecordsDoNotAllocate(t *testing.T) {
	rows := sampleRows(20_000, true)
	f, err := Open(store(t, shape{codec: &parquet.Snappy, binaryIDs: true, pageBytes: 1 << 20}.encode(t, rows)), Limits{})
	require.NoError(t, err)
	defer f.Close()
	allocs := testing.AllocsPerRun(1, func() {
		for range len(rows) / 2 {
			if _, err := f.Next(); err != nil {
				panic(err)
			}
		}
	})
	assert.Less(t, allocs, 300.0, "for %d rows", len(rows)/2)
}

func TestNextAfterClose(t *testing.T) {
	t.Parallel()
	f, err := Open(store(t, shape{}.encode(t, sampleRows(3, false))), Limits{})
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = f.Next()
	require.ErrorContains(t, err, "closed")
}

func TestDiskErrorsAreNotFaultsOfTheFile(t *testing.T) {
	t.Parallel()
	fault := new(*Error)
	_, err := Open(filepath.Join(t.TempDir(), "absent"), Limits{})
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.NotErrorAs(t, err, fault)

	path := store(t, shape{groupRows: 5}.encode(t, sampleRows(50, false)))
	f, err := Open(path, Limits{})
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, os.Truncate(path, 100))
	_, err = f.Next()
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.NotErrorAs(t, err, fault)
}

type panickingDisk struct{ fault any }

func (d panickingDisk) ReadAt([]byte, int64) (int, error) { panic(d.fault) }

func TestPanicsBecomeErrors(t *testing.T) {
	t.Parallel()
	faults := map[string]any{"a decoder's": "unreachable", "the runtime's": runtimeFault()}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := Open(store(t, shape{}.encode(t, sampleRows(3, false))), Limits{})
			require.NoError(t, err)
			defer f.Close()
			f.shared.src = panickingDisk{fault}
			for range 2 {
				_, err = f.Next()
				requireFault(t, err, Corrupt)
			}
		})
	}
}

func runtimeFault() (fault any) {
	defer func() { fault = recover() }()
	index := 1
	return make([]int, 0)[index]
}
