package event

import (
	"bytes"
	"fmt"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/tidwall/gjson"
)

// PropertiesLimit is the largest properties text that is read, in bytes. PostHog
// discards events over 1 MB; the room above it is for what ingestion adds.
const PropertiesLimit = 16 << 20

// DepthLimit is the deepest nesting that is read: the JSON check recurses, and
// 16 MiB of brackets would cost it a gigabyte of stack.
const DepthLimit = 100_000

// The days BigQuery can partition by. An event outside of them has no partition
// to live in.
var (
	earliest = time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	latest   = time.Date(2160, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
)

// The instants BigQuery's TIMESTAMP can hold, for event_inserted_at.
var (
	earliestTimestamp = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	latestTimestamp   = time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC).UnixMicro()
)

// Validator turns raw events into rows. It reuses its buffers, so it serves one
// goroutine. The zero Validator is ready.
type Validator struct {
	row     Row
	eventID [uuidLength]byte
	mender  mender
	hasher  hasher
	flags   jsonObject
	lib     jsonObject
}

// Check returns the row, or why there is none; exactly one of them is nil. Both
// are good until the next call.
func (v *Validator) Check(raw *RawPostHogEvent) (*Row, *Reject) {
	v.row = Row{}
	for _, check := range []func(*RawPostHogEvent) *Reject{v.identity, v.times, v.text, v.properties} {
		if reject := check(raw); reject != nil {
			return nil, reject
		}
	}
	v.row.ContentHash = v.hasher.contentHash(&v.row)
	return &v.row, nil
}

func (v *Validator) identity(raw *RawPostHogEvent) *Reject {
	switch {
	case raw.UUID == nil:
		return &Reject{Reason: UUIDMissing}
	case !canonicalUUID(v.eventID[:], raw.UUID):
		return &Reject{UUIDMalformed, fmt.Sprintf("%d bytes, not 36 of the form 8-4-4-4-12 in hexadecimal", len(raw.UUID))}
	case len(raw.Event) == 0:
		return &Reject{Reason: EventMissing}
	case raw.DistinctID == nil:
		return &Reject{Reason: DistinctIDMissing}
	}
	v.row.EventID = v.eventID[:]
	v.row.EventName = raw.Event
	v.row.UserID = raw.DistinctID
	v.row.PersonID = raw.PersonID
	return nil
}

func (v *Validator) times(raw *RawPostHogEvent) *Reject {
	at := raw.Timestamp
	switch {
	case !at.Valid:
		return &Reject{Reason: TimestampMissing}
	case at.Value < earliest || at.Value >= latest:
		return &Reject{TimestampOutOfRange, fmt.Sprintf("%d microseconds since 1970, partitions exist for 1960 to 2159", at.Value)}
	}
	v.row.CreatedAt = at.Value
	v.row.EventInsertedAt = raw.InsertedAt
	if in := raw.InsertedAt; in.Valid && (in.Value < earliestTimestamp || in.Value > latestTimestamp) {
		return &Reject{TimestampOutOfRange, fmt.Sprintf("_inserted_at is %d microseconds since 1970, outside the years 1 to 9999", in.Value)}
	}
	return nil
}

func (v *Validator) text(raw *RawPostHogEvent) *Reject {
	for _, column := range []struct {
		name  string
		value []byte
	}{
		{"event", raw.Event}, {"distinct_id", raw.DistinctID}, {"person_id", raw.PersonID}, {"properties", raw.Properties},
	} {
		if !utf8.Valid(column.value) {
			return &Reject{InvalidUTF8, "in " + column.name}
		}
	}
	return nil
}

func (v *Validator) properties(raw *RawPostHogEvent) *Reject {
	text := raw.Properties
	switch {
	case len(text) == 0: // PostHog writes NULL for an event without properties
		return nil
	case len(text) > PropertiesLimit:
		return &Reject{PropertiesTooLarge, fmt.Sprintf("%d bytes, %d are read", len(text), PropertiesLimit)}
	case nestsDeeperThan(text, DepthLimit):
		return &Reject{PropertiesTooDeep, fmt.Sprintf("nested over %d levels", DepthLimit)}
	case !gjson.ValidBytes(text):
		return &Reject{PropertiesInvalid, fmt.Sprintf("%d bytes that are not JSON by RFC 8259", len(text))}
	case bytes.TrimLeft(text, " \t\r\n")[0] != '{':
		return &Reject{Reason: PropertiesNotAnObject}
	}
	v.row.EventPayload, v.row.Mended = v.mender.mend(text)
	v.extract(v.row.EventPayload)
	return nil
}

// viewString lends bytes as a string without a copy. The bytes may not change
// while the string is in use.
func viewString(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // saves a copy of every payload
}
