package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/staging"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/legacy"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// backfillDays is how long the legacy history of the measurement is.
const backfillDays = 30

// hoursBeside is how many hours there are at most to merge beside a backfill.
const hoursBeside = 120

// measureBackfill backfills the same history twice: alone, and while hour after hour of
// the same traffic is committed and merged without a pause, which is far more than a
// schedule brings.
func (b *bench) measureBackfill(ctx context.Context) error {
	fmt.Printf("%d days of %d events backfilled; %s memory, %d threads\n\n%-28s %8s %10s %12s %14s\n",
		backfillDays, b.backfill, b.memory, b.threads, "", "wall s", "days/min", "rows/s", "hours merged")
	for _, beside := range []bool{false, true} {
		file := filepath.Join(b.dir, fmt.Sprintf("backfill-%t.duckdb", beside))
		took, counts, merged, err := b.backfillOnce(ctx, file, beside)
		if err != nil {
			return err
		}
		name := "alone"
		if beside {
			name = "with hourly merges beside it"
		}
		fmt.Printf("%-28s %8.1f %10.1f %12.0f %14d\n", name, took.Seconds(), backfillDays/took.Minutes(),
			float64(counts.Read)/took.Seconds(), merged)
	}
	return nil
}

func (b *bench) backfillOnce(ctx context.Context, file string, beside bool) (took time.Duration, counts ledger.Backfilled, merged int, err error) {
	if err := legacy.Inherit(ctx, file, backfillDays, b.backfill); err != nil {
		return 0, counts, 0, err
	}
	var commits []ledger.Commit
	if beside {
		if commits, err = b.stageHours(ctx); err != nil {
			return 0, counts, 0, err
		}
	}
	tables, err := openTables(file, b.memory, b.threads)
	if err != nil {
		return 0, counts, 0, err
	}
	defer func() { err = errors.Join(err, tables.Close()) }()
	merging, stop := context.WithCancel(ctx)
	hours := make(chan hoursMerged, 1)
	go func() { hours <- mergeHours(merging, tables, commits) }()
	began := time.Now()
	counts, err = backfillAll(ctx, tables)
	took = time.Since(began)
	stop()
	done := <-hours
	return took, counts, done.n, errors.Join(err, done.err)
}

// backfillAll plans and does all days.
func backfillAll(ctx context.Context, tables *duckdb.Warehouse) (ledger.Backfilled, error) {
	var counts ledger.Backfilled
	plan, err := tables.PlanBackfill(ctx, ledger.BackfillRange{})
	if err != nil {
		return counts, err
	}
	for _, planned := range plan.Days {
		day, err := tables.BackfillDay(ctx, ledger.BackfillDay{ID: "bench", Day: planned.Day, Rows: planned.Rows})
		if err != nil {
			return counts, err
		}
		counts = counts.Plus(day)
	}
	return counts, nil
}

type hoursMerged struct {
	n   int
	err error
}

// mergeHours commits and merges hours until it is told to stop.
func mergeHours(ctx context.Context, tables *duckdb.Warehouse, commits []ledger.Commit) (done hoursMerged) {
	for _, commit := range commits {
		load, err := tables.CommitWindow(ctx, commit)
		if err == nil {
			_, err = tables.MergeLoad(ctx, load.Window, load.ID)
		}
		switch {
		case ctx.Err() != nil:
			return done
		case err != nil:
			done.err = err
			return done
		}
		done.n++
	}
	return done
}

// stageHours makes staged files of hours that follow each other.
func (b *bench) stageHours(ctx context.Context) ([]ledger.Commit, error) {
	area := staging.Directory{Root: filepath.Join(b.dir, "staging")}
	commits := make([]ledger.Commit, 0, hoursBeside)
	for w := hour(); len(commits) < hoursBeside; w = w.Next() {
		receipt, err := b.stageHour(ctx, area, w)
		if err != nil {
			return nil, err
		}
		commits = append(commits, ledger.Commit{
			Load:   ledger.Load{Window: w, ID: "bench", IngestedAt: w.End()},
			Staged: []ledger.Receipt{receipt},
		})
	}
	return commits, nil
}

func (b *bench) stageHour(ctx context.Context, area staging.Directory, w window.Window) (ledger.Receipt, error) {
	workspace, err := area.Workspace()
	if err != nil {
		return ledger.Receipt{}, err
	}
	files := staging.FilesIn(workspace)
	generated, err := sample.Generate(w, sample.Options{Seed: 1, Events: max(b.backfill/24, 1)})
	if err != nil {
		return ledger.Receipt{}, err
	}
	if err := os.WriteFile(files.Export, generated.Objects[0].Content, 0o600); err != nil {
		return ledger.Receipt{}, fmt.Errorf("write export: %w", err)
	}
	receipt, err := staging.Convert(ctx, export.Object{Name: w.String(), Generation: 1}, files, func(int64) {})
	if err != nil {
		return ledger.Receipt{}, err
	}
	return area.Keep(ctx, w, workspace, receipt)
}
