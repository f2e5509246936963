package parquetfile

import (
	"fmt"
	"slices"

	"github.com/parquet-go/parquet-go/format"
)

// rowGroup is where the wanted columns of a row group lie.
type rowGroup struct {
	rows   int64
	chunks [numColumns]chunk
}

// chunk is the pages of one column in one row group.
type chunk struct {
	start, end int64
	codec      format.CompressionCodec
}

// codecs are the compressions that are read. The two LZ4s and LZO are not: LZ4 is an undocumented framing of
// Hadoop, LZO has no maintained decoder in Go, and LZ4_RAW comes out with wrong values, silently, from
// the parquet-go that most Go programs would check this reader against (0.26 to 0.32).
var codecs = []format.CompressionCodec{
	format.Uncompressed, format.Snappy, format.Gzip, format.Brotli, format.Zstd,
}

// layout checks that the row groups of the footer agree with the schema, with each other and with the size of
// the file, and reduces them to what is read. The data of a file ends at dataEnd, where its footer starts.
func layout(meta *fileMetaData, s *selection, dataEnd int64, limits Limits) ([]rowGroup, error) {
	if meta.NumRows > limits.Rows {
		return nil, errorf(TooLarge, "it has %d rows, the limit is %d", meta.NumRows, limits.Rows)
	}
	groups := make([]rowGroup, 0, len(meta.RowGroups))
	left := meta.NumRows
	for i := range meta.RowGroups {
		g := &meta.RowGroups[i]
		switch {
		case len(g.Columns) != len(s.leaves):
			return nil, errorf(Corrupt, "row group %d has %d columns, the schema %d", i, len(g.Columns), len(s.leaves))
		case g.NumRows < 0 || g.NumRows > left:
			return nil, errorf(Corrupt, "row group %d has %d rows, and %d of the file's %d are left", i, g.NumRows, left, meta.NumRows)
		}
		left -= g.NumRows
		for l, name := range s.leaves {
			if path := g.Columns[l].MetaData.Path; len(path) == 0 || path[0] != name {
				return nil, place{column: name, rowGroup: i, offset: -1}.errorf(Corrupt, "the chunk in its place belongs to another column")
			}
		}
		out := rowGroup{rows: g.NumRows}
		for c, spec := range s.columns {
			if spec == nil {
				continue
			}
			var err error
			at := place{column: spec.name, rowGroup: i, offset: -1}
			if out.chunks[c], err = layoutChunk(&g.Columns[spec.leaf], spec, g.NumRows, dataEnd, at); err != nil {
				return nil, err
			}
		}
		groups = append(groups, out)
	}
	if left != 0 {
		return nil, errorf(Corrupt, "its row groups have %d rows, its footer says %d", meta.NumRows-left, meta.NumRows)
	}
	return groups, nil
}

func layoutChunk(c *columnChunk, spec *columnSpec, rows, dataEnd int64, at place) (chunk, error) {
	m := &c.MetaData
	start := m.DataPageOffset
	if m.DictionaryPageOffset > 0 && m.DictionaryPageOffset < start {
		start = m.DictionaryPageOffset
	}
	switch {
	case c.Crypto.Value != nil:
		return chunk{}, at.errorf(Unsupported, "it is encrypted; turn off Parquet encryption in the writer")
	case c.FilePath != "":
		return chunk{}, at.errorf(Unsupported, "its data lies in another file, which is never opened")
	case len(m.Path) != 1:
		return chunk{}, at.errorf(Corrupt, "the chunk belongs to a nested column")
	case m.Type != spec.physical:
		return chunk{}, at.errorf(Corrupt, "the chunk is %s, the schema says %s", m.Type, spec.physical)
	case !slices.Contains(codecs, m.Codec):
		return chunk{}, at.errorf(UnsupportedCodec, "it is compressed with %s, which is not read; "+
			"set compression to snappy, zstd, gzip, brotli or none in PostHog's batch export", codecName(m.Codec))
	case m.NumValues != rows:
		return chunk{}, at.errorf(Corrupt, "it has %d values for %d rows", m.NumValues, rows)
	case rows == 0:
		return chunk{codec: m.Codec}, nil // some writers give such a chunk no place at all
	case start < int64(len(magic)) || m.TotalCompressedSize < 0 || m.TotalCompressedSize > dataEnd-start:
		return chunk{}, at.errorf(Corrupt, "its %d bytes from %d on lie outside of the data, which ends at %d",
			m.TotalCompressedSize, start, dataEnd)
	}
	return chunk{start: start, end: start + m.TotalCompressedSize, codec: m.Codec}, nil
}

func codecName(c format.CompressionCodec) string {
	if c < format.Uncompressed || c > format.Lz4Raw {
		return fmt.Sprintf("unknown codec %d", c)
	}
	return c.String()
}
