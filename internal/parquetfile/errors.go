package parquetfile

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
)

// Kind tells what is wrong with a file. Every kind is a fact about the bytes of the file:
// reading the same file again gives the same error.
type Kind int

// The kinds of [Error].
const (
	// NotParquet is a file that is something else: empty, JSON lines, wrapped in gzip, and so on.
	NotParquet Kind = iota + 1
	// Truncated is a file that starts as Parquet and lacks its end.
	Truncated
	// Corrupt is a Parquet file that contradicts itself.
	Corrupt
	// UnsupportedCodec is a column compressed with a codec that is not read.
	UnsupportedCodec
	// Unsupported is a sound file that uses something else that is not read: encryption, a type, an encoding.
	Unsupported
	// MissingColumn is a file without a column that an event cannot be built without.
	MissingColumn
	// TooLarge is a file that goes beyond [Limits].
	TooLarge
)

// String returns the kind as it stands at the head of error texts.
func (k Kind) String() string {
	switch k {
	case NotParquet:
		return "not a Parquet file"
	case Truncated:
		return "truncated Parquet file"
	case Corrupt:
		return "corrupt Parquet file"
	case UnsupportedCodec:
		return "unsupported compression in Parquet file"
	case Unsupported:
		return "unsupported Parquet file"
	case MissingColumn:
		return "Parquet file without a required column"
	case TooLarge:
		return "Parquet file beyond the limits"
	default:
		return "Parquet file error"
	}
}

// Error is a fault of the file itself. It is permanent: a retry on the same bytes ends the same way.
// Faults of the machine (disk errors, a file that cannot be opened) are never of this type.
// Its text holds column names, counts and byte offsets, and no event data.
type Error struct {
	Kind Kind
	// Detail names the place and, where there is one, the mend.
	Detail string
	// Err is the decoder's own error, or nil.
	Err error
}

// Error returns kind, detail and cause in one line.
func (e *Error) Error() string {
	text := e.Kind.String() + ": " + e.Detail
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the decoder's own error, or nil. A decoder that met the end of its input says io.EOF;
// to the caller of Next that would mean that all rows have been read, so it becomes io.ErrUnexpectedEOF.
func (e *Error) Unwrap() error {
	if errors.Is(e.Err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return e.Err
}

func errorf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Detail: fmt.Sprintf(format, args...)}
}

// place is where in a file something was found.
type place struct {
	column   string
	rowGroup int
	// offset is a byte position in the file, negative when it is not known.
	offset int64
}

func (p place) String() string {
	text := fmt.Sprintf("column %s, row group %d", quoteName(p.column), p.rowGroup)
	if p.offset >= 0 {
		text += fmt.Sprintf(", byte %d", p.offset)
	}
	return text
}

func (p place) errorf(kind Kind, format string, args ...any) *Error {
	return errorf(kind, p.String()+": "+format, args...)
}

// wrap turns an error met while handling a page into one that names the page.
// Errors that already carry their kind keep it; I/O errors are left alone.
func (p place) wrap(err error) error {
	var sized *sizeError
	var damaged *damage
	switch {
	case errors.As(err, &sized):
		return p.errorf(TooLarge, "%s; raise the reader's limits if the file is genuine", sized)
	case errors.As(err, &damaged):
		return &Error{Kind: Corrupt, Detail: p.String() + ": " + damaged.what, Err: damaged.err}
	default:
		return err
	}
}

// damage is a contradiction found in bytes whose place only the caller knows.
type damage struct {
	what string
	err  error
}

func (d *damage) Error() string {
	if d.err == nil {
		return d.what
	}
	return d.what + ": " + d.err.Error()
}

func (d *damage) Unwrap() error { return d.err }

func damagef(format string, args ...any) error {
	return &damage{what: fmt.Sprintf(format, args...)}
}

// gaveUp is the detail of an error that was a panic.
const gaveUp = "a decoder gave up"

// asCorrupt turns a panic into an error. The decoders are given checked bytes only,
// so this is the second line: a file that panics one of them has to be a broken file.
func asCorrupt(recovered any) error {
	if recovered == nil {
		return nil
	}
	if fault, ok := recovered.(runtime.Error); ok {
		return &Error{Kind: Corrupt, Detail: gaveUp, Err: fault}
	}
	return errorf(Corrupt, gaveUp)
}

// quoteName makes a column name from a file fit for an error text.
func quoteName(name string) string {
	const longest = 64
	if len(name) > longest {
		return fmt.Sprintf("%q...", name[:longest])
	}
	return fmt.Sprintf("%q", name)
}

// quoteNames lists column names, and only counts those that would make the text unreadable.
func quoteNames(names []string) string {
	const most = 32
	quoted := make([]string, 0, min(len(names), most))
	for _, name := range names[:min(len(names), most)] {
		quoted = append(quoted, quoteName(name))
	}
	text := strings.Join(quoted, ", ")
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return text
}
