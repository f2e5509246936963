package activities

import (
	"context"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// ApplyDedup removes the excess rows that were approved. It runs inside WriteTracks
// only, whose fixed id makes it the one writer.
func (d *Dedups) ApplyDedup(ctx context.Context, order ledger.DedupOrder) (ledger.Dedup, error) {
	life := beat(ctx, "removing the excess rows")
	defer life.stop()
	dedup, err := d.Warehouse.ApplyDedup(ctx, order)
	return dedup, typed(err)
}
