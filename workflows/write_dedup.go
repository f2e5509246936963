package workflows

import (
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// dedupWrite removes the excess rows that somebody approved. It holds the lock from
// the snapshot to the last check.
type dedupWrite struct{ ledger.DedupOrder }

// DedupWritten is what a dedup did and what it left to go back to.
type DedupWritten struct {
	Snapshot ledger.Snapshot `json:"snapshot"`
	Dedup    ledger.Dedup    `json:"dedup"`
	// Unverified says what the check after the dedup found. Empty is good.
	Unverified string `json:"unverified,omitempty"`
}

func (d dedupWrite) what() string { return fmt.Sprintf("dedup of %d excess rows", d.Excess) }

func (d dedupWrite) complete() bool {
	return d.ID != "" && d.Excess > 0 && !d.OrderedAt.IsZero() && !d.ExpiresAt.IsZero()
}

func (d dedupWrite) run(ctx workflow.Context, w *writing) error {
	written := &DedupWritten{}
	w.result.Dedup = written
	var dropped contract.DropSnapshotResult
	if err := w.do(ctx, "drop snapshots whose time is over", contract.DropSnapshot, contract.DropSnapshotInput{}, &dropped); err != nil {
		return err
	}
	if err := w.do(ctx, "snapshot", contract.SnapshotTracks, d.DedupOrder, &written.Snapshot); err != nil {
		return err
	}
	if err := w.do(ctx, "remove the excess rows", contract.ApplyDedup, d.DedupOrder, &written.Dedup); err != nil {
		return err
	}
	err := w.do(ctx, "compare with the snapshot", contract.VerifyDedup, d.DedupOrder, nil)
	if err != nil && !temporal.IsCanceledError(err) {
		// The rows are gone already: whoever ordered it decides whether they come back.
		_, written.Unverified = reason(err)
		return nil
	}
	return err
}

// dedupRollbackWrite takes a dedup back.
type dedupRollbackWrite struct{ contract.RollbackDedupInput }

func (d dedupRollbackWrite) what() string { return "rollback of dedup " + d.ID }

func (d dedupRollbackWrite) complete() bool { return d.ID != "" }

func (d dedupRollbackWrite) run(ctx workflow.Context, w *writing) error {
	w.result.DedupRollback = &ledger.DedupRollback{}
	return w.do(ctx, d.what(), contract.RollbackDedup, d.RollbackDedupInput, w.result.DedupRollback)
}
