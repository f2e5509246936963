package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func (s *starter) reload() *cobra.Command {
	var in workflows.ReloadInput
	var windows []string
	var rejectLimit float64
	run := oneOff{id: workflows.ReloadID, workflow: workflows.ReloadWindows, summary: "hours loaded again, started by hand"}
	cmd := &cobra.Command{
		Use:   "reload --from 2026-06-12T00 --to 2026-06-12T23",
		Short: "Load a range of hours again: those that are missing, changed, or all",
		Long: `Load a range of hours again, a few at a time, each as a run of its own under the id
that all runs of the hour have. An hour that is running already is waited for and
then loaded. Hours that fail do not keep others from being loaded; the error at the
end names them, and the input that tries them again.

While it runs it can be paused and resumed, hours can be skipped, and the number of
hours at a time can be changed: see docs/runbook.md.`,
		Example: `  starter reload --dry-run                                # what is missing of the last day
  starter reload --from 2026-06-01T00 --to 2026-06-12T23 --only changed
  starter reload --window 2026-06-12T10,2026-06-12T14     # these, whatever the ledger says`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range windows {
				w, err := window.Parse(name)
				if err != nil {
					return &usageError{err}
				}
				in.Windows = append(in.Windows, w)
			}
			if cmd.Flags().Changed("reject-limit") {
				in.RejectLimit = &rejectLimit
			}
			return runOneOff(cmd.Context(), s, cmd.OutOrStdout(), run, in, printReload)
		},
	}
	cmd.Flags().TextVar(&in.From, "from", window.Window{}, "first hour, by its start (default: 23 hours before --to)")
	cmd.Flags().TextVar(&in.To, "to", window.Window{}, "last hour, by its start (default: the last full hour)")
	cmd.Flags().StringSliceVar(&windows, "window", nil, "hours by name instead of a range, whatever the ledger says of them")
	cmd.Flags().StringVar(&in.Only, "only", "", `"missing" (default), "changed" or "all"`)
	cmd.Flags().IntVar(&in.Concurrency, "concurrency", 0, "hours at a time (default 2)")
	cmd.Flags().BoolVar(&in.NewestFirst, "newest-first", false, "begin with the last hour")
	cmd.Flags().BoolVar(&in.DryRun, "dry-run", false, "say what would be loaded, and load nothing")
	cmd.Flags().Float64Var(&rejectLimit, "reject-limit", 0, "share of rejected rows, 0 to 1, above which an hour fails (default: the worker's)")
	cmd.Flags().StringVar(&in.WhenMissing, "when-missing", "", `what an hour without objects is: "fail" or "empty" (default: the worker's)`)
	run.flags(cmd)
	return cmd
}

func printReload(out io.Writer, r workflows.ReloadResult) {
	for _, found := range r.Found {
		fmt.Fprintln(out, found)
	}
	if r.DryRun {
		fmt.Fprintf(out, "%d hours would be loaded\n", len(r.Windows))
		for _, w := range r.Windows {
			fmt.Fprintln(out, "  "+w.String())
		}
		return
	}
	fmt.Fprintf(out, "%d hours: %d loaded, %d empty, %d failed, %d skipped\n", r.Planned, r.Loaded, r.Empty, len(r.Failed), len(r.Skipped))
	m := r.Rows
	fmt.Fprintf(out, "merged: %d inserted + %d updated + %d unchanged + %d collided + %d before cutover = %d\n",
		m.Inserted, m.Updated, m.Unchanged, m.Collided, m.BeforeCutover, m.Total())
	for _, failed := range r.Failed {
		fmt.Fprintf(out, "failed %s: %s: %s\n", failed.Window, failed.Type, failed.Detail)
	}
	for _, skipped := range r.Skipped {
		fmt.Fprintf(out, "skipped %s: %s\n", skipped.Window, skipped.Reason)
	}
}
