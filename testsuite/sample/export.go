package sample

import (
	"fmt"
	"io"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Object is one object of an export.
type Object struct {
	// Name is the full key, without the bucket.
	Name string
	// Updated is when PostHog would have finished writing it.
	Updated time.Time
	// Orphan marks a part that the manifest does not name.
	Orphan bool
}

// Sink takes an export, object by object in the order of PostHog's uploads.
type Sink interface {
	// Create begins an object. Closing the writer makes it appear; an export that
	// fails leaves it open.
	Create(object Object) (io.WriteCloser, error)
	// Rows tells which rows a row group of the object holds, which is good until
	// it returns.
	Rows(object Object, rows []Row)
}

// Write writes what PostHog's export of a window holds, and returns what the traps
// in it must lead to. An export without a row has no objects. It streams: of the
// rows only one row group is held.
func Write(w window.Window, o Options, sink Sink) ([]Truth, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &export{window: w, options: &o, sink: sink, source: newSource(w, &o)}
	e.split = o.SplitBytes > 0 || o.Traps.Has(OrphanPart) || o.Traps.Has(EmptyLastPart)
	e.upload = stream(key(o.Seed, topicUpload, windowKey(w), uint64(len(o.Run)))).Int64N(15 * 60)
	if e.source.size() == 0 {
		return nil, nil
	}
	if err := e.write(); err != nil {
		return nil, fmt.Errorf("write export %s: %w", w, err)
	}
	return e.truths, nil
}

// batchBytes is PostHog's cap for a record batch in Arrow memory, and batchMin the
// rows it puts into one all the same.
const (
	batchBytes = 60 << 20
	batchMin   = 100
)

// export writes the objects of one window.
type export struct {
	window  window.Window
	options *Options
	sink    Sink
	source  *source
	split   bool
	upload  int64 // seconds after the window's end and its minute of rest

	current *part
	named   []string
	truths  []Truth
}

// part is a file that is being written.
type part struct {
	object  Object
	to      io.WriteCloser
	file    *parquetFile
	written int64 // as PostHog counts, row groups only
	rows    int
}

func (e *export) write() error {
	if err := e.writeBatches(); err != nil {
		return err
	}
	if err := e.finish(); err != nil {
		return err
	}
	if !e.split {
		return nil
	}
	if err := e.writeOrphans(); err != nil {
		return err
	}
	return e.writeManifest()
}

// writeBatches gathers rows into batches and writes each as a row group.
func (e *export) writeBatches() error {
	var batch []Row
	size := 0
	for row := range e.source.rows() {
		full := len(batch) == e.batchRows() || size+row.bytes() > batchBytes && len(batch) >= batchMin
		if full {
			if err := e.writeBatch(batch, false); err != nil {
				return err
			}
			batch, size = batch[:0], 0
		}
		batch = append(batch, row)
		size += row.bytes()
	}
	return e.writeBatch(batch, true)
}

// batchRows is the cap of a row group in rows. Where a trap needs parts that the
// options do not ask for, half the rows make one.
func (e *export) batchRows() int {
	switch {
	case e.options.BatchRows > 0:
		return e.options.BatchRows
	case e.split && e.options.SplitBytes == 0:
		return max(1, (e.source.size()+1)/2)
	default:
		return 1 << 20 // where pyarrow cuts
	}
}

func (e *export) writeBatch(batch []Row, last bool) error {
	p, err := e.part()
	if err != nil || len(batch) == 0 {
		return err
	}
	written, err := p.add(e, batch)
	if err != nil {
		return err
	}
	if !e.splitsAfter(p.written+written, last) {
		p.written += written
		return nil
	}
	return e.finish()
}

// splitsAfter is PostHog's rule: a part ends once it has grown over the limit. If
// that happens with the last batch, one more part without rows is still written.
func (e *export) splitsAfter(written int64, last bool) bool {
	switch {
	case last && e.options.Traps.Has(EmptyLastPart):
		return true
	case e.options.SplitBytes > 0:
		return written > e.options.SplitBytes
	default:
		return e.split && !last
	}
}

// part returns the file that is being written, and begins one if there is none.
func (e *export) part() (*part, error) {
	if e.current != nil {
		return e.current, nil
	}
	name := fileName(e.options, e.window)
	if e.split {
		name = partName(e.options, e.window, len(e.named))
	}
	p, err := e.begin(Object{Name: name, Updated: e.uploaded(time.Duration(len(e.named)) * 20 * time.Second)})
	if err != nil {
		return nil, err
	}
	e.current = p
	e.named = append(e.named, name)
	return p, nil
}

// finish closes the file that is being written. PostHog closes one at the end in
// any case, so where the last batch ended a part, this begins one without rows.
func (e *export) finish() error {
	p, err := e.part()
	if err != nil {
		return err
	}
	e.current = nil
	return p.close()
}

func (e *export) begin(object Object) (*part, error) {
	to, err := e.sink.Create(object)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", object.Name, err)
	}
	file, err := newParquetFile(to, columns(e.options, e.window), e.options.Codec)
	if err != nil {
		return nil, err
	}
	return &part{object: object, to: to, file: file}, nil
}

// add writes a row group and settles where the truths of its rows stand.
func (p *part) add(e *export, rows []Row) (int64, error) {
	for i := range rows {
		if truth := rows[i].truth; truth != nil {
			truth.Object, truth.Row = p.object.Name, p.rows+i
			e.truths = append(e.truths, *truth)
		}
	}
	p.rows += len(rows)
	e.sink.Rows(p.object, rows)
	return p.file.write(rows)
}

func (p *part) close() error {
	if err := p.file.close(); err != nil {
		return err
	}
	if err := p.to.Close(); err != nil {
		return fmt.Errorf("finish %s: %w", p.object.Name, err)
	}
	return nil
}
