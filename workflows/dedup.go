package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// dedupTracks removes excess rows from tracks: it plans, waits until somebody repeats
// the planned number, does it as the one writer, and can take it back for a week.
func (w *Workflows) dedupTracks(ctx workflow.Context, in DedupInput) (*DedupResult, error) {
	d := &dedup{in: in}
	if err := d.setup(ctx, w); err != nil {
		return nil, err
	}
	result, err := d.run(ctx)
	if waiting := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err == nil {
		err = waiting
	}
	return result, err
}

// dedup is one run of DedupTracks.
type dedup struct {
	settings Settings
	in       DedupInput
	result   DedupResult
	order    ledger.DedupOrder
	// plans counts the plans that were made.
	plans int
	// approved, rejected, rollback and release are what somebody asked for and the
	// run has not done yet.
	approved, rollback, release bool
	rejected                    string
	// unverified is what the check after the dedup found.
	unverified string
	// rollbackErr is how the last rollback ended.
	rollbackErr error
}

func (d *dedup) setup(ctx workflow.Context, w *Workflows) error {
	settings, err := w.pin(ctx)
	if err != nil {
		return err
	}
	d.settings = settings
	if err := d.in.resolve(); err != nil {
		return err
	}
	d.at(ctx, DedupPlanning, "starting")
	if err := d.listen(ctx); err != nil {
		return err
	}
	return workflow.SetQueryHandlerWithOptions(ctx, ProgressQuery,
		func() (DedupResult, error) { return d.result, nil },
		workflow.QueryHandlerOptions{Description: "The plan, how far the dedup is, and what it did"})
}

func (d *dedup) run(ctx workflow.Context) (*DedupResult, error) {
	if d.in.Rollback != "" {
		d.result.ID = d.in.Rollback
		return &d.result, d.takeBack(ctx)
	}
	for {
		if err := d.plan(ctx); err != nil {
			return nil, named("plan the dedup", err)
		}
		if d.result.Plan.Excess.Total() == 0 {
			d.at(ctx, DedupNothing, "done: every event has one row")
			return &d.result, nil
		}
		if d.in.PlanOnly {
			d.at(ctx, DedupPlanned, "done: a plan only, nothing was changed")
			return &d.result, nil
		}
		approved, err := d.awaitApproval(ctx)
		if err != nil || !approved {
			return &d.result, err
		}
		err = d.write(ctx)
		if isType(err, contract.ErrTracksMoved) {
			_, what := reason(err)
			d.note(ctx, "planned again: "+what)
			if err := d.abandon(ctx); err != nil {
				return nil, named("drop the snapshot", err)
			}
			continue
		}
		if err != nil {
			return nil, d.fail(ctx, err)
		}
		return d.hold(ctx)
	}
}

func (d *dedup) plan(ctx workflow.Context) error {
	d.result.Plan, d.result.Approve = nil, nil
	d.at(ctx, DedupPlanning, "looking for excess rows")
	var plan ledger.DedupPlan
	reading := d.settings.reading(ctx, "excess rows of "+d.settings.Table)
	if err := workflow.ExecuteActivity(reading, contract.PlanDedup, contract.PlanDedupInput{}).Get(ctx, &plan); err != nil {
		return err
	}
	d.plans++
	d.result.Plan = &plan
	return nil
}

// awaitApproval waits until somebody approves or rejects the plan.
func (d *dedup) awaitApproval(ctx workflow.Context) (bool, error) {
	d.approved, d.rejected = false, ""
	d.result.Approve = &Approval{Excess: d.result.Plan.Excess.Total()}
	d.at(ctx, DedupPlanned, "waiting for somebody to approve the plan; nothing has been changed")
	decided, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: inHours(d.in.ApproveHours),
		TimerOptions: workflow.TimerOptions{
			Summary: fmt.Sprintf("the plan to remove %d rows waits for its approval", d.result.Approve.Excess),
		},
	}, func() bool { return d.approved || d.rejected != "" })
	d.result.Approve = nil
	switch {
	case err != nil:
		return false, err
	case d.rejected != "":
		d.at(ctx, DedupRejected, "done: rejected, nothing was changed: "+d.rejected)
	case !decided:
		d.at(ctx, DedupRejected, fmt.Sprintf("done: nobody approved the plan within %d hours, nothing was changed", d.in.ApproveHours))
	}
	return d.approved, nil
}

// write does the dedup when it is this run's turn.
func (d *dedup) write(ctx workflow.Context) error {
	execution := workflow.GetInfo(ctx).WorkflowExecution
	now := workflow.Now(ctx).UTC().Truncate(time.Microsecond)
	d.order = ledger.DedupOrder{
		ID: fmt.Sprintf("%s-%d", execution.RunID, d.plans), Run: ledger.Run{WorkflowID: execution.ID, RunID: execution.RunID},
		Excess: d.result.Plan.Excess.Total(), Days: d.result.Plan.Days,
		OrderedAt: now, ExpiresAt: now.Add(inHours(d.in.KeepHours)), WholeTable: d.in.WholeTable,
	}
	d.result.ID = d.order.ID
	d.at(ctx, DedupApproved, "removing the excess rows, see workflow "+WriterID(d.settings.Table))
	written, err := write(ctx, d.settings, WriteInput{Dedup: &d.order}, func(waiting string) { d.at(ctx, DedupApproved, waiting) })
	if err != nil {
		return err
	}
	d.result.Snapshot, d.result.Dedup = &written.Dedup.Snapshot, &written.Dedup.Dedup
	if d.unverified = written.Dedup.Unverified; d.unverified != "" {
		d.note(ctx, "the check after the dedup failed: "+d.unverified)
	}
	return nil
}

// hold keeps the snapshot until its time is over, somebody releases it, or the
// dedup is taken back.
func (d *dedup) hold(ctx workflow.Context) (*DedupResult, error) {
	expires := d.result.Snapshot.ExpiresAt
	for {
		d.at(ctx, DedupApplied, "done; it can be taken back until "+expires.Format("2006-01-02 15:04")+" UTC")
		_, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
			Timeout:      max(expires.Sub(workflow.Now(ctx)), 0),
			TimerOptions: workflow.TimerOptions{Summary: "the snapshot from before the dedup is kept, for a rollback"},
		}, func() bool { return d.rollback || d.release })
		if err != nil {
			d.note(ctx, "cancelled: the snapshot "+d.result.Snapshot.Name+" stays until its time is over")
			return nil, err
		}
		if !d.rollback {
			break
		}
		if err := d.takeBack(ctx); err == nil {
			return &d.result, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	if err := d.dropSnapshot(ctx, contract.DropSnapshotInput{ID: d.order.ID}); err != nil {
		return nil, named("drop the snapshot", err)
	}
	d.at(ctx, DedupKept, "done; the snapshot is gone")
	if d.unverified != "" {
		return nil, temporal.NewNonRetryableApplicationError("the excess rows are removed, but "+d.unverified, contract.ErrDedupUnverified, nil, &d.result)
	}
	return &d.result, nil
}

// takeBack does the rollback. The run goes on when it is refused.
func (d *dedup) takeBack(ctx workflow.Context) error {
	state := d.result.State
	d.at(ctx, state, "putting the rows back")
	in := WriteInput{DedupRollback: &contract.RollbackDedupInput{ID: d.result.ID}}
	written, err := write(ctx, d.settings, in, func(waiting string) { d.at(ctx, state, waiting) })
	d.rollback, d.rollbackErr = false, named("roll back", err)
	if err != nil {
		_, what := reason(err)
		d.note(ctx, "not taken back: "+what)
		return d.rollbackErr
	}
	d.result.Rollback, d.unverified = written.DedupRollback, ""
	d.at(ctx, DedupRolledBack, "done: the rows are back as they were")
	return d.dropSnapshot(ctx, contract.DropSnapshotInput{ID: d.result.ID})
}

func (d *dedup) dropSnapshot(ctx workflow.Context, in contract.DropSnapshotInput) error {
	ctx = d.settings.writing(ctx, "drop the snapshot")
	return workflow.ExecuteActivity(ctx, contract.DropSnapshot, in).Get(ctx, nil)
}
