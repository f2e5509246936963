package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// fact is one thing about a schedule, as a person reads it. Two schedules that do
// the same have the same facts.
type fact struct{ field, value string }

// scheduleFacts are everything about a schedule but its state, which belongs to
// on-call. payloads reads the input of an action that comes from the server.
func scheduleFacts(payloads converter.DataConverter, s client.Schedule) ([]fact, error) {
	action, ok := s.Action.(*client.ScheduleWorkflowAction)
	if !ok {
		return nil, fmt.Errorf("the schedule's action is a %T and starts no workflow", s.Action)
	}
	input, err := inputText(payloads, action.Args)
	if err != nil {
		return nil, err
	}
	return []fact{
		{"starts", startsText(s.Spec)},
		{"overlap", s.Policy.Overlap.String()},
		{"catch up", s.Policy.CatchupWindow.String()},
		{"pause on failure", strconv.FormatBool(s.Policy.PauseOnFailure)},
		{"workflow", fmt.Sprint(action.Workflow)},
		{"workflow id", action.ID},
		{"task queue", action.TaskQueue},
		{"input", input},
		{"summary", action.StaticSummary},
		{"timeouts", timeoutsText(action)},
	}, nil
}

// wantedSchedule is what options declare, in the form the server describes it in.
func wantedSchedule(options *client.ScheduleOptions) client.Schedule {
	return client.Schedule{
		Spec:   &options.Spec,
		Action: options.Action,
		Policy: &client.SchedulePolicies{
			Overlap: options.Overlap, CatchupWindow: options.CatchupWindow, PauseOnFailure: options.PauseOnFailure,
		},
	}
}

// inputText is the action's arguments as JSON.
func inputText(payloads converter.DataConverter, args []any) (string, error) {
	texts := make([]string, len(args))
	for i, arg := range args {
		payload, encoded := arg.(*common.Payload)
		if !encoded {
			var err error
			if payload, err = payloads.ToPayload(arg); err != nil {
				return "", fmt.Errorf("encode the schedule's input: %w", err)
			}
		}
		texts[i] = payloads.ToString(payload)
	}
	return strings.Join(texts, ", "), nil
}

// startsText says when a schedule starts, in UTC unless it names a zone.
func startsText(spec *client.ScheduleSpec) string {
	var parts []string
	add := func(when bool, format string, args ...any) {
		if when {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	for _, interval := range spec.Intervals {
		add(interval.Offset == 0, "every %v", interval.Every)
		add(interval.Offset != 0, "every %v, %v later", interval.Every, interval.Offset)
	}
	for _, calendar := range spec.Calendars {
		add(true, "%s", calendarText(calendar))
	}
	for _, calendar := range spec.Skip {
		add(true, "but not %s", calendarText(calendar))
	}
	add(spec.Jitter != 0, "up to %v late", spec.Jitter)
	add(!spec.StartAt.IsZero(), "from %s", spec.StartAt.Format(time.RFC3339))
	add(!spec.EndAt.IsZero(), "until %s", spec.EndAt.Format(time.RFC3339))
	add(spec.TimeZoneName != "" && spec.TimeZoneName != "UTC", "in %s", spec.TimeZoneName)
	return strings.Join(parts, "; ")
}

// everyDay are the fields of a calendar that leave no day out.
const everyDay = "seconds 0, days 1-31, months 1-12, years , weekdays 0-6"

// calendarText writes a time of every day as 06:00 and anything else field by field.
func calendarText(c client.ScheduleCalendarSpec) string {
	days := fmt.Sprintf("seconds %s, days %s, months %s, years %s, weekdays %s",
		rangesText(c.Second, "0"), rangesText(c.DayOfMonth, "1-31"), rangesText(c.Month, "1-12"), rangesText(c.Year, ""), rangesText(c.DayOfWeek, "0-6"))
	hours, minutes := rangesText(c.Hour, "0"), rangesText(c.Minute, "0")
	if days == everyDay && len(hours) <= 2 && len(minutes) <= 2 {
		return fmt.Sprintf("%02s:%02s", hours, minutes)
	}
	return fmt.Sprintf("hours %s, minutes %s, %s", hours, minutes, days)
}

// rangesText writes ranges, or what no range at all means.
func rangesText(ranges []client.ScheduleRange, none string) string {
	if len(ranges) == 0 {
		return none
	}
	texts := make([]string, len(ranges))
	for i, r := range ranges {
		texts[i] = strconv.Itoa(r.Start)
		if r.End > r.Start {
			texts[i] = fmt.Sprintf("%d-%d", r.Start, r.End)
		}
		if r.Step > 1 {
			texts[i] += fmt.Sprintf("/%d", r.Step)
		}
	}
	return strings.Join(texts, " ")
}

// timeoutsText names what would end a run from outside, which none of ours has.
func timeoutsText(action *client.ScheduleWorkflowAction) string {
	if action.WorkflowExecutionTimeout == 0 && action.WorkflowRunTimeout == 0 && action.RetryPolicy == nil {
		return "none"
	}
	return fmt.Sprintf("execution %v, run %v, retries %+v", action.WorkflowExecutionTimeout, action.WorkflowRunTimeout, action.RetryPolicy)
}
