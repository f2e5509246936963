package parquetfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/require"
)

// verdict is what a mutant may come to.
type verdict string

const (
	// mustRead is a sound file.
	mustRead verdict = "must read"
	// mustFail is a file whose damage can be seen.
	mustFail verdict = "must fail"
	// mayRead is damage that may have hit what nobody reads, such as other columns: all rows unharmed, or an error.
	mayRead verdict = "unharmed or error"
	// mayDiffer is damage inside a page without a checksum: other values can go unseen, another number of rows cannot.
	mayDiffer verdict = "all rows or error"
)

// mutant is a file that somebody or something has tampered with.
type mutant struct {
	class   string
	content []byte
	verdict verdict
	// rows is what the file it was made from reads as.
	rows []Record
}

// base is a sound file to make mutants from.
type base struct {
	name    string
	content []byte
	rows    []Record
}

func bases(tb testing.TB) []base {
	tb.Helper()
	fixture := func(name, rows string) base {
		content, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(tb, err)
		return base{name, content, expected(tb, rows)}
	}
	written := func(name string, s shape, rows []Record) base { return base{name, s.encode(tb, rows), rows} }
	return []base{
		fixture("hour.parquet", "hour.json"),
		written("v2 zstd dictionary", shape{
			version: 2, codec: &parquet.Zstd, encoding: &parquet.RLEDictionary, groupRows: 50,
		}, sampleRows(170, true)),
		written("uncompressed required", shape{required: true, codec: &parquet.Uncompressed}, sampleRows(120, false)),
		written("deltas", shape{encoding: &parquet.DeltaLengthByteArray, codec: &parquet.Uncompressed}, sampleRows(120, true)),
		fixture("few-gzip.parquet", "few.json"),
		fixture("few-brotli.parquet", "few.json"),
	}
}

// mutants makes the same mutants each time.
func mutants(tb testing.TB) []mutant {
	tb.Helper()
	var all []mutant
	for _, b := range bases(tb) {
		rng := rand.New(rand.NewPCG(7, uint64(len(b.content))))
		all = append(all, mutant{"control", b.content, mustRead, b.rows})
		all = append(all, cutMutants(b, rng)...)
		all = append(all, flipMutants(tb, b, rng)...)
		all = append(all, lengthMutants(b)...)
		all = append(all, framedMutants(tb, b, rng)...)
	}
	return append(all, craftedMutants(tb)...)
}

func footerStart(content []byte) int {
	return len(content) - 8 - int(binary.LittleEndian.Uint32(content[len(content)-8:]))
}

// cutMutants lose bytes: at the end, in the middle, or to zeros, as when a part of an upload is lost.
func cutMutants(b base, rng *rand.Rand) []mutant {
	var out []mutant
	n := len(b.content)
	for i := range 15 {
		out = append(out, mutant{"truncation", b.content[:n*i/15], mustFail, b.rows})
	}
	for i := 1; i <= 12; i++ {
		out = append(out, mutant{"truncation", b.content[:n-i], mustFail, b.rows})
	}
	data := footerStart(b.content)
	for range 10 {
		size := 1 + rng.IntN(2000)
		at := 4 + rng.IntN(max(1, data-4-size))
		hole := slices.Concat(b.content[:at], b.content[at+size:])
		out = append(out, mutant{"hole", hole, mayRead, b.rows})
		zeroed := bytes.Clone(b.content)
		clear(zeroed[at : at+size])
		out = append(out, mutant{"zeroed block", zeroed, mayDiffer, b.rows})
		doubled := slices.Concat(b.content[:at+size], b.content[at:])
		out = append(out, mutant{"doubled block", doubled, mayRead, b.rows})
	}
	return out
}

func flipMutants(tb testing.TB, b base, rng *rand.Rand) []mutant {
	tb.Helper()
	var out []mutant
	flip := func(class string, start, end int, v verdict) {
		content := bytes.Clone(b.content)
		content[start+rng.IntN(end-start)] ^= 1 << rng.IntN(8)
		out = append(out, mutant{class, content, v, b.rows})
	}
	data := footerStart(b.content)
	for range 60 {
		flip("flip in footer", data, len(b.content)-8, mayRead)
	}
	pages := pagesOf(tb, b.content)
	for range 40 {
		p := pages[rng.IntN(len(pages))]
		flip("flip in page header", p.start, p.body, mayRead)
	}
	for range 20 {
		p := pages[rng.IntN(len(pages))]
		if p.body < p.end {
			flip("flip in page", p.body, p.end, mayDiffer)
		}
	}
	return out
}

// pageSpan is where a page lies in a file.
type pageSpan struct{ start, body, end int }

// pagesOf finds the pages of all columns that are read.
func pagesOf(tb testing.TB, content []byte) []pageSpan {
	tb.Helper()
	f, err := Open(store(tb, content), Limits{})
	require.NoError(tb, err)
	defer f.Close()
	var pages []pageSpan
	for _, g := range f.groups {
		for _, c := range g.chunks {
			for pos := c.start; pos < c.end; {
				var header format.PageHeader
				n, err := newHeaderReader().read(bytes.NewReader(content), pos, c.end, &header)
				require.NoError(tb, err)
				end := pos + n + int64(header.CompressedPageSize)
				pages = append(pages, pageSpan{int(pos), int(pos + n), int(end)})
				pos = end
			}
		}
	}
	return pages
}

// lengthMutants lie about the length of the footer, or carry another magic.
func lengthMutants(b base) []mutant {
	var out []mutant
	n := len(b.content)
	right := uint32(n - 8 - footerStart(b.content))
	for _, length := range []uint32{
		0, 1, right - 1, right + 1, right / 2, uint32(n - 12), uint32(n - 8), uint32(n), 1 << 24, 1 << 30, 1 << 31, 1<<32 - 1,
	} {
		content := bytes.Clone(b.content)
		binary.LittleEndian.PutUint32(content[n-8:], length)
		out = append(out, mutant{"footer length", content, mustFail, b.rows})
	}
	for _, magic := range []string{"PARE", "PAR2", "par1", "\x00\x00\x00\x00", "\x1f\x8b\x08\x00", "\x28\xb5\x2f\xfd"} {
		for _, at := range []int{0, n - 4} {
			content := bytes.Clone(b.content)
			copy(content[at:], magic)
			out = append(out, mutant{"magic", content, mustFail, b.rows})
		}
	}
	return out
}

func framedMutants(tb testing.TB, b base, rng *rand.Rand) []mutant {
	tb.Helper()
	whole := framed(tb, b.content)
	out := []mutant{{"framed control", whole, mustRead, b.rows}, {"framed twice", framed(tb, whole), mustFail, b.rows}}
	for range 5 {
		content := bytes.Clone(whole)
		content[10+rng.IntN(len(content)-10)] ^= 1 << rng.IntN(8)
		// A copy may come to be taken from another place that holds the same bytes.
		out = append(out, mutant{"framed flip", content, mayRead, b.rows})
		out = append(out, mutant{"framed truncation", whole[:rng.IntN(len(whole))], mustFail, b.rows})
	}
	return out
}

// craftedMutants are written with intent.
func craftedMutants(tb testing.TB) []mutant {
	tb.Helper()
	out := []mutant{{"crafted control", craft{}.bytes(tb), mustRead, craftWant("event0", "event1", "event2")}}
	pages := hostilePages(tb)
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		c := craft{column: "event", codec: pages[name].codec, pages: pages[name].pages}
		out = append(out, mutant{"crafted page", c.bytes(tb), mustFail, nil})
	}
	footers := hostileFooters(tb)
	for _, name := range slices.Sorted(maps.Keys(footers)) {
		out = append(out, mutant{"crafted footer", footers[name].bytes(tb), mustFail, nil})
	}
	for _, n := range []int{0, 1, 100, 10_000} {
		rng := rand.New(rand.NewPCG(3, uint64(n)))
		for range 5 {
			noise := make([]byte, n)
			for i := range noise {
				noise[i] = byte(rng.Uint32())
			}
			content := slices.Concat([]byte(magic), noise, binary.LittleEndian.AppendUint32(nil, uint32(n)), []byte(magic))
			out = append(out, mutant{"noise", content, mustFail, nil})
		}
	}
	return append(out, bombs(tb)...)
}

// bombs are small files that ask for much.
func bombs(tb testing.TB) []mutant {
	tb.Helper()
	var out []mutant
	zeros := make([]byte, 100<<20)
	bodies := []struct {
		codec format.CompressionCodec
		body  []byte
	}{
		{format.Zstd, zstdStream(tb, zeros)},
		{format.Gzip, gzipped(tb, zeros)},
		{format.Brotli, brotlied(tb, zeros)},
		{format.Snappy, snappyZeros(len(zeros))},
	}
	for _, b := range bodies {
		for _, declared := range []int{len(zeros), 1 << 20, 1<<31 - 1} {
			page := craftPage{body: b.body, header: craftData(format.Plain, nil).header}
			page.header.CompressedPageSize, page.header.UncompressedPageSize = int32(len(b.body)), int32(declared)
			c := craft{column: "event", codec: b.codec, pages: []craftPage{page}}
			out = append(out, mutant{"bomb", c.bytes(tb), mustFail, nil})
		}
	}
	for _, n := range []int{200_000, 100_000_001, 1<<31 - 1} {
		v := mustFail
		var rows []Record
		if n <= 200_000 {
			v, rows = mustRead, make([]Record, n)
			for i := range rows {
				rows[i].Row = int64(i)
			}
		}
		out = append(out, mutant{"rows of nothing", nothingBut(tb, n), v, rows})
	}
	return out
}

// snappyZeros is a block of n zeros: a literal, and copies of it.
func snappyZeros(n int) []byte {
	out := append(binary.AppendUvarint(nil, uint64(n)), 0, 0)
	for left := n - 1; left > 0; {
		size := min(left, 64)
		out = append(out, byte(size-1)<<2|2, 1, 0)
		left -= size
	}
	return out
}

// nothingBut is a file of n rows of NULLs, a few bytes a column.
func nothingBut(tb testing.TB, n int) []byte {
	tb.Helper()
	levels := append(binary.AppendUvarint(nil, uint64(n)<<1), 0)
	page := craftBody(format.Plain, append(binary.LittleEndian.AppendUint32(nil, uint32(len(levels))), levels...))
	page.header.DataPageHeader.V.NumValues = int32(n)
	header, err := thrift.Marshal(new(thrift.CompactProtocol), &page.header)
	require.NoError(tb, err)
	stored := slices.Concat(header, page.body)
	return craft{
		meta: func(m *format.FileMetaData) {
			m.NumRows, m.RowGroups[0].NumRows = int64(n), int64(n)
			for i := range m.RowGroups[0].Columns {
				c := &m.RowGroups[0].Columns[i].MetaData
				// Every column is pointed to the same page, which takes the place of the first column's.
				c.NumValues, c.DataPageOffset, c.TotalCompressedSize = int64(n), 4, int64(len(stored))
			}
		},
		column: "uuid",
		pages:  []craftPage{page},
	}.bytes(tb)
}

func (m mutant) String() string { return fmt.Sprintf("%s of %d bytes", m.class, len(m.content)) }
