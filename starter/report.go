package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/posthog-tracks/posthog-tracks/internal/connect"
	"github.com/posthog-tracks/posthog-tracks/internal/report"
)

func (s *starter) report() *cobra.Command {
	var file string
	var days int
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Make one HTML page that shows how the pipeline has done",
		Long: `Make one HTML page that shows how the pipeline has done: every hour of the last
days by its state, rows, rejects, duplicates, collisions, freshness and cost. The page
holds all it needs: mail it, archive it, open it without a network.

A worker serves the same page at /report, beside its metrics; ask it while it writes to
a DuckDB file.

Links to runs need ` + "`temporal_ui`" + ` in the configuration.`,
		Example: "  starter report --days 14 --out report.html\n  starter report --out - | gzip > report.html.gz",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if days < 1 {
				return &usageError{fmt.Errorf("--days %d shows nothing; give 1 or more", days)}
			}
			return s.makeReport(cmd.Context(), cmd.OutOrStdout(), file, days)
		},
	}
	cmd.Flags().StringVar(&file, "out", "report.html", "file to write, - for standard output")
	cmd.Flags().IntVar(&days, "days", 14, "how many days to show, today included")
	return cmd
}

func (s *starter) makeReport(ctx context.Context, out io.Writer, file string, days int) (err error) {
	settings, err := s.config()
	if err != nil {
		return err
	}
	tables, err := openTables(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tables.Close()) }()
	namespace, err := namespaceName()
	if err != nil {
		return err
	}
	page, err := report.Make(ctx, tables, time.Now(), connect.Report(settings, namespace, days))
	if err != nil {
		return err
	}
	if file == "-" {
		return page.Write(out)
	}
	to, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("create report: %w", err)
	}
	if err := errors.Join(page.Write(to), to.Close()); err != nil {
		return err
	}
	fmt.Fprintln(out, "wrote", file)
	return nil
}
