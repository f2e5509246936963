package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

const (
	// hourlyAction is the action's workflow id; Temporal appends the nominal time.
	hourlyAction = "hourly"
	// hourlySchedule is the schedule's own id.
	hourlySchedule = "posthog-tracks-hourly"
	// catchUp is how far back missed hours are started when Temporal was away.
	catchUp = 7 * 24 * time.Hour
)

func (s *starter) schedules() *cobra.Command {
	cmd := &cobra.Command{Use: "schedules", Short: "Declare the schedules in Temporal"}
	cmd.AddCommand(&cobra.Command{
		Use:   "apply",
		Short: "Create the schedules, or bring them up to the configuration",
		Long: `Create the schedules, or bring them up to the configuration. A schedule that
somebody paused stays paused.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.applySchedules(cmd.Context(), cmd.OutOrStdout()) },
	})
	return cmd
}

func (s *starter) applySchedules(ctx context.Context, out io.Writer) error {
	settings, err := s.config()
	if err != nil {
		return err
	}
	server, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	wanted := hourlyScheduleOptions(settings)
	_, err = server.ScheduleClient().Create(ctx, wanted)
	if err == nil {
		fmt.Fprintf(out, "created schedule %s\n", wanted.ID)
		return nil
	}
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return fmt.Errorf("create schedule %s: %w", wanted.ID, err)
	}
	if err := updateSchedule(ctx, server, wanted); err != nil {
		return fmt.Errorf("update schedule %s: %w", wanted.ID, err)
	}
	fmt.Fprintf(out, "updated schedule %s\n", wanted.ID)
	return nil
}

// hourlyScheduleOptions starts HourlyTracks at every full hour. Hours may overlap:
// an hour that is stuck holds up no other, since the writer lock keeps merges
// apart and their order does not matter. There is no jitter, because the nominal
// time names the hour.
func hourlyScheduleOptions(settings config.Config) client.ScheduleOptions {
	return client.ScheduleOptions{
		ID:            hourlySchedule,
		Spec:          client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}},
		Overlap:       enums.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL,
		CatchupWindow: catchUp,
		Action: &client.ScheduleWorkflowAction{
			ID:            hourlyAction,
			Workflow:      workflows.HourlyTracks,
			TaskQueue:     settings.TaskQueue,
			Args:          []any{workflows.HourlyInput{}},
			StaticSummary: "one hour of PostHog events into " + settings.Tables.Name(),
		},
	}
}

// updateSchedule replaces what the schedule does and keeps its state: a deploy
// must not undo a pause.
func updateSchedule(ctx context.Context, server client.Client, wanted client.ScheduleOptions) error {
	return server.ScheduleClient().GetHandle(ctx, wanted.ID).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			schedule := in.Description.Schedule
			schedule.Spec = &wanted.Spec
			schedule.Action = wanted.Action
			schedule.Policy.Overlap = wanted.Overlap
			schedule.Policy.CatchupWindow = wanted.CatchupWindow
			return &client.ScheduleUpdate{Schedule: &schedule}, nil
		},
	})
}
