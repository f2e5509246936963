package parquetfile

import "encoding/binary"

// readCount reads a varint of at most the given value. It returns a size of 0 when there is none.
func readCount(data []byte, most int) (count, size int) {
	v, size := binary.Uvarint(data)
	if size <= 0 || v > uint64(most) { //nolint:gosec // most is a positive constant or count
		return 0, 0
	}
	return int(v), size //nolint:gosec // at most most
}

// paddedGroups is how many groups of eight a packed run may go beyond the values of its page. DuckDB always
// packs 32 at a time; most writers fill up the last group only.
const paddedGroups = 64

// padding is the room that decoded runs need behind their values.
const padding = 8 * (paddedGroups + 1)

// checkRuns walks run-length and bit-packed runs of values of the given bit width (1 to 32), and returns the
// number of bytes that hold the first n values. The decoder of parquet-go makes room for every run by the length it
// declares, and six bytes can declare 8 GiB: together the runs may not go further than n and padding.
func checkRuns(data []byte, width, n int) (int, error) {
	pos := 0
	for n > 0 {
		// The lowest bit tells the two kinds of runs apart, the others count.
		groups := (n+7)/8 + paddedGroups
		head, size := readCount(data[pos:], 2*max(n, groups)+1)
		if size == 0 {
			return 0, damagef("its runs end %d values early, or a run goes beyond them", n)
		}
		pos += size
		count := head >> 1
		switch packed := head&1 == 1; {
		case packed && count <= groups: // count groups of eight values
			pos += count * width
			n -= count * 8
		case !packed && count == 0: // parquet-go reads no value for it, other readers do
			return 0, damagef("a run repeats a value no times")
		case !packed && count <= n: // count times the same value
			if err := checkRepeated(data[pos:], width); err != nil {
				return 0, err
			}
			pos += (width + 7) / 8
			n -= count
		default:
			return 0, damagef("a run goes beyond the page's last %d values", n)
		}
		if pos > len(data) {
			return 0, damagef("its last run ends beyond the page")
		}
	}
	return pos, nil
}

// checkRepeated checks the value of a run, which is stored in whole bytes, against its width.
func checkRepeated(data []byte, width int) error {
	size := (width + 7) / 8
	if len(data) < size {
		return damagef("its last run ends beyond the page")
	}
	var value uint64
	for i, b := range data[:size] {
		value |= uint64(b) << (8 * i)
	}
	if value>>width != 0 {
		return damagef("a run repeats a value of more than %d bits", width)
	}
	return nil
}

// checkDeltas walks a DELTA_BINARY_PACKED block of n values of 32 bits and returns its length in bytes.
// As with runs, parquet-go allocates what the block declares, and unpacks with any bit width it is given.
func checkDeltas(data []byte, n int) (int, error) {
	const largestBlock = 1 << 16
	block, size1 := readCount(data, largestBlock)
	minis, size2 := readCount(data[size1:], largestBlock)
	total, size3 := readCount(data[size1+size2:], n)
	pos := size1 + size2 + size3
	_, size4 := binary.Uvarint(data[pos:]) // the first value
	if min(size1, size2, size3, size4) <= 0 {
		return 0, damagef("its deltas have an impossible header")
	}
	pos += size4
	if total != n {
		return 0, damagef("it has %d deltas for %d values", total, n)
	}
	if minis == 0 || block == 0 || block%128 != 0 || block%minis != 0 || block/minis%32 != 0 {
		return 0, damagef("its deltas come in blocks of %d in %d parts", block, minis)
	}
	for n--; n > 0; {
		_, size := binary.Uvarint(data[pos:]) // the least delta of the block
		if size <= 0 || len(data)-pos-size < minis {
			return 0, damagef("its deltas end %d values early", n)
		}
		widths := data[pos+size : pos+size+minis]
		pos += size + minis
		for i := 0; i < minis && n > 0; i++ {
			if widths[i] > 32 {
				return 0, damagef("its deltas have %d bits", widths[i])
			}
			pos += block / minis * int(widths[i]) / 8
			n -= block / minis
		}
		if pos > len(data) {
			return 0, damagef("its last delta ends beyond the page")
		}
	}
	return pos, nil
}
