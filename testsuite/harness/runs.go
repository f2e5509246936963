package harness

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Schedule is the id of the hourly schedule.
const Schedule = "posthog-tracks-hourly"

// Writer is the workflow id under which the consumer table is written.
const Writer = "write:posthog.tracks"

// RunID is the workflow id of an hour's runs.
func RunID(w window.Window) string { return "hourly-" + w.End().Format(time.RFC3339) }

// Backfill makes the schedule run past hours, as on-call does in the UI.
func (r *Rig) Backfill(ctx context.Context, hours []window.Window, overlap enums.ScheduleOverlapPolicy) error {
	err := r.Temporal.ScheduleClient().GetHandle(ctx, Schedule).Backfill(ctx, client.ScheduleBackfillOptions{
		Backfill: []client.ScheduleBackfill{{
			Start: hours[0].End(), End: hours[len(hours)-1].End(), Overlap: overlap,
		}},
	})
	if err != nil {
		return fmt.Errorf("backfill schedule %s: %w", Schedule, err)
	}
	return nil
}

// Run is a finished run of an hour.
type Run struct {
	Window window.Window
	Status enums.WorkflowExecutionStatus
	Took   time.Duration
	// Events is the length of its history.
	Events int64
}

// Await waits until the newest run of an hour, which may yet have to start, has ended.
func (r *Rig) Await(ctx context.Context, w window.Window) (Run, error) {
	for {
		answer, err := r.Temporal.DescribeWorkflowExecution(ctx, RunID(w), "")
		info := answer.GetWorkflowExecutionInfo()
		if err == nil && info.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
			return Run{
				Window: w, Status: info.GetStatus(), Events: info.GetHistoryLength(),
				Took: info.GetCloseTime().AsTime().Sub(info.GetStartTime().AsTime()),
			}, nil
		}
		select {
		case <-ctx.Done():
			return Run{}, fmt.Errorf("wait for hour %s: %w", w, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Executions are all runs of a workflow id, or of all ids when it is empty, oldest first.
func (r *Rig) Executions(ctx context.Context, workflowID string) ([]*workflowpb.WorkflowExecutionInfo, error) {
	request := &workflowservice.ListWorkflowExecutionsRequest{}
	if workflowID != "" {
		request.Query = fmt.Sprintf("WorkflowId = %q", workflowID)
	}
	var runs []*workflowpb.WorkflowExecutionInfo
	for {
		answer, err := r.Temporal.ListWorkflow(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("list runs: %w", err)
		}
		for _, run := range answer.GetExecutions() {
			runs = append([]*workflowpb.WorkflowExecutionInfo{run}, runs...)
		}
		if request.NextPageToken = answer.GetNextPageToken(); len(request.GetNextPageToken()) == 0 {
			return runs, nil
		}
	}
}

// History is all that happened in a run; an empty run id means the newest one.
func (r *Rig) History(ctx context.Context, workflowID, runID string) ([]*history.HistoryEvent, error) {
	var events []*history.HistoryEvent
	pages := r.Temporal.GetWorkflowHistory(ctx, workflowID, runID, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for pages.HasNext() {
		event, err := pages.Next()
		if err != nil {
			return nil, fmt.Errorf("read history of %s: %w", workflowID, err)
		}
		events = append(events, event)
	}
	return events, nil
}

// Pending are the activities of a workflow's newest run that are not done yet. A
// run that is over, or never began, has none.
func (r *Rig) Pending(ctx context.Context, workflowID string) []*workflowpb.PendingActivityInfo {
	answer, err := r.Temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	if err != nil {
		return nil
	}
	return answer.GetPendingActivities()
}
