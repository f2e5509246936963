package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func (s *starter) hourly() *cobra.Command {
	var in workflows.HourlyInput
	var rejectLimit float64
	run := oneOff{workflow: workflows.HourlyTracks}
	cmd := &cobra.Command{
		Use:   "hourly --window 2026-06-12T10",
		Short: "Load and merge one hour, by its start in UTC",
		Long: `Load and merge one hour, by its start in UTC. The run has the same workflow id as
the schedule's run of that hour, so one id shows all that ever happened to the hour.
An hour that is running already is not started again.

With --dry-run the hour is read from the bucket and compared with tracks, and no table
changes: shown are the rows that a run would insert, update, skip and refuse, the days
of tracks it would touch, and what it would be billed. The run that follows finds the
objects staged.`,
		Example: `  starter hourly --window 2026-06-12T10 --dry-run
  starter hourly --window 2026-06-12T10`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if in.Window.IsZero() {
				in.Window = window.Before(time.Now())
			}
			if cmd.Flags().Changed("reject-limit") {
				in.RejectLimit = &rejectLimit
			}
			run.id, run.summary = workflows.HourlyID(in.Window), "hour "+in.Window.String()+", started by hand"
			if in.DryRun {
				run.id, run.summary = workflows.DryRunID(in.Window), "dry run of hour "+in.Window.String()
			}
			return runOneOff(cmd.Context(), s, cmd.OutOrStdout(), run, in, printHourly)
		},
	}
	cmd.Flags().TextVar(&in.Window, "window", window.Window{}, "the hour to load, by its start, such as 2026-06-12T10 (default: the last full hour)")
	cmd.Flags().BoolVar(&in.DryRun, "dry-run", false, "say what the run would do to the tables and what it would cost, and change no table")
	cmd.Flags().Float64Var(&rejectLimit, "reject-limit", 0, "share of rejected rows, 0 to 1, above which the window fails (default: the worker's)")
	cmd.Flags().StringVar(&in.WhenMissing, "when-missing", "", `what an hour without objects is: "fail" or "empty" (default: the worker's)`)
	run.flags(cmd)
	return cmd
}

func printHourly(out io.Writer, r workflows.HourlyResult) {
	status := string(r.Status)
	if r.Preview != nil {
		status = "a dry run, nothing was written"
	}
	fmt.Fprintf(out, "%s: %s, %d objects, %d rows read = %d loaded + %d rejected\n",
		r.Window, status, r.Objects, r.Rows.Read, r.Rows.Loaded, r.Rows.Rejected)
	if r.Preview != nil {
		printPreview(out, *r.Preview)
	} else {
		m := r.Merge
		fmt.Fprintf(out, "merged: %d inserted + %d updated + %d unchanged + %d collided + %d before cutover = %d\n",
			m.Inserted, m.Updated, m.Unchanged, m.Collided, m.BeforeCutover, m.Total())
	}
	if r.Cost != nil {
		fmt.Fprintf(out, "cost: %.1f MB billed, about $%.4f\n", float64(r.Cost.BytesBilled)/1e6, r.Cost.USD)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(out, "note:", note)
	}
}
