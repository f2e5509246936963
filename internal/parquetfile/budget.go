package parquetfile

import (
	"fmt"
	"unsafe"
)

// budget is the memory that the buffers of one file may still take. Buffers are kept and reused,
// so what was taken once stays taken.
type budget struct{ left int64 }

// spare is room behind every buffer: the bit-unpacking of parquet-go reads whole machine words
// and copies its input first when it stands too close to the end of its buffer.
const spare = 64

// grow returns buf with room for n elements, and reallocates only when it must.
// The content of buf is not kept.
func grow[T any](b *budget, buf []T, n int) ([]T, error) {
	if cap(buf) >= n {
		return buf[:n], nil
	}
	var element T
	size := int64(unsafe.Sizeof(element)) //nolint:gosec // a few bytes
	held := int64(cap(buf))

	// An eighth more than asked for, so that pages which grow a little each time do not reallocate each time.
	room := int64(n) + int64(n)/8 + spare
	if (room-held)*size > b.left {
		room = int64(n) + spare
	}
	if (room-held)*size > b.left {
		return nil, &sizeError{what: "a buffer", bytes: int64(n) * size, limit: b.left + held*size}
	}
	b.left -= (room - held) * size
	return make([]T, n, room), nil
}

// sizeError is a demand for more memory than the limits allow.
type sizeError struct {
	what         string
	bytes, limit int64
}

func (e *sizeError) Error() string {
	return fmt.Sprintf("%s would take %d bytes, and %d are allowed", e.what, e.bytes, e.limit)
}
