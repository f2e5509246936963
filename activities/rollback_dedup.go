package activities

import (
	"context"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// RollbackDedup puts the rows that a dedup touched back as the snapshot has them.
func (d *Dedups) RollbackDedup(ctx context.Context, in contract.RollbackDedupInput) (ledger.DedupRollback, error) {
	life := beat(ctx, "putting rows back from the snapshot")
	defer life.stop()
	rollback, err := d.Warehouse.RollbackDedup(ctx, in.ID)
	return rollback, typed(err)
}
