package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// printPreview says what a run would do. Rows add up to those loaded.
func printPreview(out io.Writer, p ledger.Preview) {
	m := p.Merge
	fmt.Fprintf(out, "a run would insert %d, update %d, skip %d (unchanged or older), refuse %d (collisions) and leave %d (before cutover) = %d\n",
		m.Inserted, m.Updated, m.Unchanged, m.Collided, m.BeforeCutover, m.Total())
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(p.Days) > 0 {
		fmt.Fprintf(table, "day of tracks\tto insert\tto update\n")
	}
	for _, day := range p.Days {
		fmt.Fprintf(table, "%s\t%d\t%d\n", day.Day, day.Inserted, day.Updated)
	}
	if p.Estimate != nil {
		fmt.Fprintf(table, "statement\twould read\n")
		for _, step := range p.Estimate.Steps {
			fmt.Fprintf(table, "%s\t%.1f MB\n", step.Step, float64(step.Bytes)/1e6)
		}
	}
	_ = table.Flush() // what was written before it fails in the same way
	switch e := p.Estimate; {
	case e == nil:
		fmt.Fprintln(out, "cost: nothing, this warehouse bills nobody")
	case e.USD == 0 && e.Bytes > 0:
		fmt.Fprintf(out, "cost: at most %.1f MB read, on reserved slots\n", float64(e.Bytes)/1e6)
	default:
		fmt.Fprintf(out, "cost: at most %.1f MB read, about $%.4f; BigQuery bills 10 MB at least for every table of a statement\n", float64(e.Bytes)/1e6, e.USD)
	}
	if p.Spent != nil {
		fmt.Fprintf(out, "this dry run: %.1f MB billed, about $%.4f\n", float64(p.Spent.BytesBilled)/1e6, p.Spent.USD)
	}
}
