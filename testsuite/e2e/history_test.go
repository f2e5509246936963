package e2e

import (
	"slices"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
)

// attempt is how often an activity of a run was begun, and when it was done.
type attempt struct {
	activity string
	count    int32
	done     time.Time
}

// attempts are the finished activities of a run, in the order of their end.
func (l *lab) attempts(run client.WorkflowRun) []attempt {
	l.t.Helper()
	events, err := l.History(l.ctx, run.GetID(), run.GetRunID())
	require.NoError(l.t, err)
	byID := make(map[int64]*history.HistoryEvent, len(events))
	var all []attempt
	for _, event := range events {
		byID[event.GetEventId()] = event
		var scheduled, started int64
		switch event.GetEventType() {
		case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
			done := event.GetActivityTaskCompletedEventAttributes()
			scheduled, started = done.GetScheduledEventId(), done.GetStartedEventId()
		case enums.EVENT_TYPE_ACTIVITY_TASK_FAILED:
			done := event.GetActivityTaskFailedEventAttributes()
			scheduled, started = done.GetScheduledEventId(), done.GetStartedEventId()
		default:
			continue
		}
		all = append(all, attempt{
			activity: byID[scheduled].GetActivityTaskScheduledEventAttributes().GetActivityType().GetName(),
			count:    byID[started].GetActivityTaskStartedEventAttributes().GetAttempt(),
			done:     event.GetEventTime().AsTime(),
		})
	}
	return all
}

// attempted is how often the activity was begun before its last end in the run.
func (l *lab) attempted(run client.WorkflowRun, activity string) attempt {
	l.t.Helper()
	all := l.attempts(run)
	slices.Reverse(all)
	at := slices.IndexFunc(all, func(a attempt) bool { return a.activity == activity })
	require.GreaterOrEqual(l.t, at, 0, "%s never ended", activity)
	return all[at]
}

// failing is the type of the error that the run's activity last failed with while it
// is retried, "" when there is none.
func (l *lab) failing(workflowID, activity string) string {
	for _, pending := range l.Pending(l.ctx, workflowID) {
		if pending.GetActivityType().GetName() == activity {
			return pending.GetLastFailure().GetApplicationFailureInfo().GetType()
		}
	}
	return ""
}
