package contract

import (
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// The names of DedupTracks' activities. PlanDedup takes a PlanDedupInput and returns
// a ledger.DedupPlan; SnapshotTracks, ApplyDedup and VerifyDedup take a
// ledger.DedupOrder.
const (
	PlanDedup      = "PlanDedup"
	SnapshotTracks = "SnapshotTracks"
	ApplyDedup     = "ApplyDedup"
	VerifyDedup    = "VerifyDedup"
	RollbackDedup  = "RollbackDedup"
	DropSnapshot   = "DropSnapshot"
)

// The types of the errors that only dedups fail with.
const (
	// ErrTracksMoved: tracks was written after the snapshot, or has other excess rows
	// than were approved. Nothing was changed; the workflow plans again.
	ErrTracksMoved = "TracksMoved"
	// ErrSnapshotGone: a dedup cannot be taken back, for its snapshot is gone.
	ErrSnapshotGone = "SnapshotGone"
	// ErrChangedSince: taking a dedup back would lose what was merged since.
	ErrChangedSince = "ChangedSince"
	// ErrDedupUnverified: tracks did not stand the check after a dedup.
	ErrDedupUnverified = "DedupUnverified"
)

// PlanDedupInput asks for the excess rows of tracks to be counted.
type PlanDedupInput struct{}

// RollbackDedupInput asks for a dedup to be taken back. The result is a
// ledger.DedupRollback.
type RollbackDedupInput struct {
	// ID is the dedup's, as its result and tracks_dedups name it.
	ID string `json:"id"`
}

// DropSnapshotInput asks for a dedup's snapshot to be dropped, and for all whose time
// is over. The result says whether the snapshot stays.
type DropSnapshotInput struct {
	// ID may be empty, for only those whose time is over.
	ID string `json:"id,omitempty"`
	// OrderedAt is the order's: it names a snapshot that was made and not yet recorded.
	OrderedAt time.Time `json:"orderedAt,omitzero"`
	// UnlessApplied keeps the snapshot of a dedup that was done.
	UnlessApplied bool `json:"unlessApplied,omitempty"`
}

// DropSnapshotResult says what became of the snapshot.
type DropSnapshotResult struct {
	// Kept is set when the dedup was done and the snapshot stays.
	Kept *ledger.Snapshot `json:"kept,omitempty"`
}
