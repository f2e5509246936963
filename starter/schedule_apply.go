package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
)

// bring makes the declared schedules exist as declared, and says so.
func (c *server) bring(ctx context.Context, out io.Writer, settings config.Config, changes []scheduleChange) error {
	declared := declaredSchedules(settings)
	for i := range declared {
		var err error
		done := ""
		switch actionOf(changes, declared[i].ID) {
		case toCreate:
			done, err = "created", c.createSchedule(ctx, &declared[i])
		case toUpdate:
			done, err = "updated", c.updateSchedule(ctx, &declared[i])
		}
		if err != nil {
			return err
		}
		if done != "" {
			fmt.Fprintf(out, "%s schedule %s\n", done, declared[i].ID)
		}
	}
	return nil
}

func actionOf(changes []scheduleChange, id string) string {
	for _, change := range changes {
		if change.ID == id {
			return change.Action
		}
	}
	return toKeep
}

// createSchedule creates a schedule. Who created it meanwhile is brought up too.
func (c *server) createSchedule(ctx context.Context, wanted *client.ScheduleOptions) error {
	_, err := c.ScheduleClient().Create(ctx, *wanted)
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return c.updateSchedule(ctx, wanted)
	}
	if err != nil {
		return fmt.Errorf("create schedule %s: %w", wanted.ID, err)
	}
	return nil
}

// updateSchedule replaces what the schedule does and keeps its state: a deploy
// must not undo a pause.
func (c *server) updateSchedule(ctx context.Context, wanted *client.ScheduleOptions) error {
	err := c.ScheduleClient().GetHandle(ctx, wanted.ID).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			schedule := wantedSchedule(wanted)
			schedule.State = in.Description.Schedule.State
			return &client.ScheduleUpdate{Schedule: &schedule}, nil
		},
	})
	if err != nil {
		return fmt.Errorf("update schedule %s: %w", wanted.ID, err)
	}
	return nil
}
