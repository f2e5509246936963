package parquetfile

import (
	"errors"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	// usualHeader holds nearly every page header; those with statistics of long strings are larger.
	usualHeader = 4 * kibi
	// largestHeader bounds what is read in search of a header's end.
	largestHeader = 16 * mebi

	headerDepth    = 16
	headerElements = 1024

	// legacyDictionary is PLAIN_DICTIONARY, the old name of both encodings that a dictionary takes part in:
	// PLAIN in its own page, RLE_DICTIONARY in the pages that refer to it.
	legacyDictionary format.Encoding = 2
)

// headerReader reads page headers. Their length is known only once they have been walked.
type headerReader struct {
	buf     []byte
	bytes   thrift.BytesReader
	decoder *thrift.Decoder
}

func newHeaderReader() *headerReader {
	reader := new(thrift.CompactProtocol).NewReaderFromBytes(nil)
	return &headerReader{buf: make([]byte, usualHeader), bytes: reader, decoder: thrift.NewDecoder(reader)}
}

// read decodes the header at pos of a chunk that ends at end, and returns its length in bytes.
func (h *headerReader) read(r io.ReaderAt, pos, end int64, header *format.PageHeader) (int64, error) {
	for size := int64(usualHeader); ; size *= 16 {
		n := min(size, end-pos)
		if int64(len(h.buf)) < n {
			h.buf = make([]byte, n)
		}
		data := h.buf[:n]
		if err := readFull(r, data, pos); err != nil {
			return 0, err
		}
		length, err := walkThrift(data, headerDepth, headerElements)
		if errors.Is(err, errShort) && n == size {
			if size < largestHeader {
				continue
			}
			return 0, damagef("the page header takes more than %d bytes", largestHeader)
		}
		if err != nil {
			return 0, &damage{what: "the page header cannot be read", err: err}
		}
		*header = format.PageHeader{}
		h.bytes.ResetBytes(data[:length])
		if err := h.decoder.Decode(header); err != nil {
			return 0, &damage{what: "the page header cannot be read", err: err}
		}
		return int64(length), nil
	}
}

// pageInfo is what the three kinds of page headers have in common, checked.
type pageInfo struct {
	kind     format.PageType
	encoding format.Encoding
	// values counts NULLs too.
	values int
	// nulls is -1 where the header does not say.
	nulls int
	// repetition and definition are the sizes of the levels of a v2 page, which precede the compressed part.
	repetition, definition int
	// legacyLevels are those of a v1 page that are not run-length encoded. It matters only where there are any.
	legacyLevels bool
	// size is that of the page as it is stored, and uncompressed that of its content, both in bytes and with levels.
	size, uncompressed int
	// compressed is false for v2 pages that are stored as they are whatever the codec of the chunk.
	compressed bool
	crc        uint32
}

// inspect checks that a page header is possible at all: that its sizes fit into the bytes that are left of
// the chunk and under the limit, and that its counts are none too many for the rows that are left.
func inspect(h *format.PageHeader, left, rows, limit int64) (pageInfo, error) {
	p := pageInfo{
		kind:         h.Type,
		size:         int(h.CompressedPageSize),
		uncompressed: int(h.UncompressedPageSize),
		nulls:        -1,
		compressed:   true,
		crc:          uint32(h.CRC), //nolint:gosec // a checksum in a signed field
	}
	switch {
	case p.size < 0 || p.uncompressed < 0:
		return p, damagef("the page has a negative size")
	case int64(p.size) > left:
		return p, damagef("the page takes %d bytes of the %d left in its chunk", p.size, left)
	case int64(max(p.size, p.uncompressed)) > limit:
		return p, &sizeError{what: "the page", bytes: int64(max(p.size, p.uncompressed)), limit: limit}
	}
	var err error
	switch v1, v2, dictionary := &h.DataPageHeader, &h.DataPageHeaderV2, &h.DictionaryPageHeader; {
	case h.Type == format.DataPage && v1.Valid:
		p.encoding, p.legacyLevels = v1.V.Encoding, v1.V.DefinitionLevelEncoding != format.RLE
		p.values, err = countOf(v1.V.NumValues, rows)
	case h.Type == format.DataPageV2 && v2.Valid:
		p.encoding, p.compressed = v2.V.Encoding, !v2.V.IsCompressed.Valid || v2.V.IsCompressed.V
		if p.values, err = countOf(v2.V.NumValues, rows); err == nil {
			err = p.inspectV2(&v2.V)
		}
	case h.Type == format.DictionaryPage && dictionary.Valid:
		p.encoding = dictionary.V.Encoding
		p.values, err = countOf(dictionary.V.NumValues, int64(p.uncompressed))
	case h.Type == format.IndexPage:
	default:
		err = damagef("the page is of type %d and has no header of that type", h.Type)
	}
	return p, err
}

// countOf checks a number of values against what is possible.
func countOf(values int32, most int64) (int, error) {
	if values < 0 || int64(values) > most {
		return 0, damagef("the page claims %d values where %d are possible", values, most)
	}
	return int(values), nil
}

func (p *pageInfo) inspectV2(d *format.DataPageHeaderV2) error {
	p.nulls = int(d.NumNulls)
	p.repetition, p.definition = int(d.RepetitionLevelsByteLength), int(d.DefinitionLevelsByteLength)
	switch {
	case p.nulls < 0 || p.nulls > p.values || d.NumRows != d.NumValues:
		return damagef("the page claims %d values, %d NULLs and %d rows", p.values, p.nulls, d.NumRows)
	case p.repetition < 0 || p.definition < 0 || p.repetition+p.definition > min(p.size, p.uncompressed):
		return damagef("the page's levels take %d and %d of its %d bytes", p.repetition, p.definition, p.size)
	default:
		return nil
	}
}
