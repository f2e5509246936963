package ledger

import "time"

// DedupCounts are excess rows of tracks by what made them. Each excess row has one
// cause, the first that fits in the order of the fields.
type DedupCounts struct {
	// NoKey rows have no event_id. They go to merge_rejects.
	NoKey int64 `json:"noKey,omitempty"`
	// Collided rows have another event_name or user_id than the first delivery of
	// their event_id. They go to merge_rejects.
	Collided int64 `json:"collided,omitempty"`
	// DoubleRun rows are the same delivery written twice: the same content with the
	// same stamps, as two merges of one load leave them.
	DoubleRun int64 `json:"doubleRun,omitempty"`
	// Backfill rows stand on the other side of the cutover, by their load's stamp,
	// than the row they repeat: an insert-only backfill put one of the two there.
	Backfill int64 `json:"backfill,omitempty"`
	// AcrossDays rows repeat an event of another day.
	AcrossDays int64 `json:"acrossDays,omitempty"`
	// SameDay rows repeat an event of the same day.
	SameDay int64 `json:"sameDay,omitempty"`
}

// Total is the number of excess rows.
func (c DedupCounts) Total() int64 {
	return c.NoKey + c.Collided + c.DoubleRun + c.Backfill + c.AcrossDays + c.SameDay
}

// Plus adds the counts up.
func (c DedupCounts) Plus(other DedupCounts) DedupCounts {
	return DedupCounts{
		NoKey: c.NoKey + other.NoKey, Collided: c.Collided + other.Collided, DoubleRun: c.DoubleRun + other.DoubleRun,
		Backfill: c.Backfill + other.Backfill, AcrossDays: c.AcrossDays + other.AcrossDays, SameDay: c.SameDay + other.SameDay,
	}
}

// DedupDay is one day of tracks, by created_at in UTC, and by how many rows it
// shrinks.
type DedupDay struct {
	// Day is written 2026-06-12.
	Day string `json:"day"`
	DedupCounts
}

// DedupPlan is what a dedup of tracks would do.
type DedupPlan struct {
	// Rows is how many tracks has, Events how many of them stay.
	Rows   int64 `json:"rows"`
	Events int64 `json:"events"`
	// Repeated is the number of event_ids that have more than one row.
	Repeated int64 `json:"repeated"`
	// Rewritten is how many events keep the content of one row and the created_at of
	// another.
	Rewritten int64 `json:"rewritten"`
	// Excess are the rows to go, by cause; Days has them by day.
	Excess DedupCounts `json:"excess"`
	Days   []DedupDay  `json:"days,omitempty"`
	// Bytes is what the dedup reads on BigQuery, and CostUSD what that costs.
	Bytes   int64   `json:"bytes,omitempty"`
	CostUSD float64 `json:"costUsd,omitempty"`
	// DiskNeeded and DiskFree are the bytes for the snapshot on DuckDB.
	DiskNeeded int64 `json:"diskNeeded,omitempty"`
	DiskFree   int64 `json:"diskFree,omitempty"`
}

// DedupOrder asks for the dedup that somebody approved.
type DedupOrder struct {
	// ID is the same for every attempt of one dedup and for nothing else.
	ID  string `json:"id"`
	Run Run    `json:"run"`
	// Excess and Days are the plan's: tracks must lose exactly these rows.
	Excess int64      `json:"excess"`
	Days   []DedupDay `json:"days"`
	// OrderedAt names the snapshot, and the rows in merge_rejects.
	OrderedAt time.Time `json:"orderedAt"`
	// ExpiresAt is until when the snapshot is kept.
	ExpiresAt time.Time `json:"expiresAt"`
	// WholeTable writes all of tracks again instead of what is affected.
	WholeTable bool `json:"wholeTable,omitempty"`
}

// Snapshot is a copy of tracks as it was before a dedup.
type Snapshot struct {
	// Name is a file or a table.
	Name string `json:"name"`
	Rows int64  `json:"rows"`
	// Bytes is its size, as far as it takes room of its own.
	Bytes     int64     `json:"bytes,omitempty"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// Dedup is what a dedup did.
type Dedup struct {
	// Rows is how many tracks has now.
	Rows int64 `json:"rows"`
	// Removed rows are the plan's excess; Rejected of them went to merge_rejects.
	Removed  int64 `json:"removed"`
	Rejected int64 `json:"rejected"`
	// Rewritten events got the created_at of their first delivery.
	Rewritten int64 `json:"rewritten"`
	// KeysMended counts the keys of other events that were missing or wrong.
	KeysMended int64 `json:"keysMended,omitempty"`
}

// DedupRollback is what taking a dedup back did.
type DedupRollback struct {
	// Rows is how many tracks has now, Restored how many came from the snapshot.
	Rows     int64 `json:"rows"`
	Restored int64 `json:"restored"`
}
