package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func (s *starter) backfill() *cobra.Command {
	var in workflows.BackfillInput
	var days []string
	dryRun := true
	run := oneOff{id: workflows.BackfillID, workflow: workflows.BackfillTracks, summary: "legacy history, started by hand"}
	cmd := &cobra.Command{
		Use:   "backfill",
		Short: "Take the legacy history of backfill_tracks into tracks, day by day",
		Long: `Take the legacy history of backfill_tracks into tracks, day by day. It only inserts
events that no key of all history is, and only counts unless --dry-run=false is given.

Days that were done with as many rows as they have now are left out. Hourly merges
get their turns between two days. Days that fail do not keep others from being done;
the error at the end names them, and the input that tries them again. While it runs
it can be paused, resumed, and told to retry failed days: see docs/runbook.md.`,
		Example: `  starter backfill                                        # what it would do
  starter backfill --dry-run=false
  starter backfill --dry-run=false --from 2025-05-01 --to 2025-05-31`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range days {
				day, err := window.ParseDay(name)
				if err != nil {
					return &usageError{err}
				}
				in.Days = append(in.Days, day)
			}
			in.DryRun = &dryRun
			return runOneOff(cmd.Context(), s, cmd.OutOrStdout(), run, in, printBackfill)
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", true, "only count; give --dry-run=false to write")
	cmd.Flags().TextVar(&in.From, "from", window.Day(""), "first day (default: the first with rows)")
	cmd.Flags().TextVar(&in.To, "to", window.Day(""), `last day (default: the last with rows, and "undated")`)
	cmd.Flags().StringSliceVar(&days, "day", nil, `days by name instead of a range; "undated" are the rows without created_at`)
	cmd.Flags().BoolVar(&in.Again, "again", false, "take days too that were done with as many rows as they have now")
	run.flags(cmd)
	return cmd
}

func printBackfill(out io.Writer, r workflows.BackfillResult) {
	verb, inserted := "done", "inserted"
	if r.DryRun {
		verb, inserted = "counted, nothing was written", "to insert"
	}
	fmt.Fprintf(out, "%d of %d days %s; %d were done before\n", r.Done, r.Planned, verb, r.DoneBefore)
	fmt.Fprintf(out, "%d rows = %d %s (%d bytes) + %d already there + %d duplicate + %d collided + %d rejected\n",
		r.Rows.Read, r.Rows.Inserted, inserted, r.Rows.Bytes, r.Rows.Present, r.Rows.Duplicate, r.Rows.Collided, r.Rows.Rejected)
	fmt.Fprintf(out, "%d events have more than one row\n", r.Repeated)
	for _, failed := range r.Failed {
		fmt.Fprintf(out, "failed %s: %s: %s\n", failed.Day, failed.Type, failed.Detail)
	}
}
