package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
)

// abandon drops the snapshot of a dedup that was not done.
func (d *dedup) abandon(ctx workflow.Context) error {
	return d.dropSnapshot(ctx, d.unlessApplied())
}

// unlessApplied asks for the snapshot of a dedup to be dropped that was not done.
func (d *dedup) unlessApplied() contract.DropSnapshotInput {
	return contract.DropSnapshotInput{ID: d.order.ID, OrderedAt: d.order.OrderedAt, UnlessApplied: true}
}

// fail ends a run that could not do its dedup, or was cancelled meanwhile. Whichever
// step that was, tracks is whole: as before, or without its excess rows. In the second
// case the snapshot stays. The run fails with its own error, also when this does.
func (d *dedup) fail(ctx workflow.Context, err error) error {
	last, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	last = d.settings.lastWords(last, "drop the snapshot if the dedup was not done")
	var dropped contract.DropSnapshotResult
	if dropping := workflow.ExecuteActivity(last, contract.DropSnapshot, d.unlessApplied()).Get(last, &dropped); dropping != nil {
		workflow.GetLogger(ctx).Error("a snapshot may have stayed behind", "error", dropping)
	}
	how := "nothing was changed"
	if dropped.Kept != nil {
		d.result.Snapshot = dropped.Kept
		how = "the excess rows are removed; to put them back, start DedupTracks with " + `{"rollback": "` + d.order.ID + `"}`
	}
	if temporal.IsCanceledError(err) {
		d.at(ctx, d.result.State, "cancelled: "+how)
		return err
	}
	d.at(ctx, d.result.State, "failed: "+how)
	return named("dedup ("+how+")", err)
}
