package activities

import (
	"context"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// SnapshotTracks keeps tracks as it is, so that a dedup can be compared with it and
// taken back.
func (d *Dedups) SnapshotTracks(ctx context.Context, order ledger.DedupOrder) (ledger.Snapshot, error) {
	life := beat(ctx, "copying tracks")
	defer life.stop()
	snapshot, err := d.Warehouse.SnapshotTracks(ctx, order)
	return snapshot, typed(err)
}
