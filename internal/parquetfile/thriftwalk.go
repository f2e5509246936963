package parquetfile

import (
	"encoding/binary"
	"errors"

	"github.com/parquet-go/parquet-go/encoding/thrift"
)

// errShort says that the bytes end inside a structure.
var errShort = errors.New("ends inside a structure")

var (
	errVarint   = errors.New("holds a number of more than 64 bits")
	errType     = errors.New("holds a field of unknown type")
	errDepth    = errors.New("is nested too deeply")
	errElements = errors.New("declares too many list elements")
)

// thriftWalk goes through a Thrift compact structure without building it. The decoder of parquet-go
// allocates lists by the length they declare and recurses as deep as the bytes tell it to, so nothing
// is decoded before this walk has shown that every length fits into the bytes that are there.
type thriftWalk struct {
	data []byte
	pos  int
	// elements is how many list and map elements may still be declared.
	elements uint64
}

// walkThrift returns the length of the structure at the start of data, or errShort when data ends inside it.
func walkThrift(data []byte, depth int, elements uint64) (int, error) {
	w := thriftWalk{data: data, elements: elements}
	if err := w.structure(depth); err != nil {
		return 0, err
	}
	return w.pos, nil
}

func (w *thriftWalk) structure(depth int) error {
	if depth == 0 {
		return errDepth
	}
	for {
		if w.pos == len(w.data) {
			return errShort
		}
		head := w.data[w.pos]
		w.pos++
		if head == 0 {
			return nil
		}
		// The upper half is the distance from the last field id; 0 means that the id follows.
		if head>>4 == 0 {
			if _, err := w.uvarint(); err != nil {
				return err
			}
		}
		kind := thrift.Type(head & 0x0f)
		if kind == thrift.TRUE || kind == thrift.FALSE {
			continue // the value of a boolean field is its type
		}
		if err := w.value(kind, depth-1); err != nil {
			return err
		}
	}
}

func (w *thriftWalk) value(kind thrift.Type, depth int) error {
	switch kind {
	case thrift.TRUE, thrift.FALSE, thrift.I8:
		return w.skip(1)
	case thrift.I16, thrift.I32, thrift.I64:
		_, err := w.uvarint()
		return err
	case thrift.DOUBLE:
		return w.skip(8)
	case thrift.UUID:
		return w.skip(16)
	case thrift.BINARY:
		n, err := w.uvarint()
		if err != nil {
			return err
		}
		return w.skip(n)
	case thrift.LIST, thrift.SET:
		return w.list(depth)
	case thrift.MAP:
		return w.mapping(depth)
	case thrift.STRUCT:
		return w.structure(depth)
	case thrift.STOP:
		return errType
	default:
		return errType
	}
}

func (w *thriftWalk) list(depth int) error {
	if w.pos == len(w.data) {
		return errShort
	}
	head := w.data[w.pos]
	w.pos++
	n := uint64(head >> 4)
	if n == 15 {
		var err error
		if n, err = w.uvarint(); err != nil {
			return err
		}
	}
	return w.items(n, depth, thrift.Type(head&0x0f))
}

func (w *thriftWalk) mapping(depth int) error {
	n, err := w.uvarint()
	if err != nil || n == 0 {
		return err
	}
	if w.pos == len(w.data) {
		return errShort
	}
	kinds := w.data[w.pos]
	w.pos++
	return w.items(n, depth, thrift.Type(kinds>>4), thrift.Type(kinds&0x0f))
}

// items walks n elements, each made of one value of every kind given.
func (w *thriftWalk) items(n uint64, depth int, kinds ...thrift.Type) error {
	if depth == 0 {
		return errDepth
	}
	// No element takes less than a byte.
	if n > w.left() {
		return errShort
	}
	if n > w.elements {
		return errElements
	}
	w.elements -= n
	for range n {
		for _, kind := range kinds {
			if err := w.value(kind, depth-1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *thriftWalk) uvarint() (uint64, error) {
	v, n := binary.Uvarint(w.data[w.pos:])
	switch {
	case n == 0:
		return 0, errShort
	case n < 0:
		return 0, errVarint
	}
	w.pos += n
	return v, nil
}

func (w *thriftWalk) skip(n uint64) error {
	if n > w.left() {
		return errShort
	}
	w.pos += int(n) //nolint:gosec // at most what is left
	return nil
}

func (w *thriftWalk) left() uint64 {
	return uint64(len(w.data) - w.pos) //nolint:gosec // pos never passes the end
}
