package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"
)

// The updates DedupTracks takes.
const (
	ApproveUpdate  = "approve"
	RejectUpdate   = "reject"
	RollbackUpdate = "rollback"
	ReleaseUpdate  = "release"
)

// listen answers the updates.
func (d *dedup) listen(ctx workflow.Context) error {
	for _, listen := range []func(workflow.Context) error{d.listenForApproval, d.listenForReject, d.listenForRollback, d.listenForRelease} {
		if err := listen(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *dedup) listenForApproval(ctx workflow.Context) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, ApproveUpdate,
		func(_ workflow.Context, approval Approval) (string, error) {
			d.approved = true
			return fmt.Sprintf("%d rows are removed", approval.Excess), nil
		},
		workflow.UpdateHandlerOptions{
			Description: `Do what is planned. Repeats the number of rows to remove: {"excess": 1234}`,
			Validator: func(approval Approval) error {
				if err := d.undecided(); err != nil {
					return err
				}
				if planned := d.result.Plan.Excess.Total(); approval.Excess != planned {
					return invalidInput(`excess %d is not what is planned; look at the plan, and repeat its number: {"excess": %d}`, approval.Excess, planned)
				}
				return nil
			},
		})
}

func (d *dedup) listenForReject(ctx workflow.Context) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, RejectUpdate,
		func(_ workflow.Context, because Because) (string, error) {
			d.rejected = because.Reason
			return "rejected, nothing was changed", nil
		},
		workflow.UpdateHandlerOptions{
			Description: `End the run without doing what is planned. {"reason": "why"}`,
			Validator: func(because Because) error {
				if because.Reason == "" {
					return invalidInput(`say why: {"reason": "…"}`)
				}
				return d.undecided()
			},
		})
}

// undecided refuses decisions when there is nothing to decide.
func (d *dedup) undecided() error {
	if d.result.State != DedupPlanned || d.approved || d.rejected != "" {
		return invalidInput("there is no plan that waits for its approval; it is %s: %s", d.result.State, d.result.Step)
	}
	return nil
}

func (d *dedup) listenForRollback(ctx workflow.Context) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, RollbackUpdate,
		func(ctx workflow.Context, because Because) (string, error) {
			d.rollback = true
			d.note(ctx, "to be taken back: "+because.Reason)
			if err := workflow.Await(ctx, func() bool { return !d.rollback }); err != nil {
				return "", err
			}
			if d.rollbackErr != nil {
				return "", d.rollbackErr
			}
			return fmt.Sprintf("%d rows are back, %s has %d", d.result.Rollback.Restored, d.settings.Table, d.result.Rollback.Rows), nil
		},
		workflow.UpdateHandlerOptions{
			Description: `Put the rows back as the snapshot has them. {"reason": "why"}`,
			Validator:   d.holding,
		})
}

func (d *dedup) listenForRelease(ctx workflow.Context) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, ReleaseUpdate,
		func(ctx workflow.Context, because Because) (string, error) {
			d.release = true
			d.note(ctx, "snapshot released: "+because.Reason)
			return "the snapshot is dropped, the dedup stays", nil
		},
		workflow.UpdateHandlerOptions{
			Description: `Drop the snapshot now and end the run; the dedup can then not be taken back. {"reason": "why"}`,
			Validator:   d.holding,
		})
}

// holding refuses what is only possible once the dedup is done.
func (d *dedup) holding(because Because) error {
	if because.Reason == "" {
		return invalidInput(`say why: {"reason": "…"}`)
	}
	if d.result.State != DedupApplied || d.rollback || d.release {
		return invalidInput("there is no dedup to take back or to release; it is %s: %s", d.result.State, d.result.Step)
	}
	return nil
}
