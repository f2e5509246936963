package activities

import (
	"context"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// RecordOutcome books in the ledger that a run loaded nothing, and why. Temporal
// forgets runs after its retention; the ledger does not.
func (t *Tables) RecordOutcome(ctx context.Context, outcome ledger.Outcome) error {
	life := beat(ctx, "writing the ledger")
	defer life.stop()
	return typed(t.Warehouse.RecordOutcome(ctx, outcome))
}
