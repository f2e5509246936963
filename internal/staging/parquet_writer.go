package staging

import (
	"fmt"
	"os"

	"github.com/parquet-go/parquet-go"
)

const (
	// rowGroupBytes is how much data goes into one row group. It bounds what the
	// writer keeps in memory, and what a reader has to.
	rowGroupBytes = 24 << 20
	// rowGroupRows bounds the row group for files of small rows.
	rowGroupRows = 50_000
)

// parquetWriter writes rows of one schema to a file, in row groups of bounded size.
type parquetWriter struct {
	file   *os.File
	writer *parquet.GenericWriter[any]
	row    parquet.Row
	rows   []parquet.Row
	// bytes and count are of the row group being written.
	bytes, count int
}

func createParquet(path string, schema *parquet.Schema) (*parquetWriter, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create staged file: %w", err)
	}
	return &parquetWriter{
		file: file,
		writer: parquet.NewGenericWriter[any](file, schema,
			parquet.Compression(&parquet.Snappy),
			parquet.DataPageStatistics(false),
			parquet.PageBufferSize(1<<20)),
		row:  make(parquet.Row, 0, len(schema.Columns())),
		rows: make([]parquet.Row, 1),
	}, nil
}

// required, optional and number append the next column of the row.
func (w *parquetWriter) required(value []byte) {
	w.bytes += len(value)
	w.row = append(w.row, parquet.ByteArrayValue(value).Level(0, 0, len(w.row)))
}

func (w *parquetWriter) optional(value []byte) {
	if value == nil {
		w.row = append(w.row, parquet.NullValue().Level(0, 0, len(w.row)))
		return
	}
	w.bytes += len(value)
	w.row = append(w.row, parquet.ByteArrayValue(value).Level(0, 1, len(w.row)))
}

func (w *parquetWriter) number(value int64) {
	w.bytes += 8
	w.row = append(w.row, parquet.Int64Value(value).Level(0, 0, len(w.row)))
}

func (w *parquetWriter) optionalNumber(value int64, valid bool) {
	if !valid {
		w.row = append(w.row, parquet.NullValue().Level(0, 0, len(w.row)))
		return
	}
	w.bytes += 8
	w.row = append(w.row, parquet.Int64Value(value).Level(0, 1, len(w.row)))
}

// endRow writes the row that the appended columns make up.
func (w *parquetWriter) endRow() error {
	w.rows[0] = w.row
	_, err := w.writer.WriteRows(w.rows)
	w.row = w.row[:0]
	if err != nil {
		return fmt.Errorf("write staged row: %w", err)
	}
	if w.count++; w.bytes >= rowGroupBytes || w.count >= rowGroupRows {
		w.bytes, w.count = 0, 0
		if err := w.writer.Flush(); err != nil {
			return fmt.Errorf("write staged row group: %w", err)
		}
	}
	return nil
}

// finish makes the file durable: a receipt is only written for data that a power
// cut cannot take back.
func (w *parquetWriter) finish() error {
	if err := w.writer.Close(); err != nil {
		return fmt.Errorf("close staged file: %w", err)
	}
	if err := w.file.Sync(); err != nil {
		return fmt.Errorf("sync staged file: %w", err)
	}
	return w.file.Close()
}

// abandon closes the file of a stage that failed. Closing twice is harmless.
func (w *parquetWriter) abandon() { _ = w.file.Close() }
