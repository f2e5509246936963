// Command bench measures what an hour costs: CPU seconds and rows a second to
// stage, commit and merge it, beside a plain DuckDB script that does the same work
// on the same files without checking anything. Every step runs in a process of its
// own; figures are medians.
//
// With -merge it measures instead how a merge's cost grows with tracks: ours, a dbt
// model's MERGE, and a merge that reads every key of tracks, side by side. With
// -dedup it measures a dedup beside one statement that writes the table again.
// With -backfill it measures how many days of legacy history are taken in a minute.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	var b bench
	flag.StringVar(&b.dir, "dir", "", "directory for files and tables (default: a temporary one)")
	flag.IntVar(&b.events, "events", 320_000, "events in the hour")
	flag.IntVar(&b.runs, "runs", 5, "runs of each step")
	flag.StringVar(&b.memory, "memory", "384MB", "DuckDB's memory limit, for both")
	flag.IntVar(&b.threads, "threads", 1, "DuckDB's threads, for both")
	flag.StringVar(&b.merge.sizes, "merge", "", "measure merges instead, into tracks of these millions of rows, such as 1,10,50")
	flag.StringVar(&b.merge.from, "redelivered", "flushed,scattered", "where the months-old half of the re-deliveries is from")
	flag.IntVar(&b.merge.batch, "batch", 100_000, "events in a merged hour")
	flag.BoolVar(&b.merge.late, "late", false, "let 2.5 % of the merged hour's new events be of any age, too")
	flag.StringVar(&b.merge.task, "task", "", "what a step works on; used by the command itself")
	flag.StringVar(&b.dedup, "dedup", "", "measure dedups instead, of tracks of these millions of rows, such as 10,50")
	flag.IntVar(&b.backfill, "backfill", 0, "measure a backfill of 30 days of as many events instead, alone and with hourly merges beside it")
	flag.BoolVar(&b.short, "short", false, "let rows of -merge and -dedup have 0.6 KB instead of 1.2, which halves the disk that they need")
	flag.StringVar(&b.step, "step", "", "run one step in this process; used by the command itself")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := b.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one invocation.
type bench struct {
	dir, memory, step     string
	dedup                 string
	events, runs, threads int
	merge                 mergeFlags
	backfill              int
	short                 bool
}

func (b *bench) run(ctx context.Context) error {
	if b.step != "" {
		return b.runStep(ctx)
	}
	if b.dir == "" {
		dir, err := os.MkdirTemp("", "tracks-bench-")
		if err != nil {
			return fmt.Errorf("create directory: %w", err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		b.dir = dir
	}
	if b.merge.sizes != "" {
		return b.measureMerges(ctx)
	}
	if b.dedup != "" {
		return b.measureDedups(ctx)
	}
	if b.backfill > 0 {
		return b.measureBackfill(ctx)
	}
	if err := b.writeExport(); err != nil {
		return err
	}
	return b.measure(ctx)
}

func (b *bench) exports() string   { return filepath.Join(b.dir, "exports") }
func (b *bench) warehouse() string { return filepath.Join(b.dir, "warehouse.duckdb") }
func (b *bench) floor() string     { return filepath.Join(b.dir, "floor.duckdb") }
