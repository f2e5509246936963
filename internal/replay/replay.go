// Package replay runs recorded histories through the workflow code of this build.
// A history that the code would not have written, command by command, belongs to a
// run that this build would break.
package replay

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// Replayer replays histories of the pipeline's workflows.
type Replayer struct {
	replayer worker.WorkflowReplayer
	// known are the types of workflows that this build has.
	known map[string]bool
}

// New makes a replayer. Its settings are nobody's: a run has its own in its history.
func New(options worker.WorkflowReplayerOptions) (*Replayer, error) {
	replayer, err := worker.NewWorkflowReplayerWithOptions(options)
	if err != nil {
		return nil, fmt.Errorf("make replayer: %w", err)
	}
	r := &Replayer{replayer: replayer, known: make(map[string]bool)}
	(&workflows.Workflows{}).Register(r)
	return r, nil
}

// RegisterWorkflowWithOptions makes a workflow known.
func (r *Replayer) RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions) {
	r.known[options.Name] = true
	r.replayer.RegisterWorkflowWithOptions(w, options)
}

// History replays one run, finished or not. The error says where the code and the
// history part.
func (r *Replayer) History(events *history.History) error {
	begin, err := Beginning(events)
	if err != nil {
		return err
	}
	if name := begin.GetWorkflowType().GetName(); !r.known[name] {
		return fmt.Errorf("there is no workflow %s", name)
	}
	decided := decided(events.GetEvents())
	if decided == nil {
		return nil
	}
	quiet := log.NewStructuredLogger(slog.New(slog.DiscardHandler))
	return r.replayer.ReplayWorkflowHistoryWithOptions(quiet, &history.History{Events: decided}, worker.ReplayWorkflowHistoryOptions{
		OriginalExecution: workflow.Execution{ID: begin.GetWorkflowId(), RunID: begin.GetOriginalExecutionRunId()},
	})
}

// decided are the events up to the last ones that the run's code has caused. What
// came after them, such as a cancellation nobody has seen yet, is still to be
// answered, and an answer is no deviation. It is nil for a run no worker had yet.
func decided(events []*history.HistoryEvent) []*history.HistoryEvent {
	for last, event := range slices.Backward(events) {
		if event.GetEventType() != enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			continue
		}
		end := last + 1
		for end < len(events) && Caused(events[end]) {
			end++
		}
		return events[:end]
	}
	return nil
}

// Caused reports whether an event was written because the code said so.
func Caused(event *history.HistoryEvent) bool {
	switch event.GetEventType() {
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
		return true
	default:
	}
	whole := event.ProtoReflect()
	attributes := whole.WhichOneof(whole.Descriptor().Oneofs().ByName("attributes"))
	if attributes == nil {
		return false
	}
	field := attributes.Message().Fields().ByName("workflow_task_completed_event_id")
	return field != nil && whole.Get(attributes).Message().Get(field).Int() > 0
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
