package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posthog-tracks/posthog-tracks/internal/reconcile"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func (s *starter) reconcile() *cobra.Command {
	var in workflows.ReconcileInput
	run := oneOff{
		id:       workflows.ReconcileAction + "-" + time.Now().UTC().Format(time.DateOnly),
		workflow: workflows.ReconcileExports, summary: "bucket compared with the ledger, started by hand",
	}
	cmd := &cobra.Command{
		Use:   "reconcile",
		Short: "Compare the bucket with the ledger, and reload what differs",
		Long: `Compare the export bucket with the ledger: which hours have objects that were never
loaded, came late or were rewritten (by generation, size and crc32c), and which have
none. What a reload mends is reloaded, or only reported, as configured.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runOneOff(cmd.Context(), s, cmd.OutOrStdout(), run, in, printReconciliation)
		},
	}
	cmd.Flags().IntVar(&in.Days, "days", 0, "how many days back (default: the worker's)")
	cmd.Flags().StringVar(&in.Action, "action", "", `"report" or "reload" (default: the worker's)`)
	run.flags(cmd)
	return cmd
}

func printReconciliation(out io.Writer, r workflows.ReconcileResult) {
	fmt.Fprintf(out, "%s to %s\n", r.From, r.To)
	for _, found := range r.Found {
		fmt.Fprintln(out, found)
	}
	printFindings(out, r.Findings)
	if r.More > 0 {
		fmt.Fprintf(out, "  and %d more\n", r.More)
	}
	if r.Reloaded != nil {
		printReload(out, *r.Reloaded)
	} else if r.Mendable > 0 {
		fmt.Fprintf(out, "%d hours can be reloaded: start ReloadWindows with %s\n", r.Mendable, r.Reload)
	}
}

// printFindings prints a line an hour; hours in a row that differ alike and have
// nothing else to tell share one.
func printFindings(out io.Writer, findings []reconcile.Finding) {
	for i := 0; i < len(findings); {
		first, last := findings[i], findings[i]
		for i++; i < len(findings) && follows(findings[i], last); i++ {
			last = findings[i]
		}
		hours := first.Window.String()
		if last.Window != first.Window {
			hours += " to " + last.Window.String()
		}
		fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("  %s %s %s", hours, first.State, first.Detail), " "))
	}
}

func follows(next, last reconcile.Finding) bool {
	return next.Window == last.Window.Next() && next.State == last.State && next.Detail == "" && last.Detail == ""
}
