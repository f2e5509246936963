package ledger

import "github.com/posthog-tracks/posthog-tracks/internal/window"

// BackfillRange asks which days there are to backfill, from From to To, both with
// them. Empty means as far as there are rows.
type BackfillRange struct {
	From window.Day `json:"from,omitempty"`
	To   window.Day `json:"to,omitempty"`
}

// BackfillPlan is what there is to backfill.
type BackfillPlan struct {
	Days []PlannedDay `json:"days,omitempty"`
	// Repeated is how many events have more than one row, on any day.
	Repeated int64 `json:"repeated"`
}

// PlannedDay is a day of the backfill's source.
type PlannedDay struct {
	Day window.Day `json:"day"`
	// Rows is how many rows the day has.
	Rows int64 `json:"rows"`
	// Done says that the day was backfilled when it had as many rows.
	Done bool `json:"done,omitempty"`
}

// BackfillDay asks for one day to be backfilled.
type BackfillDay struct {
	// ID is that of the backfill: the same for every attempt and for nothing else.
	ID string `json:"id"`
	// Day and Rows are as planned. With other rows there now, the day fails.
	Day  window.Day `json:"day"`
	Rows int64      `json:"rows"`
	// DryRun only counts.
	DryRun bool `json:"dryRun,omitempty"`
	Run    Run  `json:"run"`
}

// Backfilled counts what became of a day's rows, or would.
type Backfilled struct {
	// Read is the sum of the five that follow.
	Read int64 `json:"read"`
	// Inserted rows are new in tracks: one an event.
	Inserted int64 `json:"inserted"`
	// Present rows belong to events that tracks has already, of the same name and user.
	Present int64 `json:"present"`
	// Duplicate rows are further rows of an event, on this day or another.
	Duplicate int64 `json:"duplicate"`
	// Collided rows belong to events of another name or user; they went to merge_rejects.
	Collided int64 `json:"collided"`
	// Rejected rows lack what tracks cannot do without; they went to merge_rejects.
	Rejected int64 `json:"rejected"`
	// Bytes is the size of the inserted rows as JSON text.
	Bytes int64 `json:"bytes"`
}

// Total is the number of rows accounted for.
func (b Backfilled) Total() int64 {
	return b.Inserted + b.Present + b.Duplicate + b.Collided + b.Rejected
}

// Plus adds up the counts of two days.
func (b Backfilled) Plus(other Backfilled) Backfilled {
	return Backfilled{
		Read: b.Read + other.Read, Inserted: b.Inserted + other.Inserted, Present: b.Present + other.Present,
		Duplicate: b.Duplicate + other.Duplicate, Collided: b.Collided + other.Collided, Rejected: b.Rejected + other.Rejected,
		Bytes: b.Bytes + other.Bytes,
	}
}
