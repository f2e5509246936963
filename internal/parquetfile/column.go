package parquetfile

import (
	"io"

	"github.com/parquet-go/parquet-go/format"
)

// column reads the values of one column, one page at a time.
type column struct {
	*columnSpec
	shared *shared

	// The chunk being read: pos is the next page header, left the values that are still to come.
	chunk    chunk
	rowGroup int
	pos      int64
	left     int64

	// The page being read. Buffers are kept from page to page.
	page, dictionary values
	pageBuf, dictBuf []byte
	hasDictionary    bool
	// indexes point into the dictionary, nil in a page that holds its values itself.
	indexes, indexBuf []int32
	// levels say which rows have a value: 1, else 0. nil when all have.
	levels, levelBuf []byte
	rows             int
	row, value       int
}

// shared is what the columns of a file have in common. They are read in turn, by one goroutine.
type shared struct {
	src        io.ReaderAt
	budget     budget
	pageLimit  int64
	headers    *headerReader
	codecs     decompressor
	compressed []byte
}

// open starts a chunk of the given number of rows.
func (c *column) open(at chunk, rowGroup int, rows int64) {
	c.chunk, c.rowGroup, c.pos, c.left = at, rowGroup, at.start, rows
	c.hasDictionary = false
	c.rows, c.row, c.value = 0, 0, 0
}

// next moves to the next row and returns the position of its value among the values of v,
// or a nil v when the row has NULL.
func (c *column) next() (v *values, i int, err error) {
	for c.row == c.rows {
		if err := c.nextPage(); err != nil {
			return nil, 0, err
		}
	}
	row := c.row
	c.row++
	if c.levels != nil && c.levels[row] == 0 {
		return nil, 0, nil
	}
	i = c.value
	c.value++
	if c.indexes != nil {
		return &c.dictionary, int(c.indexes[i]), nil
	}
	return &c.page, i, nil
}

// finish makes sure that the chunk holds no values beyond those of its row group.
func (c *column) finish() error {
	for c.pos < c.chunk.end {
		if err := c.nextPage(); err != nil {
			return err
		}
	}
	return nil
}

// nextPage reads the page at pos. It leaves the column without rows when that is not a data page.
func (c *column) nextPage() error {
	at := place{column: c.name, rowGroup: c.rowGroup, offset: c.pos}
	if c.pos >= c.chunk.end {
		return at.errorf(Corrupt, "the chunk ends %d rows early", c.left)
	}
	var header format.PageHeader
	n, err := c.shared.headers.read(c.shared.src, c.pos, c.chunk.end, &header)
	if err != nil {
		return at.wrap(err)
	}
	page, err := inspect(&header, c.chunk.end-c.pos-n, c.left, c.shared.pageLimit)
	if err != nil {
		return at.wrap(err)
	}
	body := c.pos + n
	c.pos = body + int64(page.size)
	c.rows, c.row, c.value = 0, 0, 0

	switch page.kind {
	case format.DictionaryPage:
		err = c.readDictionary(page, body)
	case format.DataPage, format.DataPageV2:
		err = c.readData(page, body, at)
	case format.IndexPage:
	}
	return at.wrap(err)
}

func (c *column) readDictionary(page pageInfo, body int64) error {
	if c.hasDictionary {
		return damagef("the chunk has a second dictionary")
	}
	if page.encoding != format.Plain && page.encoding != legacyDictionary {
		return damagef("the dictionary is encoded as %s", page.encoding)
	}
	data, err := c.readBody(page, body, &c.dictBuf)
	if err != nil {
		return err
	}
	c.hasDictionary = true
	return c.dictionary.plain(&c.shared.budget, data, page.values, c.kind.width())
}

func (c *column) readData(page pageInfo, body int64, at place) error {
	if page.values == 0 {
		return nil
	}
	data, err := c.readBody(page, body, &c.pageBuf)
	if err != nil {
		return err
	}
	var defined int
	if page.kind == format.DataPageV2 {
		defined, data, err = c.splitV2(page, data)
	} else {
		defined, data, err = c.splitV1(page, data, at)
	}
	if err != nil {
		return err
	}
	c.indexes = nil
	switch {
	case defined == 0:
		// There may be an empty block of values or none at all.
	case page.encoding == format.RLEDictionary || page.encoding == legacyDictionary:
		err = c.readIndexes(data, defined)
	case page.encoding == format.Plain:
		err = c.page.plain(&c.shared.budget, data, defined, c.kind.width())
	case page.encoding == format.DeltaLengthByteArray && c.kind == text:
		err = c.page.deltaLength(&c.shared.budget, data, defined)
	default:
		return at.errorf(Unsupported, "it is encoded as %s; PostHog writes PLAIN and RLE_DICTIONARY", page.encoding)
	}
	if err != nil {
		return err
	}
	c.rows = page.values
	c.left -= int64(page.values)
	return nil
}
