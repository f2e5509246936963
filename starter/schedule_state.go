package main

import (
	"context"
	"fmt"
	"strings"

	"go.temporal.io/sdk/client"
)

// scheduleState is what became of a schedule.
type scheduleState struct {
	ID    string `json:"schedule"`
	State string `json:"state"`
	Note  string `json:"note,omitempty"`
}

// pause pauses a schedule. Who paused it first, and why, stays.
func (c *server) pause(ctx context.Context, id, note string) (scheduleState, error) {
	found, err := c.existing(ctx, id)
	if err != nil {
		return scheduleState{}, err
	}
	if found.State.Paused {
		return scheduleState{id, "was paused already", found.State.Note}, nil
	}
	if err := c.ScheduleClient().GetHandle(ctx, id).Pause(ctx, client.SchedulePauseOptions{Note: note}); err != nil {
		return scheduleState{}, fmt.Errorf("pause schedule %s: %w", id, err)
	}
	return scheduleState{id, "paused", note}, nil
}

// resume lets a paused schedule go on. What it missed meanwhile is not started.
func (c *server) resume(ctx context.Context, id, note string) (scheduleState, error) {
	found, err := c.existing(ctx, id)
	if err != nil {
		return scheduleState{}, err
	}
	if !found.State.Paused {
		return scheduleState{id, "was not paused", found.State.Note}, nil
	}
	if err := c.ScheduleClient().GetHandle(ctx, id).Unpause(ctx, client.ScheduleUnpauseOptions{Note: note}); err != nil {
		return scheduleState{}, fmt.Errorf("resume schedule %s: %w", id, err)
	}
	return scheduleState{id, "resumed", note}, nil
}

// remove deletes a schedule. The runs it started go on.
func (c *server) remove(ctx context.Context, id, _ string) (scheduleState, error) {
	found, err := c.describe(ctx, id)
	if err != nil {
		return scheduleState{}, err
	}
	if found == nil {
		return scheduleState{id, "did not exist", ""}, nil
	}
	if err := c.ScheduleClient().GetHandle(ctx, id).Delete(ctx); err != nil {
		return scheduleState{}, fmt.Errorf("delete schedule %s: %w", id, err)
	}
	return scheduleState{id, "deleted", ""}, nil
}

func (c *server) existing(ctx context.Context, id string) (client.Schedule, error) {
	found, err := c.describe(ctx, id)
	if err != nil {
		return client.Schedule{}, err
	}
	if found == nil {
		return client.Schedule{}, fmt.Errorf("schedule %s does not exist; create it with: starter schedules apply", id)
	}
	return found.Schedule, nil
}

// scheduleName is a schedule's name on the command line.
func scheduleName(id string) string { return strings.TrimPrefix(id, scheduleID("")) }
