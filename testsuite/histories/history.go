// Package histories plays histories of deliveries in a warehouse and in the oracle
// at once, and compares what both hold after every step: random ones, and those in
// testdata that once ended differently.
package histories

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// History is what happens to a warehouse that is empty at first.
type History []Step

// Step is one thing that happens; exactly one of its fields is set, but for Dies.
// Loads are known by their number: the first in the history is 1.
type Step struct {
	// Load commits a new load of a window.
	Load *Load `json:"load,omitempty"`
	// Again commits the load of this number once more.
	Again int `json:"again,omitempty"`
	// Merge merges the load of this number.
	Merge int `json:"merge,omitempty"`
	// Backfill takes legacy rows to tracks.
	Backfill *Backfill `json:"backfill,omitempty"`
	// Race are two steps that happen at the same time.
	Race []Step `json:"race,omitempty"`
	// Dies is the statement of the step's write before which the process dies,
	// counted from 1. When the write has fewer, the process dies after it. Then
	// another process goes on, and does the days that a backfill lacks.
	Dies int `json:"dies,omitempty"`
}

// Load is a load of a window.
type Load struct {
	// Hour is the window, in hours since 2026-06-12T00.
	Hour int `json:"hour"`
	// Stamp is the load's bq_ingested_timestamp, in seconds since 2026-07-01.
	Stamp int `json:"stamp"`
	// Of is the number of an earlier load whose export this one reads again; it
	// then has no events of its own.
	Of     int     `json:"of,omitempty"`
	Events []Event `json:"events,omitempty"`
}

// Backfill puts rows into backfill_tracks and takes all of its days to tracks.
type Backfill struct {
	// Backwards begins with the last day.
	Backwards bool     `json:"backwards,omitempty"`
	Rows      []Legacy `json:"rows,omitempty"`
}

// Legacy is a row of backfill_tracks.
type Legacy struct {
	Event
	// Stamp is bq_ingested_timestamp, in seconds since 2026-07-01; none is NULL.
	Stamp int `json:"stamp,omitempty"`
}

// Event is a row of the export.
type Event struct {
	// ID is empty in a row that must be rejected.
	ID       string     `json:"id"`
	At       time.Time  `json:"at"`
	Inserted *time.Time `json:"inserted,omitempty"`
	Name     string     `json:"name"`
	User     string     `json:"user"`
	Person   *string    `json:"person,omitempty"`
	// Payload is the properties, JSON text.
	Payload *string `json:"payload,omitempty"`
}

// String tells the history, a step a line and an event a line.
func (h History) String() string {
	var text strings.Builder
	loads := 0
	for i, step := range h {
		fmt.Fprintf(&text, "%2d. %s\n", i+1, step.tell(&loads))
	}
	return text.String()
}

// GoString is what rapid prints.
func (h History) GoString() string { return "\n" + h.String() + "as a fixture: " + h.JSON() }

// JSON is the history as testdata holds it.
func (h History) JSON() string {
	content, err := json.Marshal(h)
	if err != nil {
		panic(err) // nothing in it can fail
	}
	return string(content)
}

func (s Step) tell(loads *int) string {
	var text strings.Builder
	switch {
	case s.Load != nil:
		*loads++
		fmt.Fprintf(&text, "load %d of hour %d, stamp %d", *loads, s.Load.Hour, s.Load.Stamp)
		if s.Load.Of != 0 {
			fmt.Fprintf(&text, ", the export of load %d", s.Load.Of)
		}
		for _, e := range s.Load.Events {
			fmt.Fprintf(&text, "\n      %s", e)
		}
	case s.Again != 0:
		fmt.Fprintf(&text, "load %d once more", s.Again)
	case s.Merge != 0:
		fmt.Fprintf(&text, "merge of load %d", s.Merge)
	case s.Backfill != nil:
		text.WriteString("backfill")
		if s.Backfill.Backwards {
			text.WriteString(", the last day first")
		}
		for _, l := range s.Backfill.Rows {
			fmt.Fprintf(&text, "\n      %s, stamp %d", l.Event, l.Stamp)
		}
	case len(s.Race) == 2:
		fmt.Fprintf(&text, "at the same time:\n    %s\n    %s", s.Race[0].tell(loads), s.Race[1].tell(loads))
	}
	if s.Dies != 0 {
		fmt.Fprintf(&text, "\n      dies before statement %d", s.Dies)
	}
	return text.String()
}

// String tells the event in a line.
func (e Event) String() string {
	inserted, person, payload := "never", "none", "none"
	if e.Inserted != nil {
		inserted = e.Inserted.UTC().Format(time.RFC3339Nano)
	}
	if e.Person != nil {
		person = fmt.Sprintf("%q", *e.Person)
	}
	if e.Payload != nil {
		payload = *e.Payload
	}
	return fmt.Sprintf("%s at %s, inserted %s, %q of %q, person %s, payload %s",
		e.ID, e.At.UTC().Format(time.RFC3339Nano), inserted, e.Name, e.User, person, payload)
}
