package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func hourlyDeclared() client.Schedule {
	settings := config.Config{TaskQueue: "q", Schedules: config.Schedules{Hourly: true, CatchUp: 168 * time.Hour}}
	declared := declaredSchedules(settings)
	return wantedSchedule(&declared[0])
}

// as is the schedule as a server describes it: input encoded, workflow by name.
func as(t *testing.T, s client.Schedule, change func(*client.Schedule, *client.ScheduleWorkflowAction)) []fact {
	t.Helper()
	action := *s.Action.(*client.ScheduleWorkflowAction)
	payload, err := converter.GetDefaultDataConverter().ToPayload(workflows.HourlyInput{})
	require.NoError(t, err)
	action.Args = []any{payload}
	policy, spec := *s.Policy, *s.Spec
	s.Action, s.Policy, s.Spec = &action, &policy, &spec
	change(&s, &action)
	facts, err := scheduleFacts(converter.GetDefaultDataConverter(), s)
	require.NoError(t, err)
	return facts
}

// Whatever somebody changed on the server shows as a difference, in one field.
func TestEveryDriftIsADifference(t *testing.T) {
	t.Parallel()
	wanted, err := scheduleFacts(converter.GetDefaultDataConverter(), hourlyDeclared())
	require.NoError(t, err)
	require.Equal(t, wanted, as(t, hourlyDeclared(), func(*client.Schedule, *client.ScheduleWorkflowAction) {}), "nothing changed")
	for name, c := range map[string]struct {
		change func(*client.Schedule, *client.ScheduleWorkflowAction)
		field  string
	}{
		"interval": {func(s *client.Schedule, _ *client.ScheduleWorkflowAction) {
			s.Spec.Intervals = []client.ScheduleIntervalSpec{{Every: 2 * time.Hour}}
		}, "starts"},
		"offset": {func(s *client.Schedule, _ *client.ScheduleWorkflowAction) {
			s.Spec.Intervals = []client.ScheduleIntervalSpec{{Every: time.Hour, Offset: time.Minute}}
		}, "starts"},
		"jitter": {func(s *client.Schedule, _ *client.ScheduleWorkflowAction) { s.Spec.Jitter = time.Second }, "starts"},
		"end":    {func(s *client.Schedule, _ *client.ScheduleWorkflowAction) { s.Spec.EndAt = time.Unix(1, 0) }, "starts"},
		"skip": {func(s *client.Schedule, _ *client.ScheduleWorkflowAction) {
			s.Spec.Skip = []client.ScheduleCalendarSpec{{Hour: []client.ScheduleRange{{Start: 3}}}}
		}, "starts"},
		"calendar": {func(s *client.Schedule, _ *client.ScheduleWorkflowAction) {
			s.Spec.Calendars = []client.ScheduleCalendarSpec{{}}
		}, "starts"},
		"zone": {func(s *client.Schedule, _ *client.ScheduleWorkflowAction) { s.Spec.TimeZoneName = "Europe/Berlin" }, "starts"},
		"overlap": {func(s *client.Schedule, _ *client.ScheduleWorkflowAction) {
			s.Policy.Overlap = enums.SCHEDULE_OVERLAP_POLICY_SKIP
		}, "overlap"},
		"catch up":    {func(s *client.Schedule, _ *client.ScheduleWorkflowAction) { s.Policy.CatchupWindow = time.Minute }, "catch up"},
		"pause":       {func(s *client.Schedule, _ *client.ScheduleWorkflowAction) { s.Policy.PauseOnFailure = true }, "pause on failure"},
		"workflow":    {func(_ *client.Schedule, a *client.ScheduleWorkflowAction) { a.Workflow = "Other" }, "workflow"},
		"workflow id": {func(_ *client.Schedule, a *client.ScheduleWorkflowAction) { a.ID = "other" }, "workflow id"},
		"task queue":  {func(_ *client.Schedule, a *client.ScheduleWorkflowAction) { a.TaskQueue = "other" }, "task queue"},
		"input": {func(_ *client.Schedule, a *client.ScheduleWorkflowAction) {
			a.Args = []any{map[string]string{"whenMissing": "empty"}}
		}, "input"},
		"summary":        {func(_ *client.Schedule, a *client.ScheduleWorkflowAction) { a.StaticSummary = "" }, "summary"},
		"run timeout":    {func(_ *client.Schedule, a *client.ScheduleWorkflowAction) { a.WorkflowRunTimeout = time.Hour }, "timeouts"},
		"retries of run": {func(_ *client.Schedule, a *client.ScheduleWorkflowAction) { a.RetryPolicy = &temporal.RetryPolicy{} }, "timeouts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var changed []string
			for i, is := range as(t, hourlyDeclared(), c.change) {
				if is != wanted[i] {
					changed = append(changed, is.field)
				}
			}
			assert.Equal(t, []string{c.field}, changed)
		})
	}
}

func TestStartsReadWell(t *testing.T) {
	t.Parallel()
	at := func(hour, minute int) client.ScheduleCalendarSpec {
		return client.ScheduleCalendarSpec{
			Hour: []client.ScheduleRange{{Start: hour}}, Minute: []client.ScheduleRange{{Start: minute, End: minute, Step: 1}},
			DayOfWeek: []client.ScheduleRange{{Start: 0, End: 6, Step: 1}},
		}
	}
	assert.Equal(t, "06:00; 18:30", startsText(&client.ScheduleSpec{Calendars: []client.ScheduleCalendarSpec{at(6, 0), at(18, 30)}, TimeZoneName: "UTC"}))
	monday := at(6, 0)
	monday.DayOfWeek = []client.ScheduleRange{{Start: 1}}
	assert.Equal(t, "hours 6, minutes 0, seconds 0, days 1-31, months 1-12, years , weekdays 1", calendarText(monday))
	assert.Equal(t, "every 1h0m0s, 10m0s later; up to 5s late",
		startsText(&client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour, Offset: 10 * time.Minute}}, Jitter: 5 * time.Second}))
}
