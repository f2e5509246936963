package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// WriteInput is one write to the consumer table: exactly one field is set.
type WriteInput struct {
	// Merge merges one load of a window.
	Merge *contract.MergeWindowInput `json:"merge,omitempty"`
}

// UnmarshalJSON refuses fields that do not exist.
func (in *WriteInput) UnmarshalJSON(text []byte) error {
	type plain WriteInput
	return strictly(text, (*plain)(in))
}

// what says in words what is written.
func (in WriteInput) what() string {
	if in.Merge == nil {
		return "nothing"
	}
	return "merge of window " + in.Merge.Window.String()
}

// WriteResult is what a write did.
type WriteResult struct {
	Merge *ledger.Merge `json:"merge,omitempty"`
}

// writeTracks does one write. It always runs under the id of its table
// (WriterID), and Temporal runs an id once at a time: to be running is to hold the
// lock, and to end, however it ends, is to free it.
func (w *Workflows) writeTracks(ctx workflow.Context, in WriteInput) (*WriteResult, error) {
	settings, err := w.pin(ctx)
	if err != nil {
		return nil, err
	}
	if in.Merge == nil || in.Merge.Window.IsZero() || in.Merge.LoadID == "" {
		return nil, invalidInput("WriteTracks is started by other workflows; to load and merge an hour, start HourlyTracks")
	}
	if id := workflow.GetInfo(ctx).WorkflowExecution.ID; id != WriterID(settings.Table) {
		return nil, invalidInput("WriteTracks runs only under the workflow id %q, which keeps writers apart; this is %q", WriterID(settings.Table), id)
	}
	workflow.SetCurrentDetails(ctx, "**"+in.what()+"**")
	result := &WriteResult{Merge: &ledger.Merge{}}
	ctx = settings.writing(ctx, in.what())
	if err := workflow.ExecuteActivity(ctx, contract.MergeWindow, *in.Merge).Get(ctx, result.Merge); err != nil {
		return nil, named(in.what(), err)
	}
	return result, nil
}

// write runs WriteTracks when it is this run's turn; waiting is told what for.
//
// The child is asked to stop when its parent ends and is waited for until it has:
// the warehouse may still be at work when the parent no longer is.
func write(ctx workflow.Context, settings Settings, in WriteInput, waiting func(string)) (WriteResult, error) {
	options := workflow.ChildWorkflowOptions{
		WorkflowID:            WriterID(settings.Table),
		TaskQueue:             settings.TaskQueue,
		WaitForCancellation:   true,
		ParentClosePolicy:     parentCloseRequestCancel,
		WorkflowIDReusePolicy: reuseAllow,
		StaticSummary:         in.what(),
	}
	turn := turnTaking{settings: settings, pause: settings.WritePoll}
	for {
		var result WriteResult
		child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, options), WriteTracks, in)
		err := child.Get(ctx, &result)
		if !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			return result, err
		}
		waiting("waiting for the turn to write " + settings.Table)
		if err := turn.wait(ctx); err != nil {
			return WriteResult{}, err
		}
	}
}
