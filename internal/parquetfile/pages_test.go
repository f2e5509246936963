package parquetfile

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"maps"
	"slices"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/golang/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// craftWant is what the column event of a crafted file reads as.
func craftWant(texts ...any) []Record {
	rows := make([]Record, craftRows)
	for i := range rows {
		text := func(name string) []byte { return craftText(name, i)[4:] }
		rows[i] = Record{
			Row: int64(i), UUID: text("uuid"), Properties: text("properties"), DistinctID: text("distinct_id"),
			PersonID: text("person_id"), Timestamp: Micros{int64(1000 * i), true}, InsertedAt: Micros{int64(1000 * i), true},
		}
		if s, ok := texts[i].(string); ok {
			rows[i].Event = []byte(s)
		}
	}
	return rows
}

func TestPagesThatWritersMayWrite(t *testing.T) {
	t.Parallel()
	values := craftPlain("event")
	plain := craftData(format.Plain, values)
	body := plain.body
	dictionary := craftDictionary(2, append(craftText("event", 0), craftText("event", 1)...))
	three := []any{"event0", "event1", "event2"}
	compressed := func(b []byte) craftPage {
		return craftPage{body: b, header: plain.header}.with(func(h *format.PageHeader) { h.CompressedPageSize = int32(len(b)) })
	}
	cases := map[string]struct {
		codec format.CompressionCodec
		pages []craftPage
		want  []any
	}{
		"untouched": {pages: []craftPage{plain}, want: three},
		"an index page is skipped": {pages: []craftPage{
			{body: []byte("??"), header: format.PageHeader{
				Type: format.IndexPage, CompressedPageSize: 2, UncompressedPageSize: 2,
				IndexPageHeader: thrift.New(format.IndexPageHeader{}),
			}}, plain,
		}, want: three},
		"pages without values are skipped": {pages: []craftPage{
			craftBody(format.Plain, nil).with(func(h *format.PageHeader) { h.DataPageHeader.V.NumValues = 0 }), plain,
			craftBody(format.Plain, nil).with(func(h *format.PageHeader) { h.DataPageHeader.V.NumValues = 0 }),
		}, want: three},
		"all NULL without values": {
			pages: []craftPage{craftBody(format.RLEDictionary, []byte{2, 0, 0, 0, 6, 0})},
			want:  []any{nil, nil, nil},
		},
		"packed levels": {
			pages: []craftPage{craftBody(format.Plain, append([]byte{2, 0, 0, 0, 3, 0b010}, craftText("event", 1)...))},
			want:  []any{nil, "event1", nil},
		},
		"PLAIN_DICTIONARY": {pages: []craftPage{
			dictionary.with(func(h *format.PageHeader) { h.DictionaryPageHeader.V.Encoding = legacyDictionary }),
			craftData(legacyDictionary, []byte{1, 3, 0b010}),
		}, want: []any{"event0", "event1", "event0"}},
		"indexes of no width": {pages: []craftPage{
			craftDictionary(1, craftText("event", 0)), craftData(format.RLEDictionary, []byte{0}),
		}, want: []any{"event0", "event0", "event0"}},
		"indexes of 32 bits": {pages: []craftPage{
			dictionary, craftData(format.RLEDictionary, []byte{32, 6, 1, 0, 0, 0}),
		}, want: []any{"event1", "event1", "event1"}},
		"a checksum that fits": {pages: []craftPage{
			plain.with(func(h *format.PageHeader) { h.CRC = int32(crc32.ChecksumIEEE(body)) }),
		}, want: three},
		"gzip in two members": {
			codec: format.Gzip, pages: []craftPage{compressed(append(gzipped(t, body[:9]), gzipped(t, body[9:])...))}, want: three,
		},
		"zstd without content size": {codec: format.Zstd, pages: []craftPage{compressed(zstdStream(t, body))}, want: three},
		"v2":                        {pages: []craftPage{craftDataV2(format.Plain, []byte{6, 1}, values)}, want: three},
		"v2 stored as it is": {codec: format.Snappy, pages: []craftPage{
			craftDataV2(format.Plain, []byte{6, 1}, values).
				with(func(h *format.PageHeader) { h.DataPageHeaderV2.V.IsCompressed = thrift.New(false) }),
		}, want: three},
		"v2 of NULLs, compressed to nothing": {codec: format.Zstd, pages: []craftPage{
			craftDataV2(format.Plain, []byte{6, 0}, nil).with(func(h *format.PageHeader) { h.DataPageHeaderV2.V.NumNulls = 3 }),
		}, want: []any{nil, nil, nil}},
		"v2 with repetition levels": {pages: []craftPage{
			craftDataV2(format.Plain, []byte{6, 0, 6, 1}, values).with(func(h *format.PageHeader) {
				h.DataPageHeaderV2.V.DefinitionLevelsByteLength, h.DataPageHeaderV2.V.RepetitionLevelsByteLength = 2, 2
			}),
		}, want: three},
		"a header with large statistics": {pages: []craftPage{
			plain.with(func(h *format.PageHeader) { h.DataPageHeader.V.Statistics.MaxValue = make([]byte, 100_000) }),
		}, want: three},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readRows(store(t, craft{column: "event", codec: c.codec, pages: c.pages}.bytes(t)), Limits{})
			require.NoError(t, err)
			assert.Equal(t, craftWant(c.want...), got)
		})
	}
}

func TestRequiredColumnsMayStillCarryLevelsInV2(t *testing.T) {
	t.Parallel()
	c := craft{
		column:  "event",
		element: func(e *format.SchemaElement) { e.RepetitionType = thrift.New(format.Required) },
		pages:   []craftPage{craftDataV2(format.Plain, []byte{6, 1}, craftPlain("event"))},
	}
	got, err := readRows(store(t, c.bytes(t)), Limits{})
	require.NoError(t, err)
	assert.Equal(t, craftWant("event0", "event1", "event2"), got)
}

// hostilePage is a page that must be refused, with the text that says so.
type hostilePage struct {
	codec format.CompressionCodec
	pages []craftPage
	kind  Kind
	says  string
}

func hostilePages(tb testing.TB) map[string]hostilePage {
	tb.Helper()
	values := craftPlain("event")
	plain := craftData(format.Plain, values)
	edit := func(change func(*format.PageHeader)) []craftPage { return []craftPage{plain.with(change)} }
	levels := func(b ...byte) []craftPage {
		return []craftPage{craftBody(format.Plain, append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...))}
	}

	all := map[string]hostilePage{
		"negative size":          {pages: edit(func(h *format.PageHeader) { h.CompressedPageSize = -1 }), says: "negative size"},
		"negative content":       {pages: edit(func(h *format.PageHeader) { h.UncompressedPageSize = -1 }), says: "negative size"},
		"size beyond the chunk":  {pages: edit(func(h *format.PageHeader) { h.CompressedPageSize = 1 << 30 }), says: "left in its chunk"},
		"huge content":           {pages: edit(func(h *format.PageHeader) { h.UncompressedPageSize = 1<<31 - 1 }), kind: TooLarge, says: "would take 2147483647 bytes"},
		"sizes differ":           {pages: edit(func(h *format.PageHeader) { h.UncompressedPageSize++ }), says: "not compressed, and its sizes"},
		"unknown page type":      {pages: edit(func(h *format.PageHeader) { h.Type = 9 }), says: "type 9"},
		"negative page type":     {pages: edit(func(h *format.PageHeader) { h.Type = -1 }), says: "type -1"},
		"no header of its type":  {pages: edit(func(h *format.PageHeader) { h.DataPageHeader.Valid = false }), says: "no header of that type"},
		"negative values":        {pages: edit(func(h *format.PageHeader) { h.DataPageHeader.V.NumValues = -1 }), says: "claims -1 values"},
		"more values than rows":  {pages: edit(func(h *format.PageHeader) { h.DataPageHeader.V.NumValues = 4 }), says: "claims 4 values where 3"},
		"fewer values than rows": {pages: edit(func(h *format.PageHeader) { h.DataPageHeader.V.NumValues = 2 }), says: "goes beyond the page's last 2 values"},
		"wrong checksum":         {pages: edit(func(h *format.PageHeader) { h.CRC = 7 }), says: "checksum is wrong"},
		"packed level encoding":  {pages: edit(func(h *format.PageHeader) { h.DataPageHeader.V.DefinitionLevelEncoding = format.BitPacked }), kind: Unsupported, says: "BIT_PACKED"},
		"encoding not read":      {pages: edit(func(h *format.PageHeader) { h.DataPageHeader.V.Encoding = format.DeltaByteArray }), kind: Unsupported, says: "encoded as DELTA_BYTE_ARRAY"},
		"unknown encoding":       {pages: edit(func(h *format.PageHeader) { h.DataPageHeader.V.Encoding = 77 }), kind: Unsupported, says: "encoded as"},
		"no pages":               {pages: []craftPage{}, says: "the chunk ends 3 rows early"},
		"a page too many":        {pages: []craftPage{plain, plain}, says: "claims 3 values where 0"},
		"no room for levels":     {pages: []craftPage{craftBody(format.Plain, []byte{1, 0})}, says: "too short for its levels"},
		"levels beyond the page": {pages: []craftPage{craftBody(format.Plain, []byte{255, 255, 255, 255, 6, 1})}, says: "levels claim 4294967295"},
		"levels end early":       {pages: levels(4, 1), says: "end 1 values early"},
		"levels without a value": {pages: levels(6), says: "ends beyond the page"},
		"levels beyond 1":        {pages: levels(6, 2), says: "more than 1 bits"},
		"levels of a long run":   {pages: levels(append(long(), 1)...), says: "beyond"},
		"levels of many groups":  {pages: levels(append(packed(), 1)...), says: "beyond"},
		"levels of long runs":    {pages: levels(8, 1), says: "beyond the page's last 3 values"},
		"levels cut off":         {pages: levels(0x80), says: "end 3 values early"},
		"text ends early":        {pages: []craftPage{craftData(format.Plain, values[:25])}, says: "value 2 of 3 ends beyond"},
		"text misses a length":   {pages: []craftPage{craftData(format.Plain, values[:22])}, says: "ends after 2 of 3 values"},
		"text misses lengths":    {pages: []craftPage{craftData(format.Plain, values[:11])}, says: "11 bytes for the lengths of 3"},
		"text goes on":           {pages: []craftPage{craftData(format.Plain, append(slices.Clip(values), 0))}, says: "1 bytes beyond its 3 values"},
		"text of 4 GiB":          {pages: []craftPage{craftData(format.Plain, bytes.Repeat([]byte{255}, 12))}, says: "value 0 of 3 ends beyond"},
	}
	maps.Copy(all, hostileDictionaries(plain))
	maps.Copy(all, hostileV2(values))
	maps.Copy(all, hostileDeltas())
	return all
}

// long and packed are headers of runs that are longer than any page.
func long() []byte   { return binary.AppendUvarint(nil, 1<<32-2) }
func packed() []byte { return binary.AppendUvarint(nil, 1<<32-1) }

func hostileDictionaries(plain craftPage) map[string]hostilePage {
	dictionary := craftDictionary(2, append(craftText("event", 0), craftText("event", 1)...))
	indexed := func(b ...byte) []craftPage { return []craftPage{dictionary, craftData(format.RLEDictionary, b)} }
	return map[string]hostilePage{
		"no dictionary":           {pages: []craftPage{craftData(format.RLEDictionary, []byte{1, 6, 0})}, says: "dictionary that the chunk does not have"},
		"two dictionaries":        {pages: []craftPage{dictionary, dictionary, plain}, says: "second dictionary"},
		"dictionary too short":    {pages: []craftPage{craftDictionary(3, dictionary.body), plain}, says: "ends after 2 of 3 values"},
		"dictionary of millions":  {pages: []craftPage{craftDictionary(1<<31-1, dictionary.body), plain}, says: "claims 2147483647 values"},
		"dictionary too long":     {pages: []craftPage{craftDictionary(1, dictionary.body), plain}, says: "beyond its 1 values"},
		"dictionary encoding":     {pages: []craftPage{dictionary.with(func(h *format.PageHeader) { h.DictionaryPageHeader.V.Encoding = format.DeltaByteArray }), plain}, says: "dictionary is encoded as DELTA_BYTE_ARRAY"},
		"index beyond dictionary": {pages: indexed(2, 6, 2), says: "index 2 points beyond the dictionary's 2 entries"},
		"negative index":          {pages: indexed(32, 6, 255, 255, 255, 255), says: "points beyond the dictionary"},
		"indexes of 33 bits":      {pages: indexed(33, 6, 0, 0, 0, 0, 0), says: "no possible width"},
		"no indexes":              {pages: indexed(), says: "no possible width"},
		"indexes end early":       {pages: indexed(1, 4, 0), says: "end 1 values early"},
		"indexes of a long run":   {pages: indexed(append(append([]byte{1}, long()...), 0)...), says: "beyond"},
		"indexes of many groups":  {pages: indexed(append(append([]byte{1}, packed()...), 0)...), says: "beyond"},
		"index group cut off":     {pages: indexed(8, 3, 0, 0), says: "last run ends beyond the page"},
		"index run cut off":       {pages: indexed(9, 6, 0), says: "last run ends beyond the page"},
		"empty dictionary":        {pages: []craftPage{craftDictionary(0, nil), craftData(format.RLEDictionary, []byte{0})}, says: "beyond the dictionary's 0 entries"},
	}
}

func hostileV2(values []byte) map[string]hostilePage {
	v2 := func(change func(*format.DataPageHeaderV2)) []craftPage {
		return []craftPage{craftDataV2(format.Plain, []byte{6, 1}, values).
			with(func(h *format.PageHeader) { change(&h.DataPageHeaderV2.V) })}
	}
	return map[string]hostilePage{
		"v2 negative NULLs":      {pages: v2(func(h *format.DataPageHeaderV2) { h.NumNulls = -1 }), says: "-1 NULLs"},
		"v2 wrong NULLs":         {pages: v2(func(h *format.DataPageHeaderV2) { h.NumNulls = 1 }), says: "has 0 NULLs and claims 1"},
		"v2 too many NULLs":      {pages: v2(func(h *format.DataPageHeaderV2) { h.NumNulls = 4 }), says: "4 NULLs"},
		"v2 rows are not values": {pages: v2(func(h *format.DataPageHeaderV2) { h.NumRows = 1 }), says: "1 rows"},
		"v2 negative levels":     {pages: v2(func(h *format.DataPageHeaderV2) { h.DefinitionLevelsByteLength = -1 }), says: "levels take 0 and -1"},
		"v2 levels too long":     {pages: v2(func(h *format.DataPageHeaderV2) { h.DefinitionLevelsByteLength = 1000 }), says: "levels take 0 and 1000"},
		"v2 negative repetition": {pages: v2(func(h *format.DataPageHeaderV2) { h.RepetitionLevelsByteLength = -2147483648 }), says: "levels take -2147483648"},
		"v2 no levels":           {pages: v2(func(h *format.DataPageHeaderV2) { h.DefinitionLevelsByteLength = 0 }), says: "end 3 values early"},
		"v2 too many values":     {pages: v2(func(h *format.DataPageHeaderV2) { h.NumValues = 5 }), says: "claims 5 values"},
	}
}

func hostileDeltas() map[string]hostilePage {
	delta := func(b ...byte) []craftPage { return []craftPage{craftData(format.DeltaLengthByteArray, b)} }
	return map[string]hostilePage{
		"deltas of nothing":       {pages: delta(), says: "impossible header"},
		"deltas of half a header": {pages: delta(128, 1, 4), says: "impossible header"},
		"deltas of other count":   {pages: delta(128, 1, 4, 2, 0), says: "2 deltas for 3 values"},
		"deltas of millions":      {pages: delta(append([]byte{128, 1, 4}, append(long(), 0)...)...), says: "impossible header"},
		"deltas in no blocks":     {pages: delta(0, 4, 3, 0), says: "blocks of 0"},
		"deltas in no parts":      {pages: delta(128, 1, 0, 3, 0), says: "in 0 parts"},
		"deltas in odd parts":     {pages: delta(128, 1, 3, 3, 0), says: "in 3 parts"},
		"deltas in huge blocks":   {pages: delta(append(packed(), 4, 3, 0)...), says: "impossible header"},
		"deltas of 33 bits":       {pages: delta(128, 1, 4, 3, 0, 0, 33, 0, 0, 0), says: "33 bits"},
		"deltas without a block":  {pages: delta(128, 1, 4, 3, 0), says: "deltas end 2 values early"},
		"deltas cut off":          {pages: delta(128, 1, 4, 3, 0, 0, 32, 0, 0, 0, 1), says: "last delta ends beyond"},
		"negative length":         {pages: delta(128, 1, 4, 3, 1, 0, 0, 0, 0, 0), says: "lengths cannot be decoded"},
		"lengths beyond the page": {pages: delta(128, 1, 4, 3, 20, 0, 0, 0, 0, 0, 'a', 'b'), says: "lengths cannot be decoded"},
		"lengths that wrap":       {pages: delta(wrappingLengths()...), says: "lengths"},
		"lengths too short":       {pages: delta(128, 1, 4, 3, 2, 0, 0, 0, 0, 0, 'a', 'b', 'c', 'd'), says: "1 bytes beyond its 3 values"},
	}
}

// wrappingLengths are three lengths of 2^31-1, 2^31-1 and 4, which add up to 2 in 32 bits.
func wrappingLengths() []byte {
	out := binary.AppendVarint([]byte{128, 1, 4, 3}, 1<<31-1)
	out = binary.AppendVarint(out, 4-(1<<31-1)) // the least delta
	out = append(out, 32, 0, 0, 0)
	out = binary.LittleEndian.AppendUint32(out, 1<<31-1-4) // a delta of 0
	return append(out, make([]byte, 128)...)
}

func TestPagesThatContradictThemselves(t *testing.T) {
	t.Parallel()
	for name, c := range hostilePages(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, err := readRows(store(t, craft{column: "event", codec: c.codec, pages: c.pages}.bytes(t)), Limits{})
			fault := requireFault(t, err, cmp.Or(c.kind, Corrupt))
			assert.Contains(t, fault.Error(), c.says)
			assert.Contains(t, fault.Detail, `column "event", row group 0, byte `)
			assert.LessOrEqual(t, len(rows), craftRows)
		})
	}
}

func gzipped(tb testing.TB, content []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(content)
	require.NoError(tb, err)
	require.NoError(tb, w.Close())
	return out.Bytes()
}

func brotlied(tb testing.TB, content []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := brotli.NewWriterLevel(&out, 5)
	_, err := w.Write(content)
	require.NoError(tb, err)
	require.NoError(tb, w.Close())
	return out.Bytes()
}

// zstdStream is a frame that does not say how large its content is.
func zstdStream(tb testing.TB, content []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
	require.NoError(tb, err)
	_, err = w.Write(content[:len(content)/2])
	require.NoError(tb, err)
	require.NoError(tb, w.Flush())
	_, err = w.Write(content[len(content)/2:])
	require.NoError(tb, err)
	require.NoError(tb, w.Close())
	return out.Bytes()
}

func TestContentHasToBeAsLongAsDeclared(t *testing.T) {
	t.Parallel()
	body := craftData(format.Plain, craftPlain("event")).body
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	require.NoError(t, err)
	codecs := map[string]struct {
		codec    format.CompressionCodec
		compress func([]byte) []byte
	}{
		"snappy":      {format.Snappy, func(b []byte) []byte { return snappy.Encode(nil, b) }},
		"gzip":        {format.Gzip, func(b []byte) []byte { return gzipped(t, b) }},
		"brotli":      {format.Brotli, func(b []byte) []byte { return brotlied(t, b) }},
		"zstd":        {format.Zstd, func(b []byte) []byte { return encoder.EncodeAll(b, nil) }},
		"zstd stream": {format.Zstd, func(b []byte) []byte { return zstdStream(t, b) }},
	}
	contents := map[string][]byte{
		"one byte more": append(bytes.Clone(body), 0),
		"one byte less": body[:len(body)-1],
		"a bomb":        append(bytes.Clone(body), make([]byte, 64<<20)...),
		"nothing":       {},
	}
	for name, c := range codecs {
		for what, content := range contents {
			t.Run(name+" "+what, func(t *testing.T) {
				t.Parallel()
				page := craftData(format.Plain, craftPlain("event"))
				page.body = c.compress(content)
				page.header.CompressedPageSize = int32(len(page.body))
				path := store(t, craft{column: "event", codec: c.codec, pages: []craftPage{page}}.bytes(t))
				_, err := readRows(path, Limits{})
				requireFault(t, err, Corrupt)
			})
		}
		t.Run(name+" empty", func(t *testing.T) {
			t.Parallel()
			// The decoders say io.EOF to this. It must not look like the end of the rows.
			page := craftData(format.Plain, craftPlain("event"))
			page.body, page.header.CompressedPageSize = nil, 0
			_, err := readRows(store(t, craft{column: "event", codec: c.codec, pages: []craftPage{page}}.bytes(t)), Limits{})
			requireFault(t, err, Corrupt)
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	rows := sampleRows(200, false)
	content := shape{codec: nil, pageBytes: 1 << 20}.encode(t, rows)
	cases := map[string]struct {
		limits Limits
		says   string
	}{
		"rows":            {Limits{Rows: 199}, "it has 200 rows, the limit is 199"},
		"footer":          {Limits{FooterBytes: 100}, "the limit is 100"},
		"footer elements": {Limits{FooterElements: 30}, "more than 30 list elements"},
		"page":            {Limits{PageBytes: 4096}, "raise the reader's limits if the file is genuine"},
		"buffers":         {Limits{BufferBytes: 10_000}, "raise the reader's limits if the file is genuine"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readRows(store(t, content), c.limits)
			assert.Contains(t, requireFault(t, err, TooLarge).Detail, c.says)
		})
	}
}
