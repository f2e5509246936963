package sample

import (
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/event"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Outcome is what must become of one delivery of an event.
type Outcome string

const (
	// Inserted means that the event is new to tracks.
	Inserted Outcome = "inserted"
	// Updated means a newer delivery: everything but created_at becomes its own.
	Updated Outcome = "updated"
	// Unchanged means that tracks has this content already.
	Unchanged Outcome = "unchanged"
	// Older means that tracks has, or gets in the same merge, a newer delivery.
	Older Outcome = "older"
	// Collided means that another event or user has this id; the row goes to merge_rejects.
	Collided Outcome = "collided"
	// BeforeCutover means in raw_tracks, but left out of the merge and counted.
	BeforeCutover Outcome = "before cutover"
	// Rejected means that the row goes to raw_rejects.
	Rejected Outcome = "rejected"
	// NotLoaded means that the row is in an object that is no part of the export.
	NotLoaded Outcome = "not loaded"
)

// Truth is one row that a trap made, and what must become of it when the windows
// of its Deliveries are loaded and merged in their order.
type Truth struct {
	Trap Trap
	// Case tells the variations of a trap apart, for people.
	Case string

	// Window, Object and Row (from 0) say where the row stands. Row is -1 where
	// the trap is the object itself.
	Window window.Window
	Object string
	Row    int

	// UUID is the column as written; EventID what it means, "" if it is no id.
	UUID    Text
	EventID string
	// Marker is the row's property "sample_marker", "" where it has none.
	Marker string

	// Outcome is what must become of the row when the window is merged for the
	// first time; that of an OverwrittenHour in a Retry run, when the live run was
	// merged before.
	Outcome Outcome
	// Or is a second outcome that the pipeline's law allows as well, "" for none.
	Or Outcome
	// Reason is why a Rejected row is, as raw_rejects names it.
	Reason event.Reason

	// Deliveries are all windows whose exports hold the event, in order, this one
	// included.
	Deliveries []window.Window
	// Finals are the states the law allows for the event's row of tracks after all
	// Deliveries. None means that tracks has no row of it.
	Finals []Final
}

// Final is a row of tracks.
type Final struct {
	EventName  string
	DistinctID string
	// CreatedAt is zero where the law leaves it open.
	CreatedAt time.Time
	// Marker is the property "sample_marker" of event_payload, "" for none.
	Marker string
}

// finalOf is the row of tracks that was inserted by one delivery and has the
// content of another.
func finalOf(inserted, content Row) Final {
	return Final{
		EventName:  content.Name.V,
		DistinctID: content.DistinctID.V,
		CreatedAt:  when(inserted.Timestamp),
		Marker:     content.Marker,
	}
}
