package activities

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/activity"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Billed is a warehouse whose jobs cost money.
type Billed interface {
	// LoadCost is what the jobs of a load have cost.
	LoadCost(ctx context.Context, w window.Window, loadID string) (ledger.Cost, error)
}

// MergeWindow merges one load into tracks. It runs inside WriteTracks only, whose
// fixed id makes it the one writer.
func (t *Tables) MergeWindow(ctx context.Context, in contract.MergeWindowInput) (contract.MergeWindowResult, error) {
	life := beat(ctx, fmt.Sprintf("merging window %s", in.Window))
	defer life.stop()
	merge, err := t.Warehouse.MergeLoad(ctx, in.Window, in.LoadID)
	if err != nil {
		return contract.MergeWindowResult{}, typed(err)
	}
	result := contract.MergeWindowResult{Merge: merge}
	if billed, ok := t.Warehouse.(Billed); ok {
		cost, err := billed.LoadCost(ctx, in.Window, in.LoadID)
		if err != nil {
			activity.GetLogger(ctx).Warn("what the load cost is not known", "error", err)
			return result, nil
		}
		result.Cost = &cost
	}
	return result, nil
}
