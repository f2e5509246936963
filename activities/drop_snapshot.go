package activities

import (
	"context"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// DropSnapshot drops snapshots that nobody needs any more.
func (d *Dedups) DropSnapshot(ctx context.Context, in contract.DropSnapshotInput) (contract.DropSnapshotResult, error) {
	life := beat(ctx, "dropping snapshots")
	defer life.stop()
	kept, err := d.Warehouse.DropSnapshot(ctx, ledger.DedupOrder{ID: in.ID, OrderedAt: in.OrderedAt}, in.UnlessApplied)
	return contract.DropSnapshotResult{Kept: kept}, typed(err)
}
