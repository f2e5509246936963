package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func (s *starter) hourly() *cobra.Command {
	var in workflows.HourlyInput
	var rejectLimit float64
	var detach bool
	cmd := &cobra.Command{
		Use:   "hourly --window 2026-06-12T10",
		Short: "Load and merge one hour, by its start in UTC",
		Long: `Load and merge one hour, by its start in UTC. The run has the same workflow id as
the schedule's run of that hour, so one id shows all that ever happened to the hour.
An hour that is running already is not started again.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if in.Window.IsZero() {
				in.Window = window.Before(time.Now())
			}
			if cmd.Flags().Changed("reject-limit") {
				in.RejectLimit = &rejectLimit
			}
			return s.startHourly(cmd.Context(), cmd.OutOrStdout(), in, detach)
		},
	}
	cmd.Flags().TextVar(&in.Window, "window", window.Window{}, "the hour to load, by its start, such as 2026-06-12T10 (default: the last full hour)")
	cmd.Flags().Float64Var(&rejectLimit, "reject-limit", 0, "share of rejected rows, 0 to 1, above which the window fails (default: the worker's)")
	cmd.Flags().StringVar(&in.WhenMissing, "when-missing", "", `what an hour without objects is: "fail" or "empty" (default: the worker's)`)
	cmd.Flags().BoolVar(&detach, "detach", false, "start the run and do not wait for it")
	return cmd
}

func (s *starter) startHourly(ctx context.Context, out io.Writer, in workflows.HourlyInput, detach bool) error {
	settings, err := s.config()
	if err != nil {
		return err
	}
	server, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	run, err := server.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                                       workflows.HourlyID(in.Window),
		TaskQueue:                                settings.TaskQueue,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            "hour " + in.Window.String() + ", started by hand",
	}, workflows.HourlyTracks, in)
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return fmt.Errorf("hour %s is running already as workflow %s; wait for it, or cancel it first", in.Window, workflows.HourlyID(in.Window))
	}
	if err != nil {
		return fmt.Errorf("start hour %s: %w", in.Window, err)
	}
	fmt.Fprintf(out, "started %s (run %s)\n", run.GetID(), run.GetRunID())
	if detach {
		return nil
	}
	var result workflows.HourlyResult
	if err := run.Get(ctx, &result); err != nil {
		return fmt.Errorf("hour %s: %w", in.Window, err)
	}
	printHourly(out, result)
	return nil
}

func printHourly(out io.Writer, r workflows.HourlyResult) {
	fmt.Fprintf(out, "%s: %s, %d objects, %d rows read = %d loaded + %d rejected\n",
		r.Window, r.Status, r.Objects, r.Rows.Read, r.Rows.Loaded, r.Rows.Rejected)
	m := r.Merge
	fmt.Fprintf(out, "merged: %d inserted + %d updated + %d unchanged + %d collided + %d before cutover = %d\n",
		m.Inserted, m.Updated, m.Unchanged, m.Collided, m.BeforeCutover, m.Total())
	if r.Cost != nil {
		fmt.Fprintf(out, "cost: %.1f MB billed, about $%.4f\n", float64(r.Cost.BytesBilled)/1e6, r.Cost.USD)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(out, "note:", note)
	}
}
