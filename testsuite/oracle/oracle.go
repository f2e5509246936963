// Package oracle tells the laws of tracks a second time, in the simplest way there
// is: maps in memory, one event after the other. It is told what happened and says
// what the tables must hold.
//
// It shares no code with the product. One thing it cannot know: which of two
// contents has the larger hash, which is the law's last tie-break. Hashes are
// learned from raw_tracks, and the oracle insists that they are what the law asks
// for: the same for the same content, and different for different contents.
package oracle

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Text is a nullable text.
type Text = sql.Null[string]

// Content is what makes two deliveries of one event differ.
type Content struct {
	EventName, UserID string
	PersonID          Text
	// Payload is JSON text.
	Payload Text
}

// sameEvent reports whether both can belong to one event.
func (c Content) sameEvent(other Content) bool {
	return c.EventName == other.EventName && c.UserID == other.UserID
}

// Delivery is a row of an export.
type Delivery struct {
	// EventID is empty when the row has none: it cannot be trusted.
	EventID    string
	CreatedAt  time.Time
	InsertedAt sql.Null[time.Time]
	Content    Content
}

// Load is one load of a window.
type Load struct {
	Window time.Time
	ID     string
	// Stamp is what every row of the load has as bq_ingested_timestamp.
	Stamp time.Time
	// Generation is that of the window's only object, Rows are in its order.
	Generation int64
	Rows       []Delivery
}

// Counts say what became of a load's rows.
type Counts struct{ Inserted, Updated, Unchanged, Collided, BeforeCutover int64 }

// Facts are what raw_tracks says of a content.
type Facts struct {
	Hash int64
	// Columns are those that derive from the content, in one text.
	Columns string
}

// Facets are the facts of all contents that were ever seen.
type Facets map[Content]Facts

// Learn takes in what raw_tracks says of a content. It is an error when that
// contradicts what it said before, of this content or of another.
func (f Facets) Learn(content Content, facts Facts) error {
	if before, known := f[content]; known {
		if before != facts {
			return fmt.Errorf("content %+v is %+v, and was %+v", content, facts, before)
		}
		return nil
	}
	for other, of := range f {
		if of.Hash == facts.Hash {
			return fmt.Errorf("contents %+v and %+v have the same hash", content, other)
		}
	}
	f[content] = facts
	return nil
}

// World is all that the tables must hold.
type World struct {
	cutover time.Time
	facets  Facets
	booked  []*booking         // every load, in the order of commits
	windows map[time.Time]Load // what raw_tracks holds
	events  map[string]event   // what tracks and tracks_keys hold, by id
	copies  map[string][]row   // rows of tracks that no key speaks of, by id; those of no id too
	refused map[place]refusal  // what merge_rejects holds
	legacy  []Legacy           // what backfill_tracks holds
	dedups  map[string]dedup   // those that were done and not taken back
	// rebuilding is set while a rebuild of tracks_keys is half done.
	rebuilding bool
	// forgetful is set when tracks_keys does not show what its rows' content is.
	forgetful bool
}

// booking is a load's row in the ledger.
type booking struct {
	load   Load
	merged bool
	counts Counts
}

// seen is a delivery with its place in the order of deliveries.
type seen struct {
	Delivery
	stamp time.Time // zero is NULL, which legacy rows may have, and the lowest
}

// row is a row of tracks.
type row struct {
	createdAt time.Time
	shown     seen // whose content it has
}

// event is one event as it is known.
type event struct {
	row
	newest seen // the newest there was, of the same content
}

// place is a row of an object of a window.
type place struct {
	window     time.Time
	generation int64
	row        int
}

// refusal is a row that tracks does not take.
type refusal struct {
	eventID, reason string
	// ofTracks is set for a row that tracks had and a dedup took out.
	ofTracks bool
}

// New is a world without rows. facets may be learned from while the world is used.
func New(cutover time.Time, facets Facets) *World {
	return &World{
		cutover: cutover, facets: facets,
		windows: make(map[time.Time]Load), events: make(map[string]event), copies: make(map[string][]row),
		refused: make(map[place]refusal), dedups: make(map[string]dedup),
	}
}

// ForgetHashes says that tracks_keys does not know the content of rows.
func (w *World) ForgetHashes() { w.forgetful = true }

// Clone is a world that goes on alone.
func (w *World) Clone() *World {
	clone := *w
	clone.booked = make([]*booking, len(w.booked))
	for i, b := range w.booked {
		own := *b
		clone.booked[i] = &own
	}
	clone.windows, clone.events, clone.refused = maps.Clone(w.windows), maps.Clone(w.events), maps.Clone(w.refused)
	clone.copies, clone.dedups = maps.Clone(w.copies), maps.Clone(w.dedups)
	return &clone
}

// booking finds a load of a window, nil when there is none.
func (w *World) booking(window time.Time, id string) *booking {
	for _, b := range w.booked {
		if b.load.Window.Equal(window) && b.load.ID == id {
			return b
		}
	}
	return nil
}

// latest is the newest load of a window, nil when it was never loaded.
func (w *World) latest(window time.Time) *booking {
	for _, b := range slices.Backward(w.booked) {
		if b.load.Window.Equal(window) {
			return b
		}
	}
	return nil
}

// Commit replaces a window's rows by those of the load and returns how far the load
// has come, "loaded" or "merged". A load that was never merged may not be replaced:
// then unmerged is its ID.
func (w *World) Commit(load Load) (status, unmerged string) {
	if b := w.booking(load.Window, load.ID); b != nil {
		return b.status(), ""
	}
	if b := w.latest(load.Window); b != nil && !b.merged {
		return "", b.load.ID
	}
	w.booked = append(w.booked, &booking{load: load})
	w.windows[load.Window] = load
	return "loaded", ""
}

func (b *booking) status() string {
	if b.merged {
		return "merged"
	}
	return "loaded"
}
