package parquetfile

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// readBody reads the page whose content starts at offset into buf, decompressed. Its checksum is checked where
// it has one; pyarrow writes none unless asked to.
func (c *column) readBody(page pageInfo, offset int64, buf *[]byte) ([]byte, error) {
	s := c.shared
	data, err := grow(&s.budget, *buf, page.uncompressed)
	if err != nil {
		return nil, err
	}
	*buf = data
	stored := data
	plain := c.chunk.codec == format.Uncompressed || !page.compressed
	switch {
	case plain && page.size != page.uncompressed:
		return nil, damagef("the page is not compressed, and its sizes are %d and %d", page.size, page.uncompressed)
	case !plain:
		if s.compressed, err = grow(&s.budget, s.compressed, page.size); err != nil {
			return nil, err
		}
		stored = s.compressed
	}
	if err := readFull(s.src, stored, offset); err != nil {
		return nil, err
	}
	if page.crc != 0 && crc32.ChecksumIEEE(stored) != page.crc {
		return nil, damagef("the page's checksum is wrong")
	}
	if plain {
		return data, nil
	}
	levels := 0 // those of v1 pages are compressed with the values, those of v2 pages are not
	if page.kind == format.DataPageV2 {
		levels = page.repetition + page.definition
	}
	copy(data, stored[:levels])
	return data, s.codecs.decompress(c.chunk.codec, data[levels:], stored[levels:])
}

// splitV1 reads the levels at the head of a v1 page. It returns how many rows have a value, and the values.
func (c *column) splitV1(page pageInfo, data []byte, at place) (int, []byte, error) {
	if !c.optional {
		c.levels = nil
		return page.values, data, nil
	}
	if page.legacyLevels {
		return 0, nil, at.errorf(Unsupported, "its levels are encoded as BIT_PACKED; Parquet 2 and pyarrow write RLE")
	}
	const lengthBytes = 4
	if len(data) < lengthBytes {
		return 0, nil, damagef("the page is too short for its levels")
	}
	length := int(binary.LittleEndian.Uint32(data))
	data = data[lengthBytes:]
	if length > len(data) {
		return 0, nil, damagef("the page's levels claim %d of its %d bytes", length, len(data))
	}
	defined, err := c.readLevels(data[:length], page.values)
	return defined, data[length:], err
}

// splitV2 is splitV1 for v2 pages, whose header says how long the levels are.
func (c *column) splitV2(page pageInfo, data []byte) (int, []byte, error) {
	levels := data[page.repetition : page.repetition+page.definition]
	data = data[page.repetition+page.definition:]
	if !c.optional {
		c.levels = nil
		if page.nulls != 0 {
			return 0, nil, damagef("the page claims %d NULLs in a required column", page.nulls)
		}
		return page.values, data, nil
	}
	defined, err := c.readLevels(levels, page.values)
	if err == nil && page.values-defined != page.nulls {
		err = damagef("the page has %d NULLs and claims %d", page.values-defined, page.nulls)
	}
	return defined, data, err
}

// readLevels decodes n definition levels of a flat column, which are 1 for a value and 0 for NULL.
func (c *column) readLevels(data []byte, n int) (int, error) {
	used, err := checkRuns(data, 1, n)
	if err != nil {
		return 0, err
	}
	if c.levelBuf, err = grow(&c.shared.budget, c.levelBuf, n+padding); err != nil {
		return 0, err
	}
	decoder := rle.Encoding{BitWidth: 1}
	levels, err := decoder.DecodeLevels(c.levelBuf[:0], data[:used])
	if err != nil || len(levels) < n {
		return 0, &damage{what: "its levels cannot be decoded", err: err}
	}
	c.levels = levels[:n]
	defined := bytes.Count(c.levels, []byte{1})
	if defined == n {
		c.levels = nil
	}
	return defined, nil
}

// readIndexes decodes n indexes into the dictionary. The first byte is their width in bits.
func (c *column) readIndexes(data []byte, n int) error {
	if !c.hasDictionary {
		return damagef("the page refers to a dictionary that the chunk does not have")
	}
	const widest = 32
	if len(data) == 0 || data[0] > widest {
		return damagef("the page's dictionary indexes have no possible width")
	}
	var err error
	if c.indexBuf, err = grow(&c.shared.budget, c.indexBuf, n+padding); err != nil {
		return err
	}
	if data[0] == 0 { // a dictionary of one entry; some writers leave out the runs
		c.indexes = c.indexBuf[:n]
		clear(c.indexes)
		return c.checkIndexes()
	}
	used, err := checkRuns(data[1:], int(data[0]), n)
	if err != nil {
		return err
	}
	var decoder rle.DictionaryEncoding
	indexes, err := decoder.DecodeInt32(c.indexBuf[:0], data[:1+used])
	if err != nil || len(indexes) < n {
		return &damage{what: "its dictionary indexes cannot be decoded", err: err}
	}
	c.indexes = indexes[:n]
	return c.checkIndexes()
}

func (c *column) checkIndexes() error {
	for _, index := range c.indexes {
		if uint32(index) >= uint32(c.dictionary.n) { //nolint:gosec // a negative index becomes a large one
			return damagef("index %d points beyond the dictionary's %d entries", index, c.dictionary.n)
		}
	}
	return nil
}
