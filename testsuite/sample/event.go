package sample

import (
	"database/sql"
	"time"
)

// Text is a nullable string column. It may hold bytes that are not UTF-8.
type Text = sql.Null[string]

// Micros is a nullable timestamp column: microseconds since 1970 in UTC, as they
// stand in the file, also where no calendar can show them.
type Micros = sql.Null[int64]

// Event is one row of an export with the columns PostHog writes. Two events are
// equal when == says so.
type Event struct {
	UUID             Text
	Name             Text // column "event"
	Properties       Text
	DistinctID       Text
	PersonID         Text
	PersonProperties Text
	ElementsChain    Text
	Timestamp        Micros // when it happened, says the client
	CreatedAt        Micros // when PostHog took it in
	InsertedAt       Micros // when ClickHouse stored it: the cursor of the export
}

// Row is an event and what the generator knows of it beyond its columns.
type Row struct {
	Event

	// Shape says which SDK and which call the event is modelled on.
	Shape Shape
	// Trap is the trap that bent the event, empty for an ordinary one.
	Trap Trap
	// Marker is the value of the property "sample_marker", empty without one.
	Marker string

	truth *Truth
}

func text(value string) Text { return Text{V: value, Valid: true} }

func micros(value int64) Micros { return Micros{V: value, Valid: true} }

// when is the time behind a timestamp column.
func when(m Micros) time.Time { return time.UnixMicro(m.V).UTC() }

// bytes is the size of the row in Arrow memory, which is what PostHog cuts
// batches by: the texts, an offset a text and eight bytes a timestamp.
func (e *Event) bytes() int {
	texts := len(e.UUID.V) + len(e.Name.V) + len(e.Properties.V) + len(e.DistinctID.V) +
		len(e.PersonID.V) + len(e.PersonProperties.V) + len(e.ElementsChain.V)
	return texts + 7*4 + 3*8
}
