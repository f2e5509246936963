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
	// Left are rows that older tools left in tracks, without keys: duplicates, and
	// some without an id. They come before all else.
	Left []Legacy `json:"left,omitempty"`
	// Lost empties tracks_keys.
	Lost bool `json:"lost,omitempty"`
	// Rebuild makes tracks_keys from tracks.
	Rebuild *Rebuild `json:"rebuild,omitempty"`
	// Dedup leaves one row of every event in tracks.
	Dedup *Dedup `json:"dedup,omitempty"`
	// Rollback takes the dedup of this number back; the first in the history is 1.
	Rollback int `json:"rollback,omitempty"`
	// Race are two steps that happen at the same time.
	Race []Step `json:"race,omitempty"`
	// Dies is the statement of the step's write before which the process dies,
	// counted from 1. When the write has fewer, the process dies after it. Then
	// another process goes on, and does what is left of anything but a load or a
	// merge.
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

// Rebuild makes tracks_keys from tracks in slices.
type Rebuild struct {
	// Rows is about how many rows a slice has.
	Rows int64 `json:"rows"`
	// Stops is how many slices are done before it stops. Another rebuild then goes on.
	// None is all, and to the end.
	Stops int `json:"stops,omitempty"`
	// Discard throws a rebuild that has stopped away, and does nothing else.
	Discard bool `json:"discard,omitempty"`
}

// Dedup leaves one row of every event in tracks.
type Dedup struct {
	// Whole writes all of tracks again.
	Whole bool `json:"whole,omitempty"`
}

// Legacy is a row of backfill_tracks, or one that is left in tracks.
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
	loads, dedups := 0, 0
	for i, step := range h {
		fmt.Fprintf(&text, "%2d. %s\n", i+1, step.tell(&loads, &dedups))
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

func (s Step) tell(loads, dedups *int) string {
	var text strings.Builder
	switch {
	case s.Load != nil:
		*loads++
		text.WriteString(s.Load.tell(*loads))
	case s.Again != 0:
		fmt.Fprintf(&text, "load %d once more", s.Again)
	case s.Merge != 0:
		fmt.Fprintf(&text, "merge of load %d", s.Merge)
	case s.Backfill != nil:
		text.WriteString(s.Backfill.String())
	case len(s.Left) > 0:
		text.WriteString("tracks as older tools left it" + tellRows(s.Left))
	case s.Lost:
		text.WriteString("all keys are lost")
	case s.Rebuild != nil:
		text.WriteString(s.Rebuild.String())
	case s.Dedup != nil:
		*dedups++
		text.WriteString(s.Dedup.tell(*dedups))
	case s.Rollback != 0:
		fmt.Fprintf(&text, "rollback of dedup %d", s.Rollback)
	case len(s.Race) == 2:
		fmt.Fprintf(&text, "at the same time:\n    %s\n    %s", s.Race[0].tell(loads, dedups), s.Race[1].tell(loads, dedups))
	}
	if s.Dies != 0 {
		fmt.Fprintf(&text, "\n      dies before statement %d", s.Dies)
	}
	return text.String()
}

func (l Load) tell(number int) string {
	var text strings.Builder
	fmt.Fprintf(&text, "load %d of hour %d, stamp %d", number, l.Hour, l.Stamp)
	if l.Of != 0 {
		fmt.Fprintf(&text, ", the export of load %d", l.Of)
	}
	for _, e := range l.Events {
		fmt.Fprintf(&text, "\n      %s", e)
	}
	return text.String()
}

// String tells the backfill.
func (b Backfill) String() string {
	if b.Backwards {
		return "backfill, the last day first" + tellRows(b.Rows)
	}
	return "backfill" + tellRows(b.Rows)
}

func (d Dedup) tell(number int) string {
	if d.Whole {
		return fmt.Sprintf("dedup %d, of the whole table", number)
	}
	return fmt.Sprintf("dedup %d", number)
}

func tellRows(rows []Legacy) string {
	var text strings.Builder
	for _, l := range rows {
		fmt.Fprintf(&text, "\n      %s, stamp %d", l.Event, l.Stamp)
	}
	return text.String()
}

// String tells the rebuild.
func (r Rebuild) String() string {
	switch {
	case r.Discard:
		return "rebuild of keys, thrown away"
	case r.Stops > 0:
		return fmt.Sprintf("rebuild of keys, %d rows a slice, which stops after %d slices", r.Rows, r.Stops)
	default:
		return fmt.Sprintf("rebuild of keys, %d rows a slice", r.Rows)
	}
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
