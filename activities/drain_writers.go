package activities

import (
	"context"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
)

// DrainWriters waits until nothing writes tracks any more. Whoever holds the lock
// runs it first: a killed or terminated run may have left a write behind that the
// warehouse still works on.
func (t *Tables) DrainWriters(ctx context.Context, _ contract.DrainInput) (contract.DrainResult, error) {
	life := beat(ctx, "waiting for earlier writers")
	defer life.stop()
	jobs, err := t.Warehouse.Drain(ctx)
	return contract.DrainResult{Jobs: jobs}, typed(err)
}
