package main

import (
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

const (
	// hourlyAction is the action's workflow id; Temporal appends the nominal time.
	hourlyAction = "hourly"
	// hourlyName is the schedule's name on the command line.
	hourlyName = config.HourlySchedule
	// reconcileName is the name of the daily comparison of bucket and ledger.
	reconcileName = config.ReconcileSchedule
	// checkName is the name of the data tests' schedule.
	checkName = config.CheckSchedule
)

// scheduleNames are all schedules this command can make, declared or not.
var scheduleNames = []string{hourlyName, reconcileName, checkName}

// scheduleID is a schedule's id in Temporal.
func scheduleID(name string) string { return config.ScheduleID(name) }

// declaredSchedules are the schedules that the configuration asks for.
func declaredSchedules(settings config.Config) []client.ScheduleOptions {
	var declared []client.ScheduleOptions
	if settings.Schedules.Hourly {
		declared = append(declared, hourlySchedule(settings))
	}
	if settings.Schedules.Reconcile {
		declared = append(declared, reconcileSchedule(settings))
	}
	if settings.Schedules.Check {
		declared = append(declared, checkSchedule(settings))
	}
	return declared
}

// hourlySchedule starts HourlyTracks at every full hour. Hours may overlap: an
// hour that is stuck holds up no other, since the writer lock keeps merges apart
// and their order does not matter. There is no jitter, because the nominal time
// names the hour.
func hourlySchedule(settings config.Config) client.ScheduleOptions {
	return client.ScheduleOptions{
		ID:            scheduleID(hourlyName),
		Spec:          client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}},
		Overlap:       enums.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL,
		CatchupWindow: settings.Schedules.CatchUp,
		Action: &client.ScheduleWorkflowAction{
			ID:            hourlyAction,
			Workflow:      workflows.HourlyTracks,
			TaskQueue:     settings.TaskQueue,
			Args:          []any{workflows.HourlyInput{}},
			StaticSummary: "one hour of PostHog events into " + settings.Tables.Name(),
		},
	}
}

// reconcileSchedule starts ReconcileExports once a day. A day whose predecessor still
// waits or reloads is left out: the next looks as far back.
func reconcileSchedule(settings config.Config) client.ScheduleOptions {
	return client.ScheduleOptions{
		ID:            scheduleID(reconcileName),
		Spec:          client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: 24 * time.Hour, Offset: 4*time.Hour + 30*time.Minute}}},
		Overlap:       enums.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: settings.Schedules.CatchUp,
		Action: &client.ScheduleWorkflowAction{
			ID:            workflows.ReconcileAction,
			Workflow:      workflows.ReconcileExports,
			TaskQueue:     settings.TaskQueue,
			Args:          []any{workflows.ReconcileInput{}},
			StaticSummary: "bucket compared with the ledger of " + settings.Tables.Name(),
		},
	}
}

// checkSchedule starts CheckTracks at 06:00 and 18:00. A run that is still at work
// stands for the next one.
func checkSchedule(settings config.Config) client.ScheduleOptions {
	return client.ScheduleOptions{
		ID:            scheduleID(checkName),
		Spec:          client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: 12 * time.Hour, Offset: 6 * time.Hour}}},
		Overlap:       enums.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: time.Hour,
		Action: &client.ScheduleWorkflowAction{
			ID:            workflows.CheckAction,
			Workflow:      workflows.CheckTracks,
			TaskQueue:     settings.TaskQueue,
			Args:          []any{workflows.CheckInput{}},
			StaticSummary: "data tests of " + settings.Tables.Name(),
		},
	}
}

// isDeclared reports whether the configuration asks for the schedule.
func isDeclared(declared []client.ScheduleOptions, id string) bool {
	return slices.ContainsFunc(declared, func(o client.ScheduleOptions) bool { return o.ID == id })
}

// scheduleChoices are the names as a person may type them.
func scheduleChoices() string { return strings.Join(scheduleNames, ", ") }
