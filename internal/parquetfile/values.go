package parquetfile

import (
	"encoding/binary"

	"github.com/parquet-go/parquet-go/encoding/delta"
)

// values are those of a page or of a dictionary, NULLs left out, in the memory they were decoded into.
type values struct {
	data []byte
	// offsets say where values that carry their length start in data; value i ends gap bytes before offsets[i+1].
	offsets []uint32
	gap     uint32
	n       int
}

// bytes returns value i of a column of text.
func (v *values) bytes(i int) []byte {
	start, end := v.offsets[i], v.offsets[i+1]-v.gap
	return v.data[start:end:end]
}

// fixed returns value i of a column whose values are width bytes wide.
func (v *values) fixed(i, width int) []byte {
	return v.data[i*width : (i+1)*width]
}

// plain takes data as n values of PLAIN encoding, where text comes with its length in front.
// Nothing is copied: the values stay where the page was decompressed to.
func (v *values) plain(b *budget, data []byte, n, width int) error {
	v.data, v.n = data, n
	if width > 0 {
		if len(data) != n*width {
			return damagef("it has %d bytes for %d values of %d", len(data), n, width)
		}
		return nil
	}
	const lengthBytes = 4
	if len(data) < n*lengthBytes {
		return damagef("it has %d bytes for the lengths of %d values", len(data), n)
	}
	var err error
	if v.offsets, err = grow(b, v.offsets, n+1); err != nil {
		return err
	}
	v.gap = lengthBytes
	pos := 0
	for i := range n {
		if len(data)-pos < lengthBytes {
			return damagef("it ends after %d of %d values", i, n)
		}
		length := int(binary.LittleEndian.Uint32(data[pos:]))
		pos += lengthBytes
		if length > len(data)-pos {
			return damagef("value %d of %d ends beyond the page", i, n)
		}
		v.offsets[i] = uint32(pos)
		pos += length
	}
	if pos != len(data) {
		return damagef("it has %d bytes beyond its %d values", len(data)-pos, n)
	}
	v.offsets[n] = uint32(pos) + lengthBytes
	return nil
}

// deltaLength takes data as n values of DELTA_LENGTH_BYTE_ARRAY encoding, where all lengths come first.
func (v *values) deltaLength(b *budget, data []byte, n int) error {
	used, err := checkDeltas(data, n)
	if err != nil {
		return err
	}
	if v.offsets, err = grow(b, v.offsets, n+1); err != nil {
		return err
	}
	// The texts are moved to the front of the page, over the lengths, which have been read by then.
	var decoder delta.LengthByteArrayEncoding
	text, offsets, err := decoder.DecodeByteArray(data[:0], data, v.offsets[:0])
	if err != nil {
		return &damage{what: "its lengths cannot be decoded", err: err}
	}
	if len(offsets) != n+1 {
		return damagef("it has %d lengths for %d values", len(offsets)-1, n)
	}
	for i := range n {
		if offsets[i] > offsets[i+1] {
			return damagef("its lengths add up to more than a page")
		}
	}
	if len(text) != len(data)-used {
		return damagef("it has %d bytes beyond its %d values", len(data)-used-len(text), n)
	}
	v.data, v.offsets, v.gap, v.n = text, offsets, 0, n
	return nil
}
