package parquetfile

import (
	"encoding/binary"
	"encoding/hex"
)

// Micros is a nullable instant, in microseconds since 1970-01-01 UTC.
// Values beyond the range of int64 in microseconds are held at its ends.
type Micros struct {
	Value int64
	Valid bool
}

// Record is one row of an export, under PostHog's own column names.
// Slices are nil for NULL, and not nil but possibly empty otherwise.
type Record struct {
	// Row is the position in the file, from 0.
	Row int64
	// UUID and PersonID are text as the file has it; from columns of binary UUIDs it is the canonical lower-case form.
	UUID, Event, Properties, DistinctID, PersonID []byte
	// Timestamp is when the event happened, InsertedAt when PostHog took it in (invalid in a file without that column).
	Timestamp, InsertedAt Micros
}

// fill reads one row from every column.
func (f *File) fill(r *Record) (err error) {
	if r.UUID, err = f.text(colUUID); err != nil {
		return err
	}
	if r.Event, err = f.text(colEvent); err != nil {
		return err
	}
	if r.Properties, err = f.text(colProperties); err != nil {
		return err
	}
	if r.DistinctID, err = f.text(colDistinctID); err != nil {
		return err
	}
	if r.PersonID, err = f.text(colPersonID); err != nil {
		return err
	}
	if r.Timestamp, err = f.instant(colTimestamp); err != nil {
		return err
	}
	r.InsertedAt, err = f.instant(colInsertedAt)
	return err
}

func (f *File) text(at int) ([]byte, error) {
	c := f.columns[at]
	v, i, err := c.next()
	if v == nil || err != nil {
		return nil, err
	}
	if c.kind == uuid {
		return f.texts[at].format(v.fixed(i, uuid.width())), nil
	}
	return v.bytes(i), nil
}

func (f *File) instant(at int) (Micros, error) {
	c := f.columns[at]
	if c == nil {
		return Micros{}, nil
	}
	v, i, err := c.next()
	if v == nil || err != nil {
		return Micros{}, err
	}
	raw := int64(binary.LittleEndian.Uint64(v.fixed(i, instant.width()))) //nolint:gosec // the sign is in the bits
	return Micros{Value: c.unit.micros(raw), Valid: true}, nil
}

// uuidText is room for the text of a UUID.
type uuidText [36]byte

// format writes the canonical lower-case form of 16 bytes.
func (t *uuidText) format(raw []byte) []byte {
	hex.Encode(t[0:8], raw[0:4])
	hex.Encode(t[9:13], raw[4:6])
	hex.Encode(t[14:18], raw[6:8])
	hex.Encode(t[19:23], raw[8:10])
	hex.Encode(t[24:36], raw[10:16])
	t[8], t[13], t[18], t[23] = '-', '-', '-', '-'
	return t[:]
}
