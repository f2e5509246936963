// Package contract is what workflows and activities say to each other: the names
// of activities, what goes into them and what comes out, and the types of their
// errors. It is all that a recorded history depends on, so a change here is a
// change of contract.
package contract

import (
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// The names of the activities.
const (
	AwaitExport    = "AwaitExport"
	StageObject    = "StageObject"
	CommitWindow   = "CommitWindow"
	CheckFreshness = "CheckFreshness"
	MergeWindow    = "MergeWindow"
	RecordOutcome  = "RecordOutcome"
	DrainWriters   = "DrainWriters"
	FindWriter     = "FindWriter"
)

// What an hour without any object is, in the configuration and in a run's input.
const (
	MissingFails   = "fail"
	MissingIsEmpty = "empty"
)

// LoadQueue is the task queue objects are staged on, so that staging can be given
// workers of its own.
func LoadQueue(taskQueue string) string { return taskQueue + "-load" }

// AwaitExportInput asks for the pinned export of a window.
type AwaitExportInput struct {
	Window window.Window `json:"window"`
}

// AwaitExportResult is the end of the wait: complete, or missing.
type AwaitExportResult struct {
	// State is export.Complete or export.Missing.
	State export.State `json:"state"`
	// Reason says why, for people.
	Reason string `json:"reason"`
	// Export is empty when State is Missing.
	Export export.Export `json:"export"`
}

// StageObjectInput asks for one object's rows to be staged. The result is a
// ledger.Receipt.
type StageObjectInput struct {
	Window window.Window `json:"window"`
	Object export.Object `json:"object"`
}

// CommitWindowInput asks for the window to be replaced by what was staged. The
// result is a ledger.Load.
type CommitWindowInput struct {
	Commit ledger.Commit `json:"commit"`
	// RejectLimit is the share of rejected rows above which nothing is replaced.
	RejectLimit float64 `json:"rejectLimit"`
}

// CheckFreshnessInput asks how old the newest row of raw_tracks is.
type CheckFreshnessInput struct {
	Window window.Window `json:"window"`
	// IngestedAt is the stamp of the window's own load.
	IngestedAt time.Time `json:"ingestedAt"`
}

// FreshnessStatus is dbt's verdict on a source.
type FreshnessStatus string

// The statuses of dbt source freshness.
const (
	Fresh      FreshnessStatus = "pass"
	StaleWarn  FreshnessStatus = "warn"
	StaleError FreshnessStatus = "error"
)

// Freshness is the state of raw_tracks and, beside it, of the window itself: the
// table looks fresh after any load, of an old window too.
type Freshness struct {
	Status FreshnessStatus `json:"status"`
	// Newest is the largest bq_ingested_timestamp, nil for an empty table.
	Newest *time.Time `json:"newest,omitempty"`
	// Age is how old that is.
	Age time.Duration `json:"age"`
	// WindowLag is the time from the window's end to its load.
	WindowLag time.Duration `json:"windowLag"`
}

// MergeWindowResult is what became of the rows, and what that cost.
type MergeWindowResult struct {
	ledger.Merge

	// Cost is that of the load so far, from staging to merge; nil where nothing is
	// billed.
	Cost *ledger.Cost `json:"cost,omitempty"`
}

// MergeWindowInput asks for one load to be merged into tracks. The result is a
// MergeWindowResult.
type MergeWindowInput struct {
	Window window.Window `json:"window"`
	LoadID string        `json:"loadId"`
}
