package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func (s *starter) check() *cobra.Command {
	var in workflows.CheckInput
	var list bool
	run := oneOff{
		id:       workflows.CheckAction + "-" + time.Now().UTC().Format(time.RFC3339),
		workflow: workflows.CheckTracks, summary: "data tests, started by hand",
	}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Run the data tests, or list them",
		Long: `Run the data tests, or some of them, and wait for what they find. The results are in
test_results too. The run fails, and the command with it, if a test of severity error
does; a warning fails nothing.`,
		Example: `  starter check
  starter check --test windows_reconcile --test windows_complete
  starter check --list`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if list {
				return s.listTests(cmd.OutOrStdout(), in, run.json)
			}
			return runOneOff(cmd.Context(), s, cmd.OutOrStdout(), run, in, printCheck)
		},
	}
	cmd.Flags().BoolVar(&list, "list", false, "list the declared tests and run none")
	cmd.Flags().StringArrayVar(&in.Tests, "test", nil, "a test to run, by its name; may be repeated (default: all)")
	cmd.Flags().StringArrayVar(&in.Tags, "tag", nil, "run the tests that have this tag; may be repeated")
	run.flags(cmd)
	return cmd
}

// listTests shows what the configuration on this machine declares.
func (s *starter) listTests(out io.Writer, in workflows.CheckInput, asJSON bool) error {
	settings, err := s.config()
	if err != nil {
		return err
	}
	declared, err := settings.Checks.Tests()
	if err != nil {
		return err
	}
	var tests []datatest.Test
	for _, t := range declared {
		if t.Tagged(in.Tags) && (len(in.Tests) == 0 || slices.Contains(in.Tests, t.Name)) {
			tests = append(tests, t)
		}
	}
	if len(tests) == 0 {
		return errors.New("no test is named or tagged so; leave --test and --tag out to see all")
	}
	if asJSON {
		return printJSON(out, tests)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TEST\tKIND\tTABLE\tSEVERITY\tGATE\tREADS AT MOST\tTAGS")
	for _, t := range tests {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.Name, t.Kind, t.Table, t.Severity, t.Gate, t.MaxBytes, strings.Join(t.Tags, ","))
	}
	return table.Flush()
}

func printCheck(out io.Writer, r workflows.CheckResult) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, result := range r.Results {
		fmt.Fprintf(table, "%s\t%s\t%s\n", result.Status, result.Test, result.Message)
		if len(result.Sample) > 0 && result.Status.Bad() {
			fmt.Fprintf(table, "\t\tsuch as %s\n", strings.Join(result.Sample, ", "))
		}
	}
	_ = table.Flush()
	fmt.Fprintln(out, r.Summary)
	for _, name := range r.Opened {
		fmt.Fprintln(out, "incident opened:", name)
	}
	for _, name := range r.Resolved {
		fmt.Fprintln(out, "incident resolved:", name)
	}
}
