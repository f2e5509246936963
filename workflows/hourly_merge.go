package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// merge merges a load through WriteTracks, when it is this run's turn.
func (h *hourly) merge(ctx workflow.Context, load *ledger.Load) (ledger.Merge, error) {
	result, err := write(ctx, h.settings, WriteInput{
		Merge: &contract.MergeWindowInput{Window: load.Window, LoadID: load.ID},
	}, func(waiting string) { h.at(ctx, waiting) })
	if err != nil {
		return ledger.Merge{}, err
	}
	h.progress.Cost, h.result.Cost = result.Cost, result.Cost
	return *result.Merge, nil
}

// mergeEarlier merges the load that keeps the window from being replaced. It
// travels in the error's details.
func (h *hourly) mergeEarlier(ctx workflow.Context, unmerged error) error {
	var application *temporal.ApplicationError
	var load ledger.Load
	if !errors.As(unmerged, &application) {
		return unmerged
	}
	if err := application.Details(&load); err != nil {
		return fmt.Errorf("read which load is unmerged: %w", err)
	}
	h.at(ctx, "merging what an earlier run left unmerged")
	merge, err := h.merge(ctx, &load)
	if err != nil {
		return err
	}
	h.note(ctx, fmt.Sprintf("merged load %s of an earlier run first: %d inserted, %d updated", load.ID, merge.Inserted, merge.Updated))
	return nil
}
