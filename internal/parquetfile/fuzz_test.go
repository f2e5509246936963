package parquetfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/require"
)

// fuzzLimits keep single inputs cheap.
var fuzzLimits = Limits{PageBytes: 4 * mebi, BufferBytes: 16 * mebi, Rows: 100_000, UnwrapBytes: 4 * mebi}

// requireOrderly reads a file that may hold anything: it has to give all its rows or an Error,
// and no decoder may have panicked on the way, even though that would be caught.
func requireOrderly(t *testing.T, content []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "export.parquet")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	var fault *Error
	f, err := Open(path, fuzzLimits)
	if err != nil {
		require.ErrorAs(t, err, &fault)
		require.NotContains(t, fault.Detail, gaveUp)
		return
	}
	defer f.Close()
	rows := int64(0)
	for ; err == nil; rows++ {
		_, err = f.Next()
	}
	if errors.Is(err, io.EOF) {
		require.Equal(t, f.NumRows(), rows-1)
		return
	}
	require.ErrorAs(t, err, &fault)
	require.NotContains(t, fault.Detail, gaveUp)
	require.LessOrEqual(t, rows-1, f.NumRows())
}

func FuzzOpen(f *testing.F) {
	rows := sampleRows(9, true)
	f.Add(craft{}.bytes(f))
	f.Add(framed(f, craft{}.bytes(f)))
	f.Add(shape{order: posthogOrder, codec: &parquet.Snappy}.encode(f, rows))
	f.Add(shape{version: 2, codec: &parquet.Zstd, encoding: &parquet.RLEDictionary, groupRows: 4}.encode(f, rows))
	f.Add(shape{codec: &parquet.Gzip, encoding: &parquet.DeltaLengthByteArray}.encode(f, rows))
	f.Add(shape{codec: &parquet.Brotli, binaryIDs: true}.encode(f, rows))
	f.Add([]byte("PAR1\x00\x00\x00\x00PAR1"))
	f.Fuzz(requireOrderly)
}

// FuzzPage puts anything into a page of an otherwise sound file, where FuzzOpen gets only rarely.
func FuzzPage(f *testing.F) {
	values := craftPlain("event")
	plain := append(craftLevels(), values...)
	dictionary := append(craftText("event", 0), craftText("event", 1)...)
	f.Add(plain, []byte(nil), int32(format.Plain), int32(0), uint8(0), false)
	f.Add(append(craftLevels(), 1, 3, 0b010), dictionary, int32(format.RLEDictionary), int32(0), uint8(0), false)
	f.Add(append([]byte{6, 1}, values...), []byte(nil), int32(format.Plain), int32(0), uint8(2), true)
	f.Add(append([]byte{3, 0b101, 1, 3}, 0b01), dictionary, int32(format.RLEDictionary), int32(1), uint8(2), true)
	f.Add(append(craftLevels(), 128, 1, 4, 3, 2, 0, 0, 0, 0, 0, 'a', 'b', 'c'), []byte(nil),
		int32(format.DeltaLengthByteArray), int32(0), uint8(0), false)
	for codec, compress := range map[format.CompressionCodec]func(testing.TB, []byte) []byte{
		format.Gzip: gzipped, format.Brotli: brotlied, format.Zstd: zstdStream,
	} {
		f.Add(compress(f, plain), []byte(nil), int32(format.Plain), int32(codec)<<8|int32(len(plain))<<16, uint8(0), false)
	}
	f.Fuzz(func(t *testing.T, body, dictionary []byte, encoding, more int32, levels uint8, v2 bool) {
		// more packs what few inputs need: NULLs, codec and the size that is declared, if it is not that of the body.
		page := craftBody(format.Encoding(encoding), body)
		if v2 {
			page = craftDataV2(format.Encoding(encoding), body[:min(len(body), int(levels))], body[min(len(body), int(levels)):])
			page.header.DataPageHeaderV2.V.NumNulls = more & 0xff
		}
		if size := more >> 16; size != 0 {
			page.header.UncompressedPageSize = size
		}
		pages := []craftPage{page}
		if len(dictionary) > 0 {
			pages = []craftPage{craftDictionary(2, dictionary), page}
		}
		requireOrderly(t, craft{column: "event", codec: format.CompressionCodec(more >> 8 & 0xff), pages: pages}.bytes(t))
	})
}
