package parquetfile

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hostileFooter is a file that must be refused before any page is read, with the text that says so.
type hostileFooter struct {
	craft
	kind Kind
	says string
}

func hostileFooters(tb testing.TB) map[string]hostileFooter {
	tb.Helper()
	meta := func(change func(*format.FileMetaData)) craft { return craft{meta: change} }
	group := func(change func(*format.RowGroup)) craft {
		return craft{meta: func(m *format.FileMetaData) { change(&m.RowGroups[0]) }}
	}
	chunk := func(change func(*format.ColumnChunk)) craft { return craft{column: "event", chunk: change} }
	schema := func(elements ...format.SchemaElement) craft {
		return meta(func(m *format.FileMetaData) { m.Schema, m.RowGroups, m.NumRows = elements, nil, 0 })
	}
	root := func(children int32) format.SchemaElement {
		return format.SchemaElement{Name: "root", NumChildren: thrift.New(children)}
	}
	deep := slices.Repeat([]format.SchemaElement{root(1)}, 5000)

	all := map[string]hostileFooter{
		"no rows claimed":         {craft: meta(func(m *format.FileMetaData) { m.NumRows = 0 }), says: "has 3 rows, and 0"},
		"a row too many":          {craft: meta(func(m *format.FileMetaData) { m.NumRows = 4 }), says: "have 3 rows, its footer says 4"},
		"negative rows":           {craft: meta(func(m *format.FileMetaData) { m.NumRows = -1 }), says: "of the file's -1"},
		"too many rows":           {craft: meta(func(m *format.FileMetaData) { m.NumRows = math.MaxInt64 }), kind: TooLarge, says: "the limit is"},
		"no row groups":           {craft: meta(func(m *format.FileMetaData) { m.RowGroups = format.FileMetaData{}.RowGroups[:0:0] }), says: "have 0 rows"},
		"negative rows in group":  {craft: group(func(g *format.RowGroup) { g.NumRows = -3 }), says: "row group 0 has -3 rows"},
		"column lost in group":    {craft: group(func(g *format.RowGroup) { g.Columns = g.Columns[:6] }), says: "has 6 columns, the schema 7"},
		"columns swapped":         {craft: group(func(g *format.RowGroup) { slices.Reverse(g.Columns) }), says: "belongs to another column"},
		"values are not rows":     {craft: chunk(func(c *format.ColumnChunk) { c.MetaData.NumValues = 4 }), says: "4 values for 3 rows"},
		"other physical type":     {craft: chunk(func(c *format.ColumnChunk) { c.MetaData.Type = format.Int64 }), says: "the chunk is INT64, the schema says BYTE_ARRAY"},
		"path too long":           {craft: chunk(func(c *format.ColumnChunk) { c.MetaData.PathInSchema = []string{"event", "x"} }), says: "nested column"},
		"no path":                 {craft: chunk(func(c *format.ColumnChunk) { c.MetaData.PathInSchema = thrift.Slice[string]{} }), says: "another column"},
		"data in another file":    {craft: chunk(func(c *format.ColumnChunk) { c.FilePath = "/etc/passwd" }), kind: Unsupported, says: "never opened"},
		"encrypted column":        {craft: chunk(func(c *format.ColumnChunk) { c.CryptoMetadata.Value = new(format.EncryptionWithFooterKey) }), kind: Unsupported, says: "encrypted"},
		"encrypted file":          {craft: meta(func(m *format.FileMetaData) { m.EncryptionAlgorithm.Value = new(format.AesGcmV1) }), kind: Unsupported, says: "encrypted"},
		"signed footer":           {craft: craft{footer: func(b []byte) []byte { return append(b, make([]byte, 28)...) }}, kind: Unsupported, says: "signed"},
		"LZ4_RAW":                 {craft: chunk(func(c *format.ColumnChunk) { c.MetaData.Codec = format.Lz4Raw }), kind: UnsupportedCodec, says: "LZ4_RAW"},
		"LZ4":                     {craft: chunk(func(c *format.ColumnChunk) { c.MetaData.Codec = format.Lz4 }), kind: UnsupportedCodec, says: "LZ4,"},
		"LZO":                     {craft: chunk(func(c *format.ColumnChunk) { c.MetaData.Codec = format.LZO }), kind: UnsupportedCodec, says: "LZO"},
		"unknown codec":           {craft: chunk(func(c *format.ColumnChunk) { c.MetaData.Codec = 99 }), kind: UnsupportedCodec, says: "unknown codec 99"},
		"negative codec":          {craft: chunk(func(c *format.ColumnChunk) { c.MetaData.Codec = -1 }), kind: UnsupportedCodec, says: "unknown codec -1"},
		"chunk in the magic":      {craft: chunk(func(c *format.ColumnChunk) { c.MetaData.DataPageOffset = 3 }), says: "outside of the data"},
		"chunk at a negative":     {craft: chunk(func(c *format.ColumnChunk) { c.MetaData.DataPageOffset = math.MinInt64 }), says: "outside of the data"},
		"chunk far away":          {craft: chunk(func(c *format.ColumnChunk) { c.MetaData.DataPageOffset = math.MaxInt64 }), says: "outside of the data"},
		"chunk without end":       {craft: chunk(func(c *format.ColumnChunk) { c.MetaData.TotalCompressedSize = math.MaxInt64 }), says: "outside of the data"},
		"chunk of negative size":  {craft: chunk(func(c *format.ColumnChunk) { c.MetaData.TotalCompressedSize = -1 }), says: "outside of the data"},
		"dictionary in the magic": {craft: chunk(func(c *format.ColumnChunk) { c.MetaData.DictionaryPageOffset = 1 }), says: "outside of the data"},

		"no schema":              {craft: meta(func(m *format.FileMetaData) { m.Schema = m.Schema[:0] }), says: "schema is empty"},
		"schema ends":            {craft: schema(root(2), craftElement("uuid")), says: "declares 2 children for element 0 of 2"},
		"schema goes on":         {craft: schema(root(1), craftElement("uuid"), craftElement("event")), says: "1 elements beyond"},
		"negative children":      {craft: schema(root(-1)), says: "declares -1 children"},
		"children beyond number": {craft: schema(root(math.MaxInt32)), says: "declares 2147483647 children"},
		"nested ends":            {craft: schema(root(1), root(2), craftElement("uuid")), says: "ends inside a nested column"},
		"columns end":            {craft: schema(root(2), root(1), craftElement("uuid")), says: "ends before its last column"},
		"deep schema":            {craft: schema(deep...), says: "ends inside a nested column"},
		"large schema":           {craft: schema(slices.Repeat(deep, 3)...), kind: TooLarge, says: "schema has 15000 elements"},
		"column twice":           {craft: schema(root(2), craftElement("uuid"), craftElement("uuid")), says: `two columns named "uuid"`},
		"no columns":             {craft: schema(root(0)), kind: MissingColumn, says: "lacks"},
		"hundred thousand row groups without columns": {craft: craft{meta: func(m *format.FileMetaData) {
			m.RowGroups = make([]format.RowGroup, 100_000)
			for i := range m.RowGroups {
				m.RowGroups[i].Columns = thrift.Slice[format.ColumnChunk]{}
			}
		}}, says: "has 0 columns"},
	}
	maps.Copy(all, unreadableFooters())
	return all
}

// unreadableFooters are not what a footer is made of.
func unreadableFooters() map[string]hostileFooter {
	raw := func(b ...byte) craft { return craft{footer: func([]byte) []byte { return b }} }
	return map[string]hostileFooter{
		"empty footer":        {craft: raw(), says: "ends inside a structure"},
		"nothing required":    {craft: raw(0), says: "cannot be read"},
		"bytes behind":        {craft: craft{footer: func(b []byte) []byte { return append(b, 0) }}, says: "1 bytes that belong to nothing"},
		"half a footer":       {craft: craft{footer: func(b []byte) []byte { return b[:len(b)/2] }}, says: "ends inside a structure"},
		"list of 2^31":        {craft: raw(0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07), says: "ends inside a structure"},
		"list of 2^63":        {craft: raw(0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), says: "ends inside a structure"},
		"list of empties":     {craft: raw(append([]byte{0x29, 0xfc, 0x80, 0x80, 0x80, 0x01}, make([]byte, 1<<21+1)...)...), kind: TooLarge, says: "list elements"},
		"string of 2 GiB":     {craft: raw(0x68, 0xff, 0xff, 0xff, 0xff, 0x07), says: "ends inside a structure"},
		"map of 2^31":         {craft: raw(0x6b, 0xff, 0xff, 0xff, 0xff, 0x07, 0x88), says: "ends inside a structure"},
		"number without end":  {craft: raw(append([]byte{0x15}, bytes.Repeat([]byte{0xff}, 20)...)...), says: "more than 64 bits"},
		"field of type 15":    {craft: raw(0x1f, 0), says: "unknown type"},
		"field of type 0":     {craft: raw(0x10, 0), says: "unknown type"},
		"deep structures":     {craft: raw(bytes.Repeat([]byte{0xfc}, 1<<20)...), says: "nested too deeply"},
		"deep lists":          {craft: raw(append([]byte{0xf9}, bytes.Repeat([]byte{0x19}, 1<<20)...)...), says: "nested too deeply"},
		"field of other type": {craft: raw(0x18, 0x01, 'x', 0), says: "cannot be read"},
	}
}

func TestFootersThatContradictThemselves(t *testing.T) {
	t.Parallel()
	for name, c := range hostileFooters(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(store(t, c.bytes(t)), Limits{})
			assert.Contains(t, requireFault(t, err, cmp.Or(c.kind, Corrupt)).Error(), c.says)
		})
	}
}

func TestRowGroupsWithoutRowsNeedNoPlace(t *testing.T) {
	t.Parallel()
	c := craft{meta: func(m *format.FileMetaData) {
		empty := format.RowGroup{Columns: slices.Clone(m.RowGroups[0].Columns)}
		for i := range empty.Columns {
			empty.Columns[i].MetaData.NumValues = 0
			empty.Columns[i].MetaData.DataPageOffset = 0
		}
		m.RowGroups = []format.RowGroup{empty, m.RowGroups[0], empty}
	}}
	got, err := readRows(store(t, c.bytes(t)), Limits{})
	require.NoError(t, err)
	assert.Equal(t, craftWant("event0", "event1", "event2"), got)
}

func TestEndsOfFiles(t *testing.T) {
	t.Parallel()
	sound := craft{}.bytes(t)
	length := func(n uint32) []byte {
		out := bytes.Clone(sound)
		binary.LittleEndian.PutUint32(out[len(out)-8:], n)
		return out
	}
	replace := func(at int, with string) []byte {
		out := bytes.Clone(sound)
		if at < 0 {
			at += len(out)
		}
		copy(out[at:], with)
		return out
	}
	cases := map[string]struct {
		content []byte
		kind    Kind
		says    string
	}{
		"empty":                {nil, NotParquet, "the file is empty"},
		"one byte":             {[]byte("P"), NotParquet, "does not start with PAR1"},
		"the magic":            {[]byte("PAR1"), Truncated, "4 bytes are too few"},
		"eleven bytes":         {[]byte("PAR1\x00\x00\x00PAR1"), Truncated, "11 bytes are too few"},
		"nothing between":      {[]byte("PAR1\x00\x00\x00\x00PAR1"), Corrupt, "footer"},
		"cut off":              {sound[:len(sound)-1], Truncated, "does not end with PAR1"},
		"cut in half":          {sound[:len(sound)/2], Truncated, "export the hour again"},
		"wrong head":           {replace(0, "PAR2"), NotParquet, "does not start with PAR1"},
		"wrong tail":           {replace(-4, "XXXX"), Truncated, "does not end with PAR1"},
		"encrypted tail":       {replace(-4, "PARE"), Unsupported, "footer is encrypted"},
		"encrypted head":       {replace(0, "PARE"), Unsupported, "footer is encrypted"},
		"no footer":            {length(0), Corrupt, "ends inside a structure"},
		"footer of 4 GiB":      {length(math.MaxUint32), Corrupt, "claims 4294967295 of"},
		"footer over the head": {length(uint32(len(sound) - 8)), Corrupt, "its footer claims"},
		"footer of all":        {length(uint32(len(sound) - 12)), Corrupt, "belong to nothing"},
		"JSON lines":           {[]byte(`{"uuid":"..."}` + "\n"), NotParquet, "set the file format of PostHog's batch export to Parquet"},
		"gzip":                 {gzipped(t, sound), NotParquet, "a gzip file; gunzip it"},
		"zstd":                 {zstdStream(t, sound), NotParquet, "a zstd file"},
		"lz4":                  {append([]byte("\x04\x22\x4d\x18"), sound...), NotParquet, "an lz4 file"},
		"S2":                   {append([]byte("\xff\x06\x00\x00S2sTwO"), sound...), NotParquet, "an S2 stream"},
		"text":                 {[]byte(strings.Repeat("uuid,event\n", 9)), NotParquet, "does not start with PAR1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(store(t, c.content), Limits{})
			assert.Contains(t, requireFault(t, err, c.kind).Error(), c.says)
		})
	}
}

func TestTypesOfColumns(t *testing.T) {
	t.Parallel()
	logical := func(v format.LogicalTypeValue) func(*format.SchemaElement) {
		return func(e *format.SchemaElement) {
			e.LogicalType.Value, e.ConvertedType = v, thrift.Null[deprecated.ConvertedType]{}
		}
	}
	converted := func(v deprecated.ConvertedType) func(*format.SchemaElement) {
		return func(e *format.SchemaElement) { e.LogicalType.Value, e.ConvertedType = nil, thrift.New(v) }
	}
	physical := func(v format.Type) func(*format.SchemaElement) {
		return func(e *format.SchemaElement) {
			*e = format.SchemaElement{Name: e.Name, Type: thrift.New(v), TypeLength: thrift.New(int32(16))}
		}
	}
	stamp := func(u format.TimeUnitValue, utc bool) func(*format.SchemaElement) {
		return logical(&format.TimestampType{IsAdjustedToUTC: utc, Unit: format.TimeUnit{Value: u}})
	}
	both := func(a, b func(*format.SchemaElement)) func(*format.SchemaElement) {
		return func(e *format.SchemaElement) { a(e); b(e) }
	}
	cases := map[string]struct {
		column string
		change func(*format.SchemaElement)
		says   string // empty when the type is read
		row1   int64  // what the timestamp of row 1, which is 1000, becomes
	}{
		"text as UTF8":           {"event", converted(deprecated.UTF8), "", 1000},
		"text as ENUM":           {"event", converted(deprecated.Enum), "", 1000},
		"text as JSON":           {"properties", converted(deprecated.Json), "", 1000},
		"text of JSON":           {"properties", logical(new(format.JsonType)), "", 1000},
		"text of nothing":        {"event", logical(nil), "", 1000},
		"text as BSON":           {"properties", converted(deprecated.Bson), "BYTE_ARRAY with converted type 20", 0},
		"text of BSON":           {"properties", logical(new(format.BsonType)), `BYTE_ARRAY as "BSON"`, 0},
		"text as decimal":        {"event", logical(new(format.DecimalType)), "BYTE_ARRAY text", 0},
		"text of fixed length":   {"event", physical(format.FixedLenByteArray), "FIXED_LEN_BYTE_ARRAY without annotation", 0},
		"text of numbers":        {"distinct_id", physical(format.Int64), "INT64 without annotation", 0},
		"uuid without name":      {"uuid", physical(format.FixedLenByteArray), "FIXED_LEN_BYTE_ARRAY(16) as UUID", 0},
		"uuid of eight bytes":    {"uuid", both(physical(format.FixedLenByteArray), func(e *format.SchemaElement) { e.TypeLength.V = 8; e.LogicalType.Value = new(format.UUIDType) }), "as UUID", 0},
		"event as UUID":          {"event", both(physical(format.FixedLenByteArray), func(e *format.SchemaElement) { e.LogicalType.Value = new(format.UUIDType) }), "needed is BYTE_ARRAY text", 0},
		"repeated":               {"event", func(e *format.SchemaElement) { e.RepetitionType = thrift.New(format.Repeated) }, "is repeated", 0},
		"unknown repetition":     {"event", func(e *format.SchemaElement) { e.RepetitionType = thrift.New(format.FieldRepetitionType(7)) }, "is repeated", 0},
		"group":                  {"event", func(e *format.SchemaElement) { e.Type = thrift.Null[format.Type]{} }, "is nested", 0},
		"microseconds":           {"timestamp", stamp(new(format.MicroSeconds), true), "", 1000},
		"naive microseconds":     {"timestamp", stamp(new(format.MicroSeconds), false), "", 1000},
		"milliseconds":           {"timestamp", stamp(new(format.MilliSeconds), true), "", 1_000_000},
		"nanoseconds":            {"timestamp", stamp(new(format.NanoSeconds), true), "", 1},
		"old milliseconds":       {"timestamp", converted(deprecated.TimestampMillis), "", 1_000_000},
		"old microseconds":       {"timestamp", converted(deprecated.TimestampMicros), "", 1000},
		"units disagree":         {"timestamp", func(e *format.SchemaElement) { e.ConvertedType.V = deprecated.TimestampMillis }, "with converted type 9", 0},
		"no unit":                {"timestamp", stamp(nil, true), "INT64 as", 0},
		"number":                 {"timestamp", physical(format.Int64), "INT64 without annotation, needed is INT64 as TIMESTAMP", 0},
		"old number":             {"timestamp", converted(deprecated.Int64), "INT64 with converted type 18", 0},
		"time of day":            {"timestamp", converted(deprecated.TimeMicros), "converted type 8", 0},
		"INT96":                  {"timestamp", physical(format.Int96), "INT96 without annotation", 0},
		"INT32":                  {"timestamp", physical(format.Int32), "INT32", 0},
		"text for a timestamp":   {"timestamp", physical(format.ByteArray), "BYTE_ARRAY", 0},
		"unknown physical type":  {"timestamp", physical(42), "Type(?)", 0},
		"optional column, INT96": {"_inserted_at", physical(format.Int96), `column "_inserted_at" is INT96`, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, err := readRows(store(t, craft{column: c.column, element: c.change}.bytes(t)), Limits{})
			if c.says != "" {
				assert.Contains(t, requireFault(t, err, Unsupported).Detail, c.says)
				return
			}
			require.NoError(t, err)
			require.Len(t, rows, craftRows)
			want := craftWant("event0", "event1", "event2")[1]
			want.Timestamp.Value = c.row1
			assert.Equal(t, want, rows[1])
		})
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	cases := []struct {
		unit     unit
		in, want int64
	}{
		{micros, math.MinInt64, math.MinInt64},
		{millis, 1_780_000_000_123, 1_780_000_000_123_000},
		{millis, -1, -1000},
		{millis, math.MaxInt64 / 1000, math.MaxInt64 / 1000 * 1000},
		{millis, math.MaxInt64/1000 + 1, math.MaxInt64},
		{millis, math.MinInt64/1000 - 1, math.MinInt64},
		{millis, math.MinInt64, math.MinInt64},
		{nanos, 1999, 1},
		{nanos, 0, 0},
		{nanos, -1, -1},
		{nanos, -1000, -1},
		{nanos, -1001, -2},
		{nanos, math.MinInt64, math.MinInt64/1000 - 1},
		{nanos, math.MaxInt64, math.MaxInt64 / 1000},
	}
	for _, c := range cases {
		assert.Equal(t, c.want, c.unit.micros(c.in), "%d in unit %d", c.in, c.unit)
	}
}

func TestNamesInErrorsStayShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1000)
	assert.Len(t, quoteName(long), 64+2+3)
	assert.Equal(t, `"a\nb"`, quoteName("a\nb"))
	assert.Contains(t, quoteNames(slices.Repeat([]string{long}, 1000)), "and 968 more")
}
