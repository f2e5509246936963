package workflows

import (
	"fmt"
	"path"

	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// stage stages all objects, a few at a time, each as an activity of its own. The
// first that cannot be staged stops the others.
func (h *hourly) stage(ctx workflow.Context, objects []export.Object) ([]ledger.Receipt, error) {
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	receipts := make([]ledger.Receipt, len(objects))
	places := workflow.NewSemaphore(ctx, int64(h.settings.Parallel))
	group := workflow.NewWaitGroup(ctx)
	var failure error
	done := 0
	h.at(ctx, fmt.Sprintf("staging %d objects", len(objects)))
	for i, object := range objects {
		if err := places.Acquire(ctx, 1); err != nil {
			failure = first(failure, err)
			break
		}
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			defer places.Release(1)
			// The UI shows the beginning of a summary: what tells objects apart comes first.
			summary := fmt.Sprintf("%d of %d, %d MB: %s", i+1, len(objects), object.Size>>20, path.Base(object.Name))
			err := h.stageOne(ctx, summary, object, &receipts[i])
			if err != nil {
				failure = first(failure, err)
				cancel()
				return
			}
			done++
			h.at(ctx, fmt.Sprintf("staging objects, %d of %d done", done, len(objects)))
		})
	}
	group.Wait(ctx)
	return receipts, failure
}

func (h *hourly) stageOne(ctx workflow.Context, summary string, object export.Object, receipt *ledger.Receipt) error {
	ctx = h.settings.loading(ctx, summary)
	return workflow.ExecuteActivity(ctx, contract.StageObject,
		contract.StageObjectInput{Window: h.result.Window, Object: object}).Get(ctx, receipt)
}

func first(earlier, later error) error {
	if earlier != nil {
		return earlier
	}
	return later
}
