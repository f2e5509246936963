package parquetfile

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
)

// BenchmarkNext reads a file of the usual proportions: properties of about 1.7 kB, nearly all of the bytes.
func BenchmarkNext(b *testing.B) {
	rows := sampleRows(20_000, true)
	rng := rand.New(rand.NewPCG(1, 2))
	var size int64
	for i := range rows {
		rows[i].Properties = nil
		for len(rows[i].Properties) < 1700 {
			rows[i].Properties = fmt.Appendf(rows[i].Properties, `,"$feature/flag-%d":"variant-%d"`, rng.IntN(300), rng.IntN(9))
		}
		for _, text := range [][]byte{rows[i].UUID, rows[i].Event, rows[i].Properties, rows[i].DistinctID, rows[i].PersonID} {
			size += int64(len(text))
		}
		size += 16
	}
	for name, s := range map[string]shape{
		"snappy":     {codec: &parquet.Snappy, pageBytes: 1 << 20},
		"zstd":       {codec: &parquet.Zstd, pageBytes: 1 << 20},
		"dictionary": {codec: &parquet.Snappy, pageBytes: 1 << 20, encoding: &parquet.RLEDictionary},
	} {
		path := store(b, s.encode(b, rows))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				readAll(b, path)
			}
			b.ReportMetric(float64(b.N)*float64(len(rows))/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func readAll(b *testing.B, path string) {
	b.Helper()
	f, err := Open(path, Limits{})
	require.NoError(b, err)
	for err == nil {
		_, err = f.Next()
	}
	if !errors.Is(err, io.EOF) {
		b.Fatal(err)
	}
	require.NoError(b, f.Close())
}
