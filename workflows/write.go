package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/keys"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// WaitingForTurn begins what a run says that it is doing while another one writes.
const WaitingForTurn = "waiting for the turn to write"

// WriteInput is one write to the consumer table: exactly one field is set.
type WriteInput struct {
	// Merge merges one load of a window.
	Merge *contract.MergeWindowInput `json:"merge,omitempty"`
	// Dedup removes excess rows, DedupRollback puts them back.
	Dedup         *ledger.DedupOrder           `json:"dedup,omitempty"`
	DedupRollback *contract.RollbackDedupInput `json:"dedupRollback,omitempty"`
	// Keys builds tracks_keys anew.
	Keys *contract.RebuildKeysInput `json:"keys,omitempty"`
	// Backfill takes one day of the legacy history in.
	Backfill *ledger.BackfillDay `json:"backfill,omitempty"`
}

// WriteResult is what a write did, under the name its input has.
type WriteResult struct {
	Merge         *ledger.Merge         `json:"merge,omitempty"`
	Dedup         *DedupWritten         `json:"dedup,omitempty"`
	DedupRollback *ledger.DedupRollback `json:"dedupRollback,omitempty"`
	Keys          *keys.Rebuilt         `json:"keys,omitempty"`
	Backfill      *ledger.Backfilled    `json:"backfill,omitempty"`
	// Cost is that of the load that was merged; nil where nothing is billed.
	Cost *ledger.Cost `json:"cost,omitempty"`
}

// kinds are the writes that the input asks for. A new kind of write is a field
// above, a line here, and a file that says what it does.
func (in WriteInput) kinds() []writeKind {
	var kinds []writeKind
	if in.Merge != nil {
		kinds = append(kinds, mergeWrite{*in.Merge})
	}
	if in.Dedup != nil {
		kinds = append(kinds, dedupWrite{*in.Dedup})
	}
	if in.DedupRollback != nil {
		kinds = append(kinds, dedupRollbackWrite{*in.DedupRollback})
	}
	if in.Keys != nil {
		kinds = append(kinds, keysWrite{*in.Keys})
	}
	if in.Backfill != nil {
		kinds = append(kinds, backfillWrite{*in.Backfill})
	}
	return kinds
}

// writeKind is one kind of write to the consumer table.
type writeKind interface {
	// what says in words what is written.
	what() string
	// complete reports whether the input says all that is needed.
	complete() bool
	// run does the write, in one activity (w.do) or in several, and sets its field
	// of w.result.
	run(ctx workflow.Context, w *writing) error
}

// UnmarshalJSON refuses fields that do not exist.
func (in *WriteInput) UnmarshalJSON(text []byte) error {
	type plain WriteInput
	return strictly(text, (*plain)(in))
}

// kind is the write that is asked for, nil unless it is exactly one and complete.
func (in WriteInput) kind() writeKind {
	if kinds := in.kinds(); len(kinds) == 1 && kinds[0].complete() {
		return kinds[0]
	}
	return nil
}

// writeTracks does one write. It always runs under the id of its table
// (WriterID), and Temporal runs an id once at a time: to be running is to hold the
// lock, and to end, however it ends, is to free it.
func (w *Workflows) writeTracks(ctx workflow.Context, in WriteInput) (*WriteResult, error) {
	run := &writing{}
	if err := run.setup(ctx, w, in); err != nil {
		return nil, err
	}
	return run.run(ctx)
}

// write runs WriteTracks when it is this run's turn; waiting is told what for.
//
// The child is asked to stop when its parent ends and is waited for until it has:
// the warehouse may still be at work when the parent no longer is.
func write(ctx workflow.Context, settings Settings, in WriteInput, waiting func(string)) (WriteResult, error) {
	kind := in.kind()
	if kind == nil {
		return WriteResult{}, invalidInput("a write is of exactly one kind, with all that it needs")
	}
	options := workflow.ChildWorkflowOptions{
		WorkflowID:            WriterID(settings.Table),
		TaskQueue:             settings.TaskQueue,
		WaitForCancellation:   true,
		ParentClosePolicy:     parentCloseRequestCancel,
		WorkflowIDReusePolicy: reuseAllow,
		StaticSummary:         kind.what(),
	}
	turn := turnTaking{
		pauses:   pauses{next: settings.WritePoll, longest: settings.WriteMaxPoll},
		settings: settings, since: workflow.Now(ctx),
	}
	for {
		var result WriteResult
		child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, options), WriteTracks, in)
		err := child.Get(ctx, &result)
		if !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			return result, err
		}
		if err := turn.wait(ctx, waiting); err != nil {
			return WriteResult{}, err
		}
	}
}
