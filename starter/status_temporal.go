package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// running is a run at work.
type running struct {
	ID    string    `json:"id"`
	RunID string    `json:"runId"`
	Type  string    `json:"type"`
	Since time.Time `json:"since"`
	// Step is what it says that it is doing; empty when no worker answers.
	Step string `json:"step,omitempty"`
	// Held is why what it tries did not succeed yet: the export is not complete, or a
	// fault that is tried again.
	Held string `json:"held,omitempty"`
	// Waits is set while it waits for its turn to write.
	Waits bool `json:"waits,omitempty"`
}

// schedule is a schedule and what it has left out.
type schedule struct {
	ID     string `json:"id"`
	Paused bool   `json:"paused"`
	Note   string `json:"note,omitempty"`
	// Next is when it starts a run again.
	Next    time.Time `json:"next,omitzero"`
	Started int       `json:"started"`
	// Missed runs were due while Temporal was away for longer than the catch-up;
	// skipped ones because another was running.
	Missed  int `json:"missed"`
	Skipped int `json:"skipped"`
}

// asked is how many runs are asked where they stand, and answer how long one may
// take for it.
const (
	asked  = 20
	answer = 3 * time.Second
)

func (f *standing) askTemporal(ctx context.Context, s *starter, settings config.Config) error {
	server, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	if err := f.findWorkers(ctx, server, settings); err != nil {
		return err
	}
	if err := f.findRuns(ctx, server, settings); err != nil {
		return err
	}
	return f.findSchedules(ctx, server)
}

// findWorkers counts who polls the task queues.
func (f *standing) findWorkers(ctx context.Context, server client.Client, settings config.Config) error {
	for _, queue := range []string{settings.TaskQueue, contract.LoadQueue(settings.TaskQueue)} {
		kind := enums.TASK_QUEUE_TYPE_ACTIVITY
		found, err := server.DescribeTaskQueue(ctx, queue, kind)
		if err != nil {
			return fmt.Errorf("look at task queue %s: %w", queue, err)
		}
		f.Workers[queue] = polling(found.GetPollers(), time.Now())
	}
	return nil
}

// pollEvery is how long a poll lasts at most, with time to ask again. Temporal names
// workers for five minutes after their last poll, which hides that one has gone.
const pollEvery = 90 * time.Second

// polling counts the workers that have polled just now.
func polling(pollers []*taskqueue.PollerInfo, now time.Time) int {
	workers := make(map[string]bool)
	for _, poller := range pollers {
		if now.Sub(poller.GetLastAccessTime().AsTime()) < pollEvery {
			workers[poller.GetIdentity()] = true
		}
	}
	return len(workers)
}

func (f *standing) findRuns(ctx context.Context, server client.Client, settings config.Config) error {
	found, err := listRuns(ctx, server, atWorkOn(settings.TaskQueue))
	if err != nil {
		return err
	}
	for i, info := range found {
		r := running{
			ID: info.GetExecution().GetWorkflowId(), RunID: info.GetExecution().GetRunId(),
			Type: info.GetType().GetName(), Since: info.GetStartTime().AsTime(),
		}
		if i < asked && f.Workers[settings.TaskQueue] > 0 {
			r.Step = stepOf(ctx, server, r.ID, r.RunID)
			r.Waits = strings.HasPrefix(r.Step, workflows.WaitingForTurn)
		}
		if i < asked {
			r.Held = heldBy(ctx, server, r.ID, r.RunID)
		}
		f.Running = append(f.Running, r)
	}
	return nil
}

// atWorkOn asks Temporal for the runs at work on a task queue.
func atWorkOn(queue string) string {
	return fmt.Sprintf("ExecutionStatus = 'Running' AND TaskQueue = '%s'", queue)
}

// listRuns are the runs that a query of Temporal's list of runs finds.
func listRuns(ctx context.Context, server client.Client, query string) ([]*workflow.WorkflowExecutionInfo, error) {
	request := &workflowservice.ListWorkflowExecutionsRequest{Query: query}
	var runs []*workflow.WorkflowExecutionInfo
	for {
		page, err := server.ListWorkflow(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("list runs: %w", err)
		}
		runs = append(runs, page.GetExecutions()...)
		if request.NextPageToken = page.GetNextPageToken(); len(request.GetNextPageToken()) == 0 {
			return runs, nil
		}
	}
}

// stepOf is what a run says that it is doing, "" when it does not say.
func stepOf(ctx context.Context, server client.Client, id, runID string) string {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	said, err := server.QueryWorkflow(ctx, id, runID, workflows.ProgressQuery)
	if err != nil {
		return ""
	}
	var progress struct {
		Step string `json:"step"`
	}
	if err := said.Get(&progress); err != nil {
		return ""
	}
	return progress.Step
}

// heldBy is what the last try of a run's activities ended with, "" when none is
// tried again.
func heldBy(ctx context.Context, server client.Client, id, runID string) string {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	found, err := server.DescribeWorkflowExecution(ctx, id, runID)
	if err != nil {
		return ""
	}
	for _, pending := range found.GetPendingActivities() {
		if failure := pending.GetLastFailure(); failure != nil {
			return fmt.Sprintf("%s, try %d: %s", pending.GetActivityType().GetName(), pending.GetAttempt()-1, failure.GetMessage())
		}
	}
	return ""
}

func (f *standing) findSchedules(ctx context.Context, server client.Client) error {
	list, err := server.ScheduleClient().List(ctx, client.ScheduleListOptions{})
	if err != nil {
		return fmt.Errorf("list schedules: %w", err)
	}
	for list.HasNext() {
		entry, err := list.Next()
		if err != nil {
			return fmt.Errorf("list schedules: %w", err)
		}
		if !strings.HasPrefix(entry.ID, scheduleID("")) {
			continue
		}
		about, err := server.ScheduleClient().GetHandle(ctx, entry.ID).Describe(ctx)
		if err != nil {
			return fmt.Errorf("look at schedule %s: %w", entry.ID, err)
		}
		one := schedule{
			ID: entry.ID, Paused: about.Schedule.State.Paused, Note: about.Schedule.State.Note,
			Started: about.Info.NumActions, Missed: about.Info.NumActionsMissedCatchupWindow,
			Skipped: about.Info.NumActionsSkippedOverlap,
		}
		if len(about.Info.NextActionTimes) > 0 && !one.Paused {
			one.Next = about.Info.NextActionTimes[0].UTC()
		}
		f.Schedules = append(f.Schedules, one)
	}
	return nil
}
