package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func (s *starter) dedup() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dedup",
		Short: "Remove duplicates from tracks: plan, approve, status, rollback",
		Long: `Remove duplicates from tracks, so that every event has one row again.

"plan" counts and changes nothing. "approve" repeats the planned number and does it:
the run keeps a copy of tracks from before, compares the two, and can be taken back
with "rollback" until the copy's time is over or "release" drops it.`,
	}
	cmd.AddCommand(s.dedupPlan(), s.dedupApprove(), s.dedupStatus(), s.dedupRollback(),
		s.dedupSay("reject", workflows.RejectUpdate, "End the run without doing what is planned"),
		s.dedupSay("release", workflows.ReleaseUpdate, "Drop the copy from before the dedup and end the run"))
	return cmd
}

func (s *starter) dedupPlan() *cobra.Command {
	var in workflows.DedupInput
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Count the excess rows by day and cause, and wait for an approval; nothing is changed",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.startDedup(cmd.Context(), cmd.OutOrStdout(), in, asJSON, workflows.DedupPlanned)
		},
	}
	cmd.Flags().BoolVar(&in.PlanOnly, "only", false, "end the run with the plan instead of waiting for an approval")
	cmd.Flags().IntVar(&in.ApproveHours, "approve-hours", 0, "how long the plan waits for its approval (default 72)")
	cmd.Flags().IntVar(&in.KeepHours, "keep-hours", 0, "how long the dedup can be taken back (default 168)")
	cmd.Flags().BoolVar(&in.WholeTable, "whole-table", false, "write all of tracks again instead of what is affected")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the plan as JSON")
	return cmd
}

func (s *starter) dedupApprove() *cobra.Command {
	var excess int64
	var detach, asJSON bool
	cmd := &cobra.Command{
		Use:   "approve --excess 1234",
		Short: "Do what is planned; --excess repeats the planned number of rows to remove",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.withDedup(cmd.Context(), func(d *dedupRun) error {
				answer, err := d.tell(cmd.Context(), workflows.ApproveUpdate, workflows.Approval{Excess: excess})
				if err != nil || detach {
					fmt.Fprint(cmd.OutOrStdout(), answer)
					return err
				}
				return d.await(cmd.Context(), cmd.OutOrStdout(), asJSON, workflows.DedupApplied)
			})
		},
	}
	cmd.Flags().Int64Var(&excess, "excess", 0, "the planned number of rows to remove")
	cmd.Flags().BoolVar(&detach, "detach", false, "approve and do not wait")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what was done as JSON")
	_ = cmd.MarkFlagRequired("excess")
	return cmd
}

func (s *starter) dedupStatus() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the plan and how far the dedup is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.withDedup(cmd.Context(), func(d *dedupRun) error {
				progress, _, err := d.progress(cmd.Context())
				if err != nil {
					return err
				}
				return showDedup(cmd.OutOrStdout(), progress, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func (s *starter) dedupRollback() *cobra.Command {
	cmd := s.dedupSay("rollback", workflows.RollbackUpdate, "Put the rows back as they were before the dedup")
	say := cmd.RunE
	var id string
	var asJSON bool
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if id == "" {
			return say(cmd, args)
		}
		return s.startDedup(cmd.Context(), cmd.OutOrStdout(), workflows.DedupInput{Rollback: id}, asJSON, workflows.DedupRolledBack)
	}
	cmd.Flags().StringVar(&id, "id", "", "a dedup whose run has ended, by its id in tracks_dedups")
	cmd.Flags().BoolVar(&asJSON, "json", false, "with --id: print what was done as JSON")
	return cmd
}

// dedupSay is a command that tells the run something, with a reason.
func (s *starter) dedupSay(name, update, short string) *cobra.Command {
	var because workflows.Because
	cmd := &cobra.Command{
		Use:   name + ` --reason "why"`,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.withDedup(cmd.Context(), func(d *dedupRun) error {
				answer, err := d.tell(cmd.Context(), update, because)
				fmt.Fprint(cmd.OutOrStdout(), answer)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&because.Reason, "reason", "", "why, for whoever looks next")
	return cmd
}

// startDedup starts a run and waits until it has come this far.
func (s *starter) startDedup(ctx context.Context, out io.Writer, in workflows.DedupInput, asJSON bool, until workflows.DedupState) error {
	run := oneOff{id: workflows.DedupID, workflow: workflows.DedupTracks, summary: "dedup, started by hand", detach: true}
	if err := runOneOff(ctx, s, io.Discard, run, in, func(io.Writer, workflows.DedupResult) {}); err != nil {
		return err
	}
	return s.withDedup(ctx, func(d *dedupRun) error { return d.await(ctx, out, asJSON, until) })
}

// dedupRun is the latest run of DedupTracks.
type dedupRun struct{ server client.Client }

func (s *starter) withDedup(ctx context.Context, fn func(*dedupRun) error) error {
	server, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	return fn(&dedupRun{server})
}

// tell sends an update and returns its answer as a line.
func (d *dedupRun) tell(ctx context.Context, update string, in any) (string, error) {
	handle, err := d.server.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: workflows.DedupID, UpdateName: update, Args: []any{in}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	var answer string
	if err == nil {
		err = handle.Get(ctx, &answer)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", update, err)
	}
	return answer + "\n", nil
}

// progress asks the run how far it is, and whether it goes on.
func (d *dedupRun) progress(ctx context.Context) (progress workflows.DedupResult, running bool, err error) {
	described, err := d.server.DescribeWorkflowExecution(ctx, workflows.DedupID, "")
	if err != nil {
		return progress, false, fmt.Errorf("look at workflow %s (start it with \"starter dedup plan\"): %w", workflows.DedupID, err)
	}
	running = described.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	answer, err := d.server.QueryWorkflow(ctx, workflows.DedupID, "", workflows.ProgressQuery)
	if err == nil {
		err = answer.Get(&progress)
	}
	if err != nil {
		return progress, running, fmt.Errorf("ask workflow %s how far it is: %w", workflows.DedupID, err)
	}
	return progress, running, nil
}

// await waits until the run has come this far or has ended. Whoever interrupts the
// wait leaves the run as it is.
func (d *dedupRun) await(ctx context.Context, out io.Writer, asJSON bool, until workflows.DedupState) error {
	for {
		progress, running, err := d.progress(ctx)
		if err != nil {
			return err
		}
		if running && progress.State != until {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(300 * time.Millisecond):
			}
			continue
		}
		if err := showDedup(out, progress, asJSON); err != nil || running {
			return err
		}
		if err := d.server.GetWorkflow(ctx, workflows.DedupID, "").Get(ctx, nil); err != nil {
			return ending(ctx, workflows.DedupID, err)
		}
		return nil
	}
}

func showDedup(out io.Writer, r workflows.DedupResult, asJSON bool) error {
	if asJSON {
		return printJSON(out, r)
	}
	fmt.Fprintf(out, "%s: %s\n", r.State, r.Step)
	if p := r.Plan; p != nil {
		fmt.Fprintf(out, "%d rows of %d events, %d are excess:\n", p.Rows, p.Events, p.Excess.Total())
		for _, cause := range workflows.DedupCauses(p.Excess) {
			fmt.Fprintln(out, "  "+cause)
		}
		for _, day := range p.Days {
			fmt.Fprintf(out, "  %s  %d\n", day.Day, day.Total())
		}
		if p.DiskNeeded > 0 {
			fmt.Fprintf(out, "the copy needs %.2f GB of disk, %.2f GB are free\n", float64(p.DiskNeeded)/1e9, float64(p.DiskFree)/1e9)
		}
		if p.Bytes > 0 {
			fmt.Fprintf(out, "it reads %.2f GB, for about $%.2f\n", float64(p.Bytes)/1e9, p.CostUSD)
		}
	}
	if r.Dedup != nil {
		fmt.Fprintf(out, "removed %d rows, %d of them to merge_rejects; %d events rewritten; %d rows left\n",
			r.Dedup.Removed, r.Dedup.Rejected, r.Dedup.Rewritten, r.Dedup.Rows)
	}
	if r.Snapshot != nil {
		fmt.Fprintf(out, "copy: %s, until %s; dedup %s\n", r.Snapshot.Name, r.Snapshot.ExpiresAt.Format(time.RFC3339), r.ID)
	}
	if r.Rollback != nil {
		fmt.Fprintf(out, "rolled back: %d rows restored, %d rows now\n", r.Rollback.Restored, r.Rollback.Rows)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(out, "note:", note)
	}
	if r.Approve != nil {
		fmt.Fprintf(out, "to go on: starter dedup approve --excess %d\n", r.Approve.Excess)
	}
	return nil
}
