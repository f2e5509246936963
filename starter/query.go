package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func (s *starter) query() *cobra.Command {
	return &cobra.Command{
		Use:     "query SQL",
		Short:   "Run a read-only statement on the warehouse and print the rows",
		Example: `  starter query 'SELECT event_name, count(*) AS n FROM posthog.tracks GROUP BY ALL ORDER BY n DESC LIMIT 10'`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.runQuery(cmd.Context(), cmd.OutOrStdout(), args[0])
		},
	}
}

func (s *starter) runQuery(ctx context.Context, out io.Writer, statement string) error {
	settings, err := s.config()
	if err != nil {
		return err
	}
	store, err := openTables(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	err = store.Look(ctx, statement, func(row []string) error {
		_, err := fmt.Fprintln(table, strings.Join(row, "\t"))
		return err
	})
	if err != nil {
		return err
	}
	return table.Flush()
}
