package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// missing books an hour without objects. By the settings that is a success with
// nothing in it, or a failure that somebody has to look at.
func (h *hourly) missing(ctx workflow.Context, why string) error {
	if !h.settings.MissingIsEmpty {
		return temporal.NewNonRetryableApplicationError(
			why+"; the reconciliation loads it when it appears. If the hour really had no events, run it with whenMissing \"empty\"",
			contract.ErrExportMissing, nil)
	}
	h.result.Status = ledger.Empty
	h.note(ctx, why)
	h.at(ctx, "done: empty")
	return h.record(h.settings.writing(ctx, "book the empty hour"), ledger.Outcome{Status: ledger.Empty, Detail: why})
}

// fail books the end of a run that did not load the window, whatever ended it. The
// run fails with its own error, also when the booking fails.
func (h *hourly) fail(ctx workflow.Context, err error) error {
	outcome := ledger.Outcome{Status: ledger.Failed}
	outcome.Reason, outcome.Detail = reason(err)
	switch {
	case temporal.IsCanceledError(err):
		outcome.Status = ledger.Cancelled
	case isType(err, contract.ErrExportMissing):
		outcome.Status = ledger.Missing
	}
	h.at(ctx, string(outcome.Status)+": "+outcome.Detail)
	last, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if booking := h.record(h.settings.lastWords(last, "book how the run ended"), outcome); booking != nil {
		workflow.GetLogger(ctx).Error("the end of the run is not in the ledger", "error", booking)
	}
	return err
}

// record books an outcome. A dry run leaves the ledger as it is.
func (h *hourly) record(ctx workflow.Context, outcome ledger.Outcome) error {
	if h.dry {
		return nil
	}
	outcome.Window, outcome.ID, outcome.Run = h.result.Window, h.origin.RunID, h.origin
	return workflow.ExecuteActivity(ctx, contract.RecordOutcome, outcome).Get(ctx, nil)
}
