// Package parquetfile reads the rows of one PostHog export file.
//
// It is made for files that nobody vouches for. Memory does not grow with rows or row groups (one page a column
// is held), and every size, count and length in the file is checked before anything is allocated or decoded by
// it. A file that is damaged, hostile or of a shape that is not read gives an [Error] that says where, and never
// fewer rows than its footer announces.
//
// Thrift structures, levels, dictionary indexes and delta lengths are decoded by parquet-go. Its file and page
// readers are not used: they decompress to whatever size comes out, make room for runs of whatever length a
// page declares (six bytes can ask for 8 GiB, which ends the process), and use the codec of the first row group
// for all others. Here a page is read, bounded, decompressed to its declared size, checked, and only then decoded.
package parquetfile

import (
	"errors"
	"io"
	"slices"
)

// File reads the rows of an export file in order. It is not safe for concurrent use.
type File struct {
	src            *source
	numRows        int64
	groups         []rowGroup
	extra, missing []string

	shared  *shared
	columns [numColumns]*column
	// group is the row group being read, left its rows that are still to come.
	group  int
	left   int64
	record Record
	texts  [numColumns]uuidText
	err    error
}

// Open opens the export file at path and checks everything about it that can be told without reading its pages:
// both ends, footer, schema, columns, codecs, and where the pages lie. A snappy framing stream is unwrapped
// first, into a nameless temporary file in the same folder. Faults of the file are an [*Error].
func Open(path string, limits Limits) (*File, error) {
	limits = limits.withDefaults()
	src, err := openSource(path, limits)
	if err != nil {
		return nil, err
	}
	f, err := newFile(src, limits)
	if err != nil {
		_ = src.Close()
		return nil, err
	}
	return f, nil
}

func newFile(src *source, limits Limits) (_ *File, err error) {
	defer func() {
		if fault := asCorrupt(recover()); fault != nil {
			err = fault
		}
	}()
	meta, dataEnd, err := readFooter(src, src.size, limits)
	if err != nil {
		return nil, err
	}
	selected, err := resolve(meta.Schema)
	if err != nil {
		return nil, err
	}
	groups, err := layout(meta, selected, dataEnd, limits)
	if err != nil {
		return nil, err
	}
	f := &File{
		src:     src,
		numRows: meta.NumRows,
		groups:  groups,
		extra:   selected.extra,
		missing: selected.missing,
		group:   -1,
		record:  Record{Row: -1},
		shared: &shared{
			src:       src,
			budget:    budget{left: limits.BufferBytes},
			pageLimit: limits.PageBytes,
			headers:   newHeaderReader(),
		},
	}
	for i, spec := range selected.columns {
		if spec != nil {
			f.columns[i] = &column{columnSpec: spec, shared: f.shared}
		}
	}
	return f, nil
}

// NumRows returns the number of rows, as the footer has it and as Next delivers.
func (f *File) NumRows() int64 { return f.numRows }

// ExtraColumns returns the names of the columns that the file has and that are not read, sorted.
func (f *File) ExtraColumns() []string { return slices.Clone(f.extra) }

// MissingColumns returns the names of the optional columns that the file lacks. They read as NULL.
func (f *File) MissingColumns() []string { return slices.Clone(f.missing) }

// Next returns the next row, or io.EOF once all NumRows rows have been returned. The record and its slices
// are valid until the next call. After an error Next keeps returning it. Faults of the file are an [*Error],
// other errors come from the disk.
func (f *File) Next() (_ *Record, err error) {
	if f.err != nil {
		return nil, f.err
	}
	defer func() {
		if fault := asCorrupt(recover()); fault != nil {
			err = fault
		}
		f.err = err
	}()
	for f.left == 0 {
		if err := f.nextGroup(); err != nil {
			return nil, err
		}
	}
	f.left--
	f.record.Row++
	if err := f.fill(&f.record); err != nil {
		return nil, err
	}
	return &f.record, nil
}

// Close closes the file. It does not remove it, except for the unwrapped copy of a framed one.
func (f *File) Close() error {
	f.shared.codecs.close()
	if f.err == nil {
		f.err = errors.New("export file is closed")
	}
	return f.src.Close() //nolint:wrapcheck // names the file already
}

// nextGroup moves on to the next row group, or returns io.EOF after the last. The row groups add up to NumRows
// (see layout), every column delivers each of their rows or an error, and none has values left over.
func (f *File) nextGroup() error {
	if f.group >= 0 && f.group < len(f.groups) {
		for _, c := range f.columns {
			if c == nil {
				continue
			}
			if err := c.finish(); err != nil {
				return err
			}
		}
	}
	f.group++
	if f.group >= len(f.groups) {
		return io.EOF
	}
	g := &f.groups[f.group]
	f.left = g.rows
	for i, c := range f.columns {
		if c != nil {
			c.open(g.chunks[i], f.group, g.rows)
		}
	}
	return nil
}
