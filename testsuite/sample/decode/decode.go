// Package decode reads exports back with a Parquet reader that neither the sample
// writer nor the loader is built on, for tests that compare.
package decode

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/xitongsys/parquet-go/reader"
	"github.com/xitongsys/parquet-go/source"

	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// ReadAll returns the rows of a Parquet export file in order. It reads pages that
// are not compressed or compressed with Snappy, Zstandard or gzip, and fails on
// other codecs. A column that the file lacks is NULL in every row.
func ReadAll(path string) ([]sample.Event, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	return Read(content)
}

// Read is ReadAll for a file in memory.
//
// The reader drops rows without an error when a page cannot be read, so a number
// of values other than the footer's number of rows is an error here.
func Read(content []byte) (events []sample.Event, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("decode Parquet: reader panicked: %v", problem)
		}
	}()
	r, err := reader.NewParquetColumnReader(memoryFile{bytes.NewReader(content)}, 1)
	if err != nil {
		return nil, fmt.Errorf("open Parquet: %w", err)
	}
	events = make([]sample.Event, r.GetNumRows())
	if len(events) == 0 {
		return nil, nil
	}
	for i := range r.SchemaHandler.ValueColumns {
		name := r.SchemaHandler.Infos[i+1].ExName // 0 is the root; the schema is flat
		values, _, _, err := r.ReadColumnByIndex(int64(i), int64(len(events)))
		if err != nil {
			return nil, fmt.Errorf("read column %s: %w", name, err)
		}
		if len(values) != len(events) {
			return nil, fmt.Errorf("read column %s: %d values in %d rows", name, len(values), len(events))
		}
		if err := assign(events, name, values); err != nil {
			return nil, err
		}
	}
	return events, nil
}

func assign(events []sample.Event, column string, values []any) error {
	for i, value := range values {
		e := &events[i]
		var ok bool
		switch column {
		case "uuid":
			ok = set(&e.UUID.V, &e.UUID.Valid, value)
		case "event":
			ok = set(&e.Name.V, &e.Name.Valid, value)
		case "properties":
			ok = set(&e.Properties.V, &e.Properties.Valid, value)
		case "distinct_id":
			ok = set(&e.DistinctID.V, &e.DistinctID.Valid, value)
		case "person_id":
			ok = set(&e.PersonID.V, &e.PersonID.Valid, value)
		case "person_properties":
			ok = set(&e.PersonProperties.V, &e.PersonProperties.Valid, value)
		case "elements_chain":
			ok = set(&e.ElementsChain.V, &e.ElementsChain.Valid, value)
		case "timestamp":
			ok = set(&e.Timestamp.V, &e.Timestamp.Valid, value)
		case "created_at":
			ok = set(&e.CreatedAt.V, &e.CreatedAt.Valid, value)
		case "_inserted_at", "inserted_at":
			ok = set(&e.InsertedAt.V, &e.InsertedAt.Valid, value)
		default:
			return fmt.Errorf("column %q is none of PostHog's", column)
		}
		if !ok {
			return fmt.Errorf("read column %s: row %d is a %T", column, i, value)
		}
	}
	return nil
}

// set stores a value that may be NULL, and reports whether it has the right type.
func set[T any](to *T, valid *bool, value any) bool {
	if value == nil {
		return true
	}
	*to, *valid = value.(T)
	return *valid
}

// memoryFile is a file in memory as the reader wants it. It opens no other file,
// whatever a footer says.
type memoryFile struct{ *bytes.Reader }

var errReadOnly = errors.New("file is read-only")

func (f memoryFile) Open(string) (source.ParquetFile, error) {
	again := *f.Reader
	return memoryFile{&again}, nil
}

func (memoryFile) Create(string) (source.ParquetFile, error) { return nil, errReadOnly }

func (memoryFile) Write([]byte) (int, error) { return 0, errReadOnly }

func (memoryFile) Close() error { return nil }
