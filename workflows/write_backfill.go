package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// backfillWrite takes one day of the legacy history into the table.
type backfillWrite struct{ ledger.BackfillDay }

func (b backfillWrite) what() string { return "backfill of day " + string(b.Day) }

func (b backfillWrite) complete() bool { return b.Day != "" && b.ID != "" && !b.DryRun }

func (b backfillWrite) run(ctx workflow.Context, w *writing) error {
	w.result.Backfill = &ledger.Backfilled{}
	return w.do(ctx, b.what(), contract.BackfillDay, b.BackfillDay, w.result.Backfill)
}
