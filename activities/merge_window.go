package activities

import (
	"context"
	"fmt"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// MergeWindow merges one load into tracks. It runs inside WriteTracks only, whose
// fixed id makes it the one writer.
func (t *Tables) MergeWindow(ctx context.Context, in contract.MergeWindowInput) (ledger.Merge, error) {
	life := beat(ctx, fmt.Sprintf("merging window %s", in.Window))
	defer life.stop()
	merge, err := t.Warehouse.MergeLoad(ctx, in.Window, in.LoadID)
	return merge, typed(err)
}
