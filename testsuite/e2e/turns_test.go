package e2e

import (
	"slices"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
)

// span is when something ran.
type span struct {
	from, to time.Time
	what     string
}

// writersTookTurns checks that no two writers of tracks ever ran at a time, neither
// their runs nor the activities in them, and returns how many merges there were.
//
// A run is taken to begin with its first workflow task: the server stamps its start before
// it waits for the workflow id, which the run before may still have.
func (l *lab) writersTookTurns() int {
	l.t.Helper()
	runs, err := l.Executions(l.ctx, harness.Writer)
	require.NoError(l.t, err)
	var writers, activities []span
	merges := 0
	for _, run := range runs {
		id := run.GetExecution().GetRunId()
		writer := span{to: run.GetCloseTime().AsTime(), what: "run " + id}
		events, err := l.History(l.ctx, harness.Writer, id)
		require.NoError(l.t, err)
		started, name := make(map[int64]time.Time), make(map[int64]string)
		for _, event := range events {
			switch event.GetEventType() {
			case enums.EVENT_TYPE_WORKFLOW_TASK_STARTED:
				if writer.from.IsZero() {
					writer.from = event.GetEventTime().AsTime()
				}
			case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
				name[event.GetEventId()] = event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName()
			case enums.EVENT_TYPE_ACTIVITY_TASK_STARTED:
				started[event.GetEventId()] = event.GetEventTime().AsTime()
			case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
				done := event.GetActivityTaskCompletedEventAttributes()
				what := name[done.GetScheduledEventId()]
				if what == contract.MergeWindow {
					merges++
				}
				activities = append(activities, span{started[done.GetStartedEventId()], event.GetEventTime().AsTime(), what + " of " + id})
			}
		}
		if !writer.from.IsZero() { // else it was ended before it did anything
			writers = append(writers, writer)
		}
	}
	require.NotEmpty(l.t, writers)
	l.disjoint(writers)
	l.disjoint(activities)
	return merges
}

// disjoint checks that spans, in the order of their beginning, do not overlap.
func (l *lab) disjoint(spans []span) {
	l.t.Helper()
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	for i := 1; i < len(spans); i++ {
		assert.False(l.t, spans[i].from.Before(spans[i-1].to), "%s and %s overlap", spans[i-1].what, spans[i].what)
	}
}
