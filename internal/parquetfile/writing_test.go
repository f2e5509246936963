package parquetfile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/stretchr/testify/require"
)

// posthogOrder is the column order of an export seen in the wild.
var posthogOrder = []string{
	"uuid", "created_at", "distinct_id", "elements_chain", "event", "person_id", "_inserted_at", "timestamp",
	"person_properties", "properties",
}

// sampleRows makes rows of every width, with NULLs in some columns when nulls is set.
func sampleRows(n int, nulls bool) []Record {
	rows := make([]Record, n)
	for i := range rows {
		r := Record{
			Row:        int64(i),
			UUID:       fmt.Appendf(nil, "0198bcfe-5687-7abc-8def-%012x", i),
			Event:      []byte([]string{"$pageview", "$screen", "order completed"}[i%3]),
			Properties: fmt.Appendf(nil, `{"$session_id":"s-%d","text":%q}`, i, strings.Repeat("é☕", i%97)),
			DistinctID: fmt.Appendf(nil, "user-%d", i/3),
			PersonID:   fmt.Appendf(nil, "00000000-0000-4000-8000-%012x", i/5),
			Timestamp:  Micros{Value: 1_780_000_000_000_000 + int64(i)*1_000_000, Valid: true},
			InsertedAt: Micros{Value: -1_000_000 + int64(i)*3_000_000, Valid: true},
		}
		if nulls {
			r.Properties = nullEvery(i, 5, r.Properties)
			r.DistinctID = nullEvery(i, 7, r.DistinctID)
			r.PersonID = nullEvery(i, 2, r.PersonID)
			r.Event = nullEvery(i, 113, r.Event)
			if i%11 == 3 {
				r.InsertedAt = Micros{}
			}
			if i%4 == 1 {
				r.DistinctID = []byte{}
			}
		}
		rows[i] = r
	}
	return rows
}

func nullEvery(i, n int, v []byte) []byte {
	if i%n == n-1 {
		return nil
	}
	return v
}

// shape is one way to write the same rows.
type shape struct {
	order     []string
	required  bool
	text      parquet.Node      // of all text columns, parquet.String() when nil
	unit      parquet.TimeUnit  // microseconds when nil
	encoding  encoding.Encoding // of text columns, PLAIN when nil
	codec     compress.Codec
	version   int
	pageBytes int
	groupRows int
	binaryIDs bool
}

func (s shape) node(name string) parquet.Node {
	node := s.text
	if node == nil {
		node = parquet.String()
	}
	enc := s.encoding
	if enc == nil {
		enc = &parquet.Plain
	}
	switch {
	case name == "nested":
		return parquet.Optional(parquet.Group{
			"list": parquet.Repeated(parquet.Group{"k": parquet.String(), "v": parquet.Optional(parquet.Int(32))}),
			"leaf": parquet.Optional(parquet.String()),
		})
	case name == "repeated":
		return parquet.Repeated(parquet.Int(64))
	case isInstantColumn(name):
		unit := s.unit
		if unit == nil {
			unit = parquet.Microsecond
		}
		node, enc = parquet.Timestamp(unit), &parquet.Plain
		if s.encoding == &parquet.RLEDictionary {
			enc = s.encoding
		}
	case s.binaryIDs && (name == "uuid" || name == "person_id"):
		node = parquet.UUID()
		if enc == &parquet.DeltaLengthByteArray {
			enc = &parquet.Plain
		}
	}
	if s.codec != nil {
		node = parquet.Compressed(node, s.codec)
	}
	node = parquet.Encoded(node, enc)
	if !s.required {
		node = parquet.Optional(node)
	}
	return node
}

func isInstantColumn(name string) bool {
	return slices.Contains([]string{"timestamp", "created_at", "_inserted_at", "inserted_at"}, name)
}

// orderedGroup is a group whose columns keep their order; that of parquet-go sorts them.
type orderedGroup struct {
	parquet.Group
	names []string
}

func (g orderedGroup) Fields() []parquet.Field {
	fields := g.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return slices.Index(g.names, a.Name()) - slices.Index(g.names, b.Name())
	})
	return fields
}

// encode writes rows in this shape.
func (s shape) encode(tb testing.TB, rows []Record) []byte {
	tb.Helper()
	order := s.order
	if order == nil {
		order = posthogOrder
	}
	group := orderedGroup{Group: parquet.Group{}, names: order}
	for _, name := range order {
		group.Group[name] = s.node(name)
	}
	schema := parquet.NewSchema("root", group)
	var out bytes.Buffer
	w := parquet.NewWriter(&out, schema, parquet.DataPageVersion(max(s.version, 1)),
		parquet.PageBufferSize(max(s.pageBytes, 1024)), parquet.DataPageStatistics(s.version == 2))
	for i := range rows {
		_, err := w.WriteRows([]parquet.Row{s.row(schema, &rows[i])})
		require.NoError(tb, err)
		if s.groupRows > 0 && (i+1)%s.groupRows == 0 {
			require.NoError(tb, w.Flush())
		}
	}
	require.NoError(tb, w.Close())
	return out.Bytes()
}

func (s shape) row(schema *parquet.Schema, r *Record) parquet.Row {
	var row parquet.Row
	for leaf, path := range schema.Columns() {
		v, defined := s.value(path[0], r)
		definition := 0
		if defined && !s.required {
			definition = 1
		}
		row = append(row, v.Level(0, definition, leaf))
	}
	return row
}

func (s shape) value(name string, r *Record) (parquet.Value, bool) {
	texts := map[string][]byte{
		"uuid": r.UUID, "event": r.Event, "properties": r.Properties, "distinct_id": r.DistinctID,
		"person_id": r.PersonID, "elements_chain": {}, "person_properties": []byte(`{"plan":"free"}`),
	}
	instants := map[string]Micros{
		"timestamp": r.Timestamp, "created_at": r.Timestamp, "_inserted_at": r.InsertedAt, "inserted_at": r.InsertedAt,
	}
	if text, ok := texts[name]; ok {
		if text == nil {
			return parquet.NullValue(), false
		}
		if s.binaryIDs && (name == "uuid" || name == "person_id") {
			return parquet.FixedLenByteArrayValue(rawUUID(string(text))), true
		}
		return parquet.ByteArrayValue(text), true
	}
	instant, ok := instants[name]
	if !ok || !instant.Valid {
		return parquet.NullValue(), false
	}
	switch s.unit {
	case parquet.Millisecond:
		return parquet.Int64Value(instant.Value / 1000), true
	case parquet.Nanosecond:
		return parquet.Int64Value(instant.Value * 1000), true
	default:
		return parquet.Int64Value(instant.Value), true
	}
}

func rawUUID(text string) []byte {
	var raw []byte
	_, err := fmt.Sscanf(strings.ReplaceAll(text, "-", ""), "%x", &raw)
	if err != nil {
		panic(err)
	}
	return raw
}
