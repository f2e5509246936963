package activities

import (
	"context"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// VerifyDedup compares tracks, as readers see it, with the snapshot from before.
func (d *Dedups) VerifyDedup(ctx context.Context, order ledger.DedupOrder) error {
	life := beat(ctx, "comparing tracks with the snapshot")
	defer life.stop()
	return typed(d.Warehouse.VerifyDedup(ctx, order))
}
