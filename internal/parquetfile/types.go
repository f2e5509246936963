package parquetfile

import (
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// kind is how the values of a column are read.
type kind int

const (
	// text is any BYTE_ARRAY, handed on as it is.
	text kind = iota
	// uuid is FIXED_LEN_BYTE_ARRAY(16) with the UUID annotation, handed on as canonical lower-case text.
	uuid
	// instant is an INT64 timestamp, handed on in microseconds.
	instant
)

// width is the size of a value in bytes, 0 for values that carry their length.
func (k kind) width() int {
	switch k {
	case uuid:
		return 16
	case instant:
		return 8
	case text:
		return 0
	default:
		return 0
	}
}

// unit is the unit of a timestamp column.
type unit int

const (
	micros unit = iota
	millis
	nanos
)

// micros converts a value to microseconds. Milliseconds beyond the range saturate, so that one absurd value
// becomes a timestamp that validation rejects with its row, and the other rows of the file still load.
func (u unit) micros(v int64) int64 {
	const factor = 1000
	switch {
	case u == nanos && v < 0:
		return -((-(v + 1))/factor + 1) // rounds down, so that order is kept across 1970
	case u == nanos:
		return v / factor
	case u == micros:
		return v
	case v > math.MaxInt64/factor:
		return math.MaxInt64
	case v < math.MinInt64/factor:
		return math.MinInt64
	default:
		return v * factor
	}
}

// columnSpec is a column of the file that is read.
type columnSpec struct {
	name     string
	leaf     int
	kind     kind
	unit     unit
	physical format.Type
	// optional columns have a definition level in front of every value, which is 0 for NULL.
	optional bool
}

// specOf checks that a field is of one of the kinds given.
func specOf(f field, kinds []kind) (*columnSpec, error) {
	e := f.element
	switch {
	case f.group || !e.Type.Valid:
		return nil, errorf(Unsupported, "column %s is nested, a plain column is needed", quoteName(f.name))
	case e.RepetitionType.Valid && e.RepetitionType.V != format.Optional && e.RepetitionType.V != format.Required:
		return nil, errorf(Unsupported, "column %s is repeated, one value a row is needed", quoteName(f.name))
	}
	spec := &columnSpec{
		name:     f.name,
		leaf:     f.leaf,
		physical: e.Type.V,
		optional: e.RepetitionType.Valid && e.RepetitionType.V == format.Optional,
	}
	for _, k := range kinds {
		spec.kind = k
		switch {
		case k == text && isText(e), k == uuid && isUUID(e):
			return spec, nil
		case k == instant:
			u, ok := unitOf(e)
			if ok {
				spec.unit = u
				return spec, nil
			}
		}
	}
	return nil, errorf(Unsupported, "column %s is %s, needed is %s", quoteName(f.name), describeType(e), describeKinds(kinds))
}

func isText(e *format.SchemaElement) bool {
	if e.Type.V != format.ByteArray {
		return false
	}
	switch e.LogicalType.Value.(type) {
	case nil:
		return !e.ConvertedType.Valid || e.ConvertedType.V == deprecated.UTF8 ||
			e.ConvertedType.V == deprecated.Json || e.ConvertedType.V == deprecated.Enum
	case *format.StringType, *format.JsonType, *format.EnumType:
		return true
	default:
		return false
	}
}

func isUUID(e *format.SchemaElement) bool {
	_, annotated := e.LogicalType.Value.(*format.UUIDType)
	return annotated && e.Type.V == format.FixedLenByteArray && e.TypeLength.Valid && e.TypeLength.V == 16
}

// unitOf takes the unit from the logical type, else from the older converted type. Whether the writer called
// the timestamp adjusted to UTC makes no difference: a naive one is taken as UTC.
func unitOf(e *format.SchemaElement) (unit, bool) {
	if e.Type.V != format.Int64 {
		return 0, false
	}
	old, hasOld := convertedUnit(e)
	if e.LogicalType.Value == nil {
		return old, hasOld
	}
	timestamp, ok := e.LogicalType.Value.(*format.TimestampType)
	if !ok {
		return 0, false
	}
	var u unit
	switch timestamp.Unit.Value.(type) {
	case *format.MilliSeconds:
		u = millis
	case *format.MicroSeconds:
		u = micros
	case *format.NanoSeconds:
		u = nanos
	default:
		return 0, false
	}
	// A writer that gives both gives them alike. Where they differ, one of them was damaged.
	return u, !hasOld || old == u
}

func convertedUnit(e *format.SchemaElement) (unit, bool) {
	switch {
	case e.ConvertedType.Valid && e.ConvertedType.V == deprecated.TimestampMillis:
		return millis, true
	case e.ConvertedType.Valid && e.ConvertedType.V == deprecated.TimestampMicros:
		return micros, true
	default:
		return 0, false
	}
}

func describeType(e *format.SchemaElement) string {
	text := e.Type.V.String()
	if e.LogicalType.Value != nil {
		text += " as " + quoteName(e.LogicalType.String())
	}
	if e.ConvertedType.Valid {
		text += fmt.Sprintf(" with converted type %d", e.ConvertedType.V)
	}
	if e.LogicalType.Value == nil && !e.ConvertedType.Valid {
		text += " without annotation"
	}
	return text
}

func describeKinds(kinds []kind) string {
	switch kinds[len(kinds)-1] {
	case text:
		return "BYTE_ARRAY text"
	case uuid:
		return "BYTE_ARRAY text or FIXED_LEN_BYTE_ARRAY(16) as UUID"
	case instant:
		return "INT64 as TIMESTAMP in milliseconds, microseconds or nanoseconds"
	default:
		return "something else"
	}
}
