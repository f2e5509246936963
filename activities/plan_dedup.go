package activities

import (
	"context"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// Deduper is what DedupTracks needs of a warehouse. Every call is all or nothing, and
// doing it again for the same order changes nothing.
type Deduper interface {
	// PlanDedup counts what a dedup would do.
	PlanDedup(ctx context.Context) (ledger.DedupPlan, error)
	// SnapshotTracks keeps tracks as it is until the order's expiry.
	SnapshotTracks(ctx context.Context, order ledger.DedupOrder) (ledger.Snapshot, error)
	// ApplyDedup does what was approved, if tracks is still what the snapshot holds.
	ApplyDedup(ctx context.Context, order ledger.DedupOrder) (ledger.Dedup, error)
	// VerifyDedup compares tracks with the snapshot.
	VerifyDedup(ctx context.Context, order ledger.DedupOrder) error
	// RollbackDedup puts the rows that a dedup touched back.
	RollbackDedup(ctx context.Context, id string) (ledger.DedupRollback, error)
	// DropSnapshot drops the snapshot of an order, if there is one, and all expired ones.
	// The order's id may be empty; its instant finds a snapshot that was made and not yet
	// recorded. With unlessApplied it keeps and returns that of a dedup that was done.
	DropSnapshot(ctx context.Context, order ledger.DedupOrder, unlessApplied bool) (*ledger.Snapshot, error)
}

// Dedups are the activities of DedupTracks.
type Dedups struct{ Warehouse Deduper }

// PlanDedup counts the excess rows of tracks. It changes nothing.
func (d *Dedups) PlanDedup(ctx context.Context, _ contract.PlanDedupInput) (ledger.DedupPlan, error) {
	life := beat(ctx, "looking for excess rows")
	defer life.stop()
	plan, err := d.Warehouse.PlanDedup(ctx)
	return plan, typed(err)
}
