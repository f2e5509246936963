// Package keys holds the plain types of rebuilding tracks_keys and of comparing it
// with tracks. They travel between workflows, activities and warehouses, and carry
// counts, days and event ids, never event data.
package keys

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Source is a table that a rebuild reads.
type Source string

// The sources. Tracks says which keys there are and where their rows lie; RawTracks
// what the newest deliveries were that have left no trace in tracks.
const (
	Tracks    Source = "tracks"
	RawTracks Source = "raw_tracks"
)

// SampleSize is how many event ids a result names.
const SampleSize = 20

// PlanRequest asks for the slices of a rebuild.
type PlanRequest struct {
	// RebuildID names the rebuild, should there be none that goes on.
	RebuildID string `json:"rebuildId"`
	// SliceRows is about how many rows a slice has; 0 leaves it to the warehouse.
	SliceRows int64 `json:"sliceRows,omitempty"`
}

// Plan is a rebuild in slices, as far as it has come.
type Plan struct {
	// RebuildID is that of the run that planned it.
	RebuildID string  `json:"rebuildId"`
	Slices    []Slice `json:"slices"`
}

// Slice is one part of a rebuild: the rows of a table in a span of time.
type Slice struct {
	// Number counts from 0, in the order in which slices are done.
	Number int `json:"number"`
	// Source is sliced by created_at (tracks) or window_start (raw_tracks).
	Source Source `json:"source"`
	// Begins is the first instant and Ends the first that is no longer in it.
	Begins time.Time `json:"begins"`
	Ends   time.Time `json:"ends"`
	// Rows is how many there were when the rebuild was planned.
	Rows int64 `json:"rows"`
	Done bool  `json:"done,omitempty"`
}

// String names the slice for people.
func (s Slice) String() string {
	return fmt.Sprintf("%s from %s to %s, %d rows", s.Source, s.Begins.UTC().Format("2006-01-02T15"), s.Ends.UTC().Format("2006-01-02T15"), s.Rows)
}

// Done is how many slices are done.
func (p Plan) Done() int {
	done := 0
	for _, slice := range p.Slices {
		if slice.Done {
			done++
		}
	}
	return done
}

// Built is what one slice, or all of them, came to.
type Built struct {
	// Rows is how many rows of tracks were read. Each has a key, is Duplicate or is
	// Unkeyed.
	Rows int64 `json:"rows"`
	// Keys is how many keys were added, less those replaced.
	Keys int64 `json:"keys"`
	// Duplicates are rows of tracks whose event has another row there.
	Duplicates int64 `json:"duplicates"`
	// Unkeyed are rows of tracks without an event_id or a created_at, which can have
	// no key.
	Unkeyed int64 `json:"unkeyed,omitempty"`
	// Refreshed keys learned from raw_tracks of a newer delivery, or of their content.
	Refreshed int64 `json:"refreshed"`
	// Sample are event ids with more than one row in tracks, SampleSize at most.
	Sample []string `json:"sample,omitempty"`
}

// Add sums up two slices.
func (b Built) Add(other Built) Built {
	b.Rows += other.Rows
	b.Keys += other.Keys
	b.Duplicates += other.Duplicates
	b.Unkeyed += other.Unkeyed
	b.Refreshed += other.Refreshed
	sample := slices.Concat(b.Sample, other.Sample)
	slices.Sort(sample)
	sample = slices.Compact(sample)
	b.Sample = sample[:min(len(sample), SampleSize)]
	return b
}

// Rebuilt is a rebuild that has become tracks_keys.
type Rebuilt struct {
	Built

	RebuildID string `json:"rebuildId"`
	Slices    int    `json:"slices"`
	// Discarded says that an unfinished rebuild was thrown away, and nothing else done.
	Discarded bool `json:"discarded,omitempty"`
}

// String says it for people.
func (r Rebuilt) String() string {
	text := fmt.Sprintf("%d rows = %d keys + %d duplicates", r.Rows, r.Keys, r.Duplicates)
	if r.Unkeyed > 0 {
		text += fmt.Sprintf(" + %d without event_id or created_at", r.Unkeyed)
	}
	return text
}

// ParseBuilt reads what a slice was booked with.
func ParseBuilt(text string) (Built, error) {
	var built Built
	if err := json.Unmarshal([]byte(text), &built); err != nil {
		return Built{}, fmt.Errorf("read what a slice came to: %w", err)
	}
	return built, nil
}

// Complete says why what was built may not become tracks_keys: undone slices, or
// other numbers of rows in tracks and of keys than the slices found and wrote.
func Complete(built Built, undone int, rows, written int64) error {
	switch {
	case undone > 0:
		return fmt.Errorf("%d slices are not done", undone)
	case built.Rows != rows:
		return fmt.Errorf("the slices found %d rows, and it has %d", built.Rows, rows)
	case built.Keys != written:
		return fmt.Errorf("the slices wrote %d keys, and there are %d", built.Keys, written)
	default:
		return nil
	}
}
