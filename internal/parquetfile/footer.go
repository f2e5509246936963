package parquetfile

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The parts of the footer that are read. They stand in for the types of parquet-go's format package, whose
// statistics and indexes make a list element five times as large: the smaller an element is, the longer a
// list a hostile footer may declare before it costs anything. Field numbers are those of parquet.thrift.
type (
	fileMetaData struct {
		Schema     []format.SchemaElement     `thrift:"2,required"`
		NumRows    int64                      `thrift:"3,required"`
		RowGroups  []rowGroupMetaData         `thrift:"4,required"`
		Encryption format.EncryptionAlgorithm `thrift:"8,optional"`
	}
	rowGroupMetaData struct {
		Columns []columnChunk `thrift:"1,required"`
		NumRows int64         `thrift:"3,required"`
	}
	columnChunk struct {
		FilePath string                      `thrift:"1,optional"`
		MetaData columnMetaData              `thrift:"3,optional"`
		Crypto   format.ColumnCryptoMetaData `thrift:"8,optional"`
	}
	columnMetaData struct {
		Type                 format.Type             `thrift:"1,required"`
		Path                 []string                `thrift:"3,required"`
		Codec                format.CompressionCodec `thrift:"4,required"`
		NumValues            int64                   `thrift:"5,required"`
		TotalCompressedSize  int64                   `thrift:"7,required"`
		DataPageOffset       int64                   `thrift:"9,required"`
		DictionaryPageOffset int64                   `thrift:"11,optional"`
	}
)

const (
	// footerDepth is above the nesting of any footer that the format defines; deeper ones hold unknown fields.
	footerDepth = 32
	// signatureBytes follow the metadata of a footer that is signed: a nonce and an AES-GCM tag.
	signatureBytes = 12 + 16
)

// readFooter reads the metadata at the end of a file that has passed sniff.
// It also returns where the footer starts, which is where the data has to end.
func readFooter(r io.ReaderAt, size int64, limits Limits) (*fileMetaData, int64, error) {
	tail, err := readUpTo(r, size-8, 4)
	if err != nil {
		return nil, 0, err
	}
	length := int64(binary.LittleEndian.Uint32(tail))
	start := size - 8 - length
	switch {
	case start < int64(len(magic)):
		return nil, 0, errorf(Corrupt, "its footer claims %d of the file's %d bytes", length, size)
	case length > limits.FooterBytes:
		return nil, 0, errorf(TooLarge, "its footer takes %d bytes, the limit is %d", length, limits.FooterBytes)
	}
	data, err := readUpTo(r, start, length)
	if err != nil {
		return nil, 0, err
	}
	n, err := walkThrift(data, footerDepth, limits.FooterElements)
	switch {
	case errors.Is(err, errElements):
		return nil, 0, errorf(TooLarge, "its footer declares more than %d list elements", limits.FooterElements)
	case err != nil:
		return nil, 0, &Error{Kind: Corrupt, Detail: "its footer cannot be read", Err: err}
	case len(data)-n == signatureBytes:
		return nil, 0, errorf(Unsupported, "its footer is signed; turn off Parquet encryption in the writer")
	case n != len(data):
		return nil, 0, errorf(Corrupt, "its footer is followed by %d bytes that belong to nothing", len(data)-n)
	}
	meta := new(fileMetaData)
	if err := decodeThrift(data, meta); err != nil {
		return nil, 0, &Error{Kind: Corrupt, Detail: "its footer cannot be read", Err: err}
	}
	if meta.Encryption.Value != nil {
		return nil, 0, errorf(Unsupported, "its columns are encrypted; turn off Parquet encryption in the writer")
	}
	return meta, start, nil
}

// decodeThrift decodes bytes that walkThrift has passed. Strings in v point into data.
func decodeThrift(data []byte, v any) error {
	protocol := new(thrift.CompactProtocol)
	return thrift.NewDecoder(protocol.NewReaderFromBytes(data)).Decode(v) //nolint:wrapcheck // callers say what it was
}
