// Package replay runs recorded histories through the workflow code of this build.
// A history that the code would not have written, command by command, belongs to a
// run that this build would break.
package replay

import (
	"errors"
	"fmt"
	"log/slog"

	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// Replayer replays histories of the pipeline's workflows.
type Replayer struct{ replayer worker.WorkflowReplayer }

// New makes a replayer. Its settings are nobody's: a run has its own in its history.
func New(options worker.WorkflowReplayerOptions) (*Replayer, error) {
	replayer, err := worker.NewWorkflowReplayerWithOptions(options)
	if err != nil {
		return nil, fmt.Errorf("make replayer: %w", err)
	}
	(&workflows.Workflows{}).Register(replayer)
	return &Replayer{replayer: replayer}, nil
}

// History replays one run, finished or not. The error says where the code and the
// history part.
func (r *Replayer) History(events *history.History) error {
	begin, err := Beginning(events)
	if err != nil {
		return err
	}
	quiet := log.NewStructuredLogger(slog.New(slog.DiscardHandler))
	return r.replayer.ReplayWorkflowHistoryWithOptions(quiet, events, worker.ReplayWorkflowHistoryOptions{
		OriginalExecution: workflow.Execution{ID: begin.GetWorkflowId(), RunID: begin.GetOriginalExecutionRunId()},
	})
}

// Beginning is the first event of a history: whose it is, and how it was started.
func Beginning(events *history.History) (*history.WorkflowExecutionStartedEventAttributes, error) {
	if len(events.GetEvents()) == 0 {
		return nil, errors.New("the history is empty")
	}
	begin := events.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
	if begin == nil {
		return nil, fmt.Errorf("the history begins with %s", events.GetEvents()[0].GetEventType())
	}
	return begin, nil
}
