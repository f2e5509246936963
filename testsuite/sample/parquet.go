package sample

import (
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// Codec is a compression that PostHog offers for Parquet. It compresses pages; the
// file is plain Parquet whatever its extension says.
type Codec string

// The codecs, by PostHog's names.
const (
	Snappy Codec = "snappy"
	Zstd   Codec = "zstd"
	Gzip   Codec = "gzip"
	Brotli Codec = "brotli"
	LZ4    Codec = "lz4" // what pyarrow calls lz4 is LZ4_RAW
	None   Codec = "none"
)

var codecs = map[Codec]struct {
	extension string
	codec     compress.Compression
}{
	Snappy: {".sz", compress.Codecs.Snappy},
	Zstd:   {".zst", compress.Codecs.Zstd},
	Gzip:   {".gz", compress.Codecs.Gzip},
	Brotli: {".br", compress.Codecs.Brotli},
	LZ4:    {".lz4", compress.Codecs.Lz4Raw},
	None:   {"", compress.Codecs.Uncompressed},
}

func (c Codec) known() bool { _, ok := codecs[c]; return ok }

func (c Codec) extension() string { return codecs[c].extension }

// createdBy is what pyarrow of the version that PostHog pins writes into footers.
const createdBy = "parquet-cpp-arrow version 23.0.1"

// parquetFile writes rows as pyarrow's ParquetWriter does with its defaults: format
// 2.6, data pages v1, dictionaries, one row group a batch, ARROW:schema in the
// footer.
type parquetFile struct {
	columns []column
	sink    *countingWriter
	writer  *pqarrow.FileWriter
	builder *array.RecordBuilder
}

func newParquetFile(sink io.Writer, columns []column, codec Codec) (*parquetFile, error) {
	fields := make([]arrow.Field, len(columns))
	for i := range columns {
		fields[i] = columns[i].field()
	}
	schema := arrow.NewSchema(fields, nil)
	counting := &countingWriter{to: sink}
	writer, err := pqarrow.NewFileWriter(schema, counting,
		parquet.NewWriterProperties(
			parquet.WithVersion(parquet.V2_6),
			parquet.WithCompression(codecs[codec].codec),
			parquet.WithRootRepetition(parquet.Repetitions.Required),
			parquet.WithCreatedBy(createdBy)),
		pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return nil, fmt.Errorf("begin Parquet file: %w", err)
	}
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	return &parquetFile{columns: columns, sink: counting, writer: writer, builder: builder}, nil
}

// write adds the rows as a row group and returns how many bytes that took.
func (f *parquetFile) write(rows []Row) (int64, error) {
	for i := range f.columns {
		f.fill(i, rows)
	}
	record := f.builder.NewRecordBatch()
	defer record.Release()
	before := f.sink.written
	if err := f.writer.Write(record); err != nil {
		return 0, fmt.Errorf("write row group: %w", err)
	}
	if f.sink.err != nil {
		return 0, fmt.Errorf("write row group: %w", f.sink.err)
	}
	return f.sink.written - before, nil
}

func (f *parquetFile) fill(index int, rows []Row) {
	c := &f.columns[index]
	switch builder := f.builder.Field(index).(type) {
	case *array.StringBuilder:
		size := 0
		for i := range rows {
			size += len(c.text(&rows[i].Event).V)
		}
		builder.Reserve(len(rows))
		builder.ReserveData(size)
		for i := range rows {
			if value := c.text(&rows[i].Event); value.Valid {
				builder.Append(value.V)
			} else {
				builder.AppendNull()
			}
		}
	case *array.TimestampBuilder:
		builder.Reserve(len(rows))
		for i := range rows {
			if value := c.micros(&rows[i].Event); value.Valid {
				builder.Append(arrow.Timestamp(value.V))
			} else {
				builder.AppendNull()
			}
		}
	}
}

// close writes the footer. The sink stays open.
func (f *parquetFile) close() error {
	f.builder.Release()
	if err := f.writer.Close(); err != nil {
		return fmt.Errorf("write Parquet footer: %w", err)
	}
	if f.sink.err != nil {
		return fmt.Errorf("write Parquet footer: %w", f.sink.err)
	}
	return nil
}

// countingWriter counts, and hides that the sink can be closed. It keeps the first
// error for itself, because the Parquet writer panics where it cannot return one.
type countingWriter struct {
	to      io.Writer
	written int64
	err     error
}

func (w *countingWriter) Write(p []byte) (int, error) {
	if w.err == nil {
		_, w.err = w.to.Write(p)
	}
	w.written += int64(len(p))
	return len(p), nil
}
