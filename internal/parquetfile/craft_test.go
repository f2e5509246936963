package parquetfile

import (
	"encoding/binary"
	"testing"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/require"
)

// craft builds files byte by byte, so that any part of them can be made wrong.
// Left alone, it is a sound file of craftRows rows whose columns are all optional and never NULL.
type craft struct {
	// pages and codec replace those of the column named.
	column string
	pages  []craftPage
	codec  format.CompressionCodec
	// element, chunk and meta change what the footer says of the column, of its chunk and of the file.
	element func(*format.SchemaElement)
	chunk   func(*format.ColumnChunk)
	meta    func(*format.FileMetaData)
	// footer replaces the bytes of the footer.
	footer func([]byte) []byte
}

type craftPage struct {
	header format.PageHeader
	body   []byte
}

const craftRows = 3

var craftColumns = []string{"uuid", "event", "properties", "distinct_id", "person_id", "timestamp", "_inserted_at"}

func (c craft) bytes(tb testing.TB) []byte {
	tb.Helper()
	meta := format.FileMetaData{
		Version: 2,
		NumRows: craftRows,
		Schema:  []format.SchemaElement{{Name: "root", NumChildren: thrift.New(int32(len(craftColumns)))}},
	}
	group := format.RowGroup{NumRows: craftRows}
	out := []byte(magic)
	for _, name := range craftColumns {
		element := craftElement(name)
		pages, codec := []craftPage{craftData(format.Plain, craftPlain(name))}, format.Uncompressed
		if name == c.column {
			if c.element != nil {
				c.element(&element)
			}
			if c.pages != nil {
				pages, codec = c.pages, c.codec
			}
		}
		meta.Schema = append(meta.Schema, element)
		chunk := format.ColumnChunk{MetaData: format.ColumnMetaData{
			Type:           element.Type.V,
			Encoding:       []format.Encoding{format.Plain},
			PathInSchema:   []string{name},
			Codec:          codec,
			NumValues:      craftRows,
			DataPageOffset: int64(len(out)),
		}}
		for _, p := range pages {
			header, err := thrift.Marshal(new(thrift.CompactProtocol), &p.header)
			require.NoError(tb, err)
			out = append(append(out, header...), p.body...)
		}
		chunk.MetaData.TotalCompressedSize = int64(len(out)) - chunk.MetaData.DataPageOffset
		if name == c.column && c.chunk != nil {
			c.chunk(&chunk)
		}
		group.Columns = append(group.Columns, chunk)
	}
	meta.RowGroups = []format.RowGroup{group}
	if c.meta != nil {
		c.meta(&meta)
	}
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), &meta)
	require.NoError(tb, err)
	if c.footer != nil {
		footer = c.footer(footer)
	}
	out = append(out, footer...)
	return append(binary.LittleEndian.AppendUint32(out, uint32(len(footer))), magic...)
}

func craftElement(name string) format.SchemaElement {
	e := format.SchemaElement{
		Name:           name,
		Type:           thrift.New(format.ByteArray),
		RepetitionType: thrift.New(format.Optional),
		ConvertedType:  thrift.New(deprecated.UTF8),
		LogicalType:    format.LogicalType{Value: &format.StringType{}},
	}
	if isInstantColumn(name) {
		e.Type = thrift.New(format.Int64)
		e.ConvertedType = thrift.New(deprecated.TimestampMicros)
		e.LogicalType.Value = &format.TimestampType{IsAdjustedToUTC: true, Unit: format.TimeUnit{Value: &format.MicroSeconds{}}}
	}
	return e
}

// craftPlain is the PLAIN encoding of the rows of a column.
func craftPlain(name string) []byte {
	var out []byte
	for i := range craftRows {
		if isInstantColumn(name) {
			out = binary.LittleEndian.AppendUint64(out, uint64(1000*i))
			continue
		}
		out = append(out, craftText(name, i)...)
	}
	return out
}

func craftText(name string, i int) []byte {
	text := name + string(rune('0'+i))
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(text))), text...)
}

// craftLevels are the levels of a v1 page of craftRows values: their length and one run of 1.
func craftLevels() []byte {
	return []byte{2, 0, 0, 0, craftRows << 1, 1}
}

// craftData is an uncompressed v1 data page of craftRows values.
func craftData(encoding format.Encoding, values []byte) craftPage {
	return craftBody(encoding, append(craftLevels(), values...))
}

func craftBody(encoding format.Encoding, body []byte) craftPage {
	return craftPage{body: body, header: format.PageHeader{
		Type:                 format.DataPage,
		CompressedPageSize:   int32(len(body)),
		UncompressedPageSize: int32(len(body)),
		DataPageHeader: thrift.New(format.DataPageHeader{
			NumValues: craftRows, Encoding: encoding, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
		}),
	}}
}

// craftDataV2 is an uncompressed v2 data page of craftRows values.
func craftDataV2(encoding format.Encoding, levels, values []byte) craftPage {
	body := append(append([]byte{}, levels...), values...)
	return craftPage{body: body, header: format.PageHeader{
		Type:                 format.DataPageV2,
		CompressedPageSize:   int32(len(body)),
		UncompressedPageSize: int32(len(body)),
		DataPageHeaderV2: thrift.New(format.DataPageHeaderV2{
			NumValues: craftRows, NumRows: craftRows, Encoding: encoding,
			DefinitionLevelsByteLength: int32(len(levels)),
		}),
	}}
}

func craftDictionary(entries int, values []byte) craftPage {
	return craftPage{body: values, header: format.PageHeader{
		Type:                 format.DictionaryPage,
		CompressedPageSize:   int32(len(values)),
		UncompressedPageSize: int32(len(values)),
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(entries), Encoding: format.Plain}),
	}}
}

// with changes the header of a page.
func (p craftPage) with(change func(*format.PageHeader)) craftPage {
	change(&p.header)
	return p
}
