package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// None of the policies gives up on a passing fault: an outage of any length ends
// with the work done. What no retry can mend is typed non-retryable by the
// activity. How long an export is waited for is the activity's own judgement, by
// the bucket's clock, so that the hours a worker was down do not count.

// awaiting is for AwaitExport, whose every look is an attempt.
func (s Settings) awaiting(ctx workflow.Context, summary string) workflow.Context {
	options := s.activity(summary)
	options.StartToCloseTimeout = 10 * time.Minute
	options.RetryPolicy.MaximumInterval = max(s.Poll, time.Second)
	return workflow.WithActivityOptions(ctx, options)
}

// loading is for StageObject, which has a task queue of its own.
func (s Settings) loading(ctx workflow.Context, summary string) workflow.Context {
	options := s.activity(summary)
	options.TaskQueue = s.LoadQueue
	return workflow.WithActivityOptions(ctx, options)
}

// writing is for what changes tables. A cancelled run waits until the warehouse
// has stopped, so that the lock is never free while a statement still runs.
func (s Settings) writing(ctx workflow.Context, summary string) workflow.Context {
	options := s.activity(summary)
	options.WaitForCancellation = true
	return workflow.WithActivityOptions(ctx, options)
}

// reading is for what only looks.
func (s Settings) reading(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, s.activity(summary))
}

// glancing is for what is good to know and not needed: it is soon given up. It is
// local, one event of the history instead of six, because runs that wait look often.
func (s Settings) glancing(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: 10 * time.Second, Summary: summary,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, MaximumAttempts: 3},
	})
}

// lastWords is for what a run still has to say when it has failed: it may not
// keep the run from ending.
func (s Settings) lastWords(ctx workflow.Context, summary string) workflow.Context {
	options := s.activity(summary)
	options.ScheduleToCloseTimeout = 10 * time.Minute
	return workflow.WithActivityOptions(ctx, options)
}

func (s Settings) activity(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		StartToCloseTimeout: 6 * time.Hour,
		HeartbeatTimeout:    s.Heartbeat,
		Summary:             summary,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute,
		},
	}
}
