package event

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// contentVersion stands at the head of every hashed content. Raise it when the
// columns derived from a payload change, so that a reload rewrites them.
const contentVersion = "1"

// hasher computes content hashes, reusing its state.
type hasher struct {
	state hash.Hash
	sum   [sha256.Size]byte
}

// contentHash tells two deliveries of one event apart by content: the first 60
// bits of the SHA-256 of what every other column derives from. created_at and
// the load's stamps are not content; a re-delivery with only those changed is
// unchanged. 60 bits so that it is a positive INT64 in every warehouse.
//
// sql/duckdb/functions.sql computes the same from a row of tracks. Keep them in step.
func (h *hasher) contentHash(row *Row) int64 {
	if h.state == nil {
		h.state = sha256.New()
	}
	h.state.Reset()
	h.state.Write([]byte(contentVersion))
	h.write(row.EventName)
	h.write(row.UserID)
	if row.PersonID != nil { // no person is not the same as an empty one
		h.write(row.PersonID)
	}
	h.write(row.EventPayload)
	sum := h.state.Sum(h.sum[:0])
	return int64(binary.BigEndian.Uint64(sum) >> 4)
}

// write adds a part and what divides it from the one before. The payload is JSON,
// which cannot hold that byte, so what is before it cannot be mistaken for it.
func (h *hasher) write(part []byte) {
	h.state.Write([]byte{0x1f})
	h.state.Write(part)
}
