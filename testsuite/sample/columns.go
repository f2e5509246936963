package sample

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// column is one column of the export and where its values come from.
type column struct {
	name   string
	text   func(*Event) Text
	micros func(*Event) Micros
	json   bool // PostHog's Arrow extension type "json", stored as a string
}

// columns returns the columns in the order of one run: PostHog builds the order
// from Python sets, so it is arbitrary, but JSON columns always come last.
func columns(o *Options, w window.Window) []column {
	plain := []column{
		{name: "uuid", text: func(e *Event) Text { return e.UUID }},
		{name: "event", text: func(e *Event) Text { return e.Name }},
		{name: "distinct_id", text: func(e *Event) Text { return e.DistinctID }},
		{name: "person_id", text: func(e *Event) Text { return e.PersonID }},
		{name: "elements_chain", text: func(e *Event) Text { return e.ElementsChain }},
		{name: "timestamp", micros: func(e *Event) Micros { return e.Timestamp }},
		{name: "created_at", micros: func(e *Event) Micros { return e.CreatedAt }},
	}
	if o.InsertedAt != "-" {
		plain = append(plain, column{name: o.InsertedAt, micros: func(e *Event) Micros { return e.InsertedAt }})
	}
	documents := []column{
		{name: "properties", text: func(e *Event) Text { return e.Properties }, json: true},
		{name: "person_properties", text: func(e *Event) Text { return e.PersonProperties }, json: true},
	}
	rng := stream(key(o.Seed, topicColumns, windowKey(w), uint64(len(o.Run))))
	rng.Shuffle(len(plain), func(i, j int) { plain[i], plain[j] = plain[j], plain[i] })
	rng.Shuffle(len(documents), func(i, j int) { documents[i], documents[j] = documents[j], documents[i] })
	return append(plain, documents...)
}

// field is the column in Arrow's terms: nullable all, timestamps in microseconds
// of UTC, JSON as the extension type that PostHog declares.
func (c *column) field() arrow.Field {
	switch {
	case c.micros != nil:
		return arrow.Field{Name: c.name, Nullable: true, Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}}
	case c.json:
		extension := arrow.NewMetadata([]string{"ARROW:extension:metadata", "ARROW:extension:name"}, []string{"", "json"})
		return arrow.Field{Name: c.name, Nullable: true, Type: arrow.BinaryTypes.String, Metadata: extension}
	default:
		return arrow.Field{Name: c.name, Nullable: true, Type: arrow.BinaryTypes.String}
	}
}

// windowKey is the window as a part of a key.
func windowKey(w window.Window) uint64 {
	return uint64(w.Start().Unix()) //nolint:gosec // windows are after 1970
}
