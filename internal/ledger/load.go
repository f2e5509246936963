// Package ledger holds the plain types of window_ledger, the record of what every
// load of every window did. They travel between workflows, activities and
// warehouses, and carry counts, names and ids, never event data.
package ledger

import (
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/event"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Status is how far a load of a window has come.
type Status string

// The statuses of a ledger row.
const (
	// Loaded: the rows are in raw_tracks and not yet in tracks.
	Loaded Status = "loaded"
	// Merged: every row is accounted for in tracks.
	Merged Status = "merged"
	// Missing: no export by the deadline; nothing was loaded.
	Missing Status = "missing"
	// Empty: no export by the deadline, and the configuration says that this is fine.
	Empty Status = "empty"
	// Failed: the run ended with an error before anything was replaced.
	Failed Status = "failed"
	// Cancelled: somebody cancelled the run before anything was replaced.
	Cancelled Status = "cancelled"
)

// Run says which workflow run a ledger row belongs to.
type Run struct {
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
}

// Load is one load of one window, as far as it has come.
type Load struct {
	Window window.Window `json:"window"`
	// ID is the same for every attempt of one load and for nothing else.
	ID     string `json:"id"`
	Status Status `json:"status"`
	Run    Run    `json:"run"`
	// IngestedAt is bq_ingested_timestamp of every row of the load.
	IngestedAt time.Time `json:"ingestedAt"`
	Rows       Rows      `json:"rows"`
	// Merge is set once Status is Merged.
	Merge *Merge `json:"merge,omitempty"`
}

// Rows counts what a load read. Read = Loaded + Rejected.
type Rows struct {
	Read       int64                  `json:"read"`
	Loaded     int64                  `json:"loaded"`
	Rejected   int64                  `json:"rejected"`
	RejectedBy map[event.Reason]int64 `json:"rejectedBy,omitempty"`
	Mended     event.Mends            `json:"mended"`
	// Bytes is the size of the objects.
	Bytes int64 `json:"bytes"`
}

// RowsOf sums up what was staged.
func RowsOf(receipts []Receipt) Rows {
	rows := Rows{RejectedBy: make(map[event.Reason]int64)}
	for _, r := range receipts {
		rows.Read += r.Read
		rows.Loaded += r.Loaded
		rows.Rejected += r.Rejected
		rows.Bytes += r.Object.Size
		rows.Mended = rows.Mended.Add(r.Mended)
		for reason, n := range r.RejectedBy {
			rows.RejectedBy[reason] += n
		}
	}
	return rows
}

// Merge counts what became of a load's rows. They add up to the rows loaded.
type Merge struct {
	Inserted int64 `json:"inserted"`
	// Updated rows had newer content.
	Updated int64 `json:"updated"`
	// Unchanged rows had the same content, or older.
	Unchanged int64 `json:"unchanged"`
	// Collided rows went to merge_rejects.
	Collided int64 `json:"collided"`
	// BeforeCutover rows belong to the backfill and stay in raw_tracks.
	BeforeCutover int64 `json:"beforeCutover"`
}

// Total is the number of rows accounted for.
func (m Merge) Total() int64 {
	return m.Inserted + m.Updated + m.Unchanged + m.Collided + m.BeforeCutover
}

// Plus adds up what two merges did.
func (m Merge) Plus(other Merge) Merge {
	return Merge{
		Inserted: m.Inserted + other.Inserted, Updated: m.Updated + other.Updated, Unchanged: m.Unchanged + other.Unchanged,
		Collided: m.Collided + other.Collided, BeforeCutover: m.BeforeCutover + other.BeforeCutover,
	}
}

// Commit asks a warehouse to replace a window by what was staged.
type Commit struct {
	Load Load `json:"load"`
	// Staged is one receipt an object of the export.
	Staged []Receipt `json:"staged"`
	// Ignored are objects of the folder that do not belong to the export.
	Ignored []string `json:"ignored,omitempty"`
}

// Outcome is a run that loaded nothing.
type Outcome struct {
	Window window.Window `json:"window"`
	ID     string        `json:"id"`
	Status Status        `json:"status"`
	Run    Run           `json:"run"`
	// Reason is the type of the error, for machines.
	Reason string `json:"reason,omitempty"`
	// Detail is for people.
	Detail string `json:"detail,omitempty"`
}

// UnmergedError says that a window may not be replaced yet: rows of its last load
// were never merged, and replacing them could lose them.
type UnmergedError struct{ Load Load }

func (e *UnmergedError) Error() string {
	return "window " + e.Load.Window.String() + " holds load " + e.Load.ID + ", which was never merged; merge it before replacing it"
}
