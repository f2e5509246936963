package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
)

// What has to be done to a schedule.
const (
	toCreate = "create"
	toUpdate = "update"
	toKeep   = "keep"
	// toDelete is never done by apply: a schedule somebody runs is not removed
	// because a line is missing from a file.
	toDelete = "delete"
)

// scheduleChange is the difference between a schedule and its declaration.
type scheduleChange struct {
	ID     string        `json:"schedule"`
	Action string        `json:"action"`
	Fields []fieldChange `json:"fields,omitempty"`
	Paused bool          `json:"paused"`
	// Note is why it is paused, or was resumed.
	Note string `json:"note,omitempty"`
}

// fieldChange is one difference. Is is empty for a schedule that does not exist.
type fieldChange struct {
	Field  string `json:"field"`
	Is     string `json:"is,omitempty"`
	Wanted string `json:"wanted"`
}

// compare finds what the server's schedules lack of the declared ones.
func (c *server) compare(ctx context.Context, settings config.Config) ([]scheduleChange, error) {
	declared := declaredSchedules(settings)
	changes := make([]scheduleChange, 0, len(scheduleNames))
	for i := range declared {
		change, err := c.compareOne(ctx, &declared[i])
		if err != nil {
			return nil, err
		}
		changes = append(changes, change)
	}
	for _, name := range scheduleNames {
		if isDeclared(declared, scheduleID(name)) {
			continue
		}
		found, err := c.describe(ctx, scheduleID(name))
		if err != nil {
			return nil, err
		}
		if found != nil {
			state := found.Schedule.State
			changes = append(changes, scheduleChange{ID: scheduleID(name), Action: toDelete, Paused: state.Paused, Note: state.Note})
		}
	}
	return changes, nil
}

func (c *server) compareOne(ctx context.Context, options *client.ScheduleOptions) (scheduleChange, error) {
	change := scheduleChange{ID: options.ID, Action: toCreate}
	wanted, err := scheduleFacts(c.payloads, wantedSchedule(options))
	if err != nil {
		return change, err
	}
	found, err := c.describe(ctx, options.ID)
	if err != nil {
		return change, err
	}
	is := make([]fact, len(wanted))
	if found != nil {
		change.Paused, change.Note = found.Schedule.State.Paused, found.Schedule.State.Note
		change.Action = toKeep
		if is, err = scheduleFacts(c.payloads, found.Schedule); err != nil {
			return change, err
		}
	}
	for i, want := range wanted {
		if found == nil || is[i] != want {
			change.Fields = append(change.Fields, fieldChange{Field: want.field, Is: is[i].value, Wanted: want.value})
		}
	}
	if found != nil && len(change.Fields) > 0 {
		change.Action = toUpdate
	}
	return change, nil
}

// describe returns a schedule, or nil when it does not exist.
func (c *server) describe(ctx context.Context, id string) (*client.ScheduleDescription, error) {
	found, err := c.ScheduleClient().GetHandle(ctx, id).Describe(ctx)
	if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describe schedule %s: %w", id, err)
	}
	return found, nil
}

// differences counts what apply would change.
func differences(changes []scheduleChange) int {
	n := 0
	for _, change := range changes {
		if change.Action == toCreate || change.Action == toUpdate {
			n++
		}
	}
	return n
}

func printChanges(out io.Writer, changes []scheduleChange) {
	for _, change := range changes {
		fmt.Fprintf(out, "%s: %s%s\n", change.ID, verdict(change), pausedText(change))
		for _, field := range change.Fields {
			if change.Action == toCreate {
				fmt.Fprintf(out, "  + %s: %s\n", field.Field, field.Wanted)
				continue
			}
			fmt.Fprintf(out, "  ~ %s: %s -> %s\n", field.Field, field.Is, field.Wanted)
		}
	}
}

func verdict(change scheduleChange) string {
	switch change.Action {
	case toCreate:
		return "does not exist yet"
	case toUpdate:
		return "differs from the configuration"
	case toDelete:
		return "is not in the configuration (remove it with: starter schedules delete " + scheduleName(change.ID) + ")"
	default:
		return "is as declared"
	}
}

func pausedText(change scheduleChange) string {
	if !change.Paused {
		return ""
	}
	return fmt.Sprintf(", paused (%s)", change.Note)
}
