package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

var (
	//go:embed dedup_copies.sql
	copiesScript string
	//go:embed dedup_window.sql
	windowScript string
)

// The dedups that are compared, each on a table of its own.
const (
	dedupOurs   = "dedup-ours"
	dedupWindow = "dedup-window"
)

// measureDedups compares our dedup, from the plan to the check after the swap, with
// one statement that writes the table again.
func (b *bench) measureDedups(ctx context.Context) error {
	fmt.Printf("1 %% duplicates removed; %s memory, %d threads\n\n%-8s %-14s %9s %9s %9s %14s %14s\n", b.memory, b.threads,
		"tracks", "dedup", "CPU s", "wall s", "peak MB", "wall v window", "CPU v window")
	for size := range strings.SplitSeq(b.dedup, ",") {
		millions, err := strconv.ParseInt(size, 10, 64)
		if err != nil {
			return fmt.Errorf("read -dedup: %w", err)
		}
		if err := b.measureDedup(ctx, size, millions*1_000_000); err != nil {
			return err
		}
	}
	return nil
}

// measureDedup measures both dedups of one table. Ours is first, since the copy that it
// keeps is the table for the other: the disk needs room for no third.
func (b *bench) measureDedup(ctx context.Context, size string, rows int64) error {
	directory := filepath.Join(b.dir, "dedup-"+size)
	defer func() { _ = os.RemoveAll(directory) }()
	t := task{Tables: filepath.Join(directory, "warehouse.duckdb"), Rows: rows, Short: b.short}
	if err := os.MkdirAll(directory, 0o750); err != nil {
		return fmt.Errorf("create directory: %w", err)
	}
	for _, step := range []string{"merge-grow", "dedup-copies"} {
		if _, _, err := b.give(ctx, step, t); err != nil {
			return err
		}
	}
	ours, _, err := b.give(ctx, dedupOurs, t)
	if err != nil {
		return err
	}
	if err := restore(t.Tables); err != nil {
		return err
	}
	window, _, err := b.give(ctx, dedupWindow, t)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		step string
		cost
	}{{dedupOurs, ours}, {dedupWindow, window}} {
		fmt.Printf("%-8s %-14s %9.1f %9.1f %9d %14.2f %14.2f\n", size+" M", c.step, c.cpu.Seconds(), c.wall.Seconds(), c.rssMB,
			c.wall.Seconds()/window.wall.Seconds(), c.cpu.Seconds()/window.cpu.Seconds())
	}
	return nil
}

// restore puts the copy from before a dedup in the place of the warehouse file.
func restore(tables string) error {
	snapshots, err := filepath.Glob(tables + ".before-dedup-*")
	if err != nil {
		return fmt.Errorf("find the snapshot: %w", err)
	}
	if len(snapshots) != 1 {
		return fmt.Errorf("find the snapshot: there are %d", len(snapshots))
	}
	if err := os.Rename(snapshots[0], tables); err != nil {
		return fmt.Errorf("restore tables: %w", err)
	}
	return nil
}

// runDedupStep runs one step of measureDedup in this process.
func (b *bench) runDedupStep(ctx context.Context) error {
	var t task
	if err := json.Unmarshal([]byte(b.merge.task), &t); err != nil {
		return fmt.Errorf("step %q: read task: %w", b.step, err)
	}
	switch b.step {
	case "dedup-copies":
		return withConnection(ctx, t.Tables, preparing, 2, func(run func(string) error) error { return run(copiesScript) })
	case dedupWindow:
		return withConnection(ctx, t.Tables, b.memory, b.threads, func(run func(string) error) error { return run(windowScript) })
	default:
		return b.dedupOurs(ctx, t)
	}
}

func (b *bench) dedupOurs(ctx context.Context, t task) (err error) {
	tables, err := openTables(t.Tables, b.memory, b.threads)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tables.Close()) }()
	began := time.Now()
	lap := func(what string) {
		fmt.Fprintf(os.Stderr, "%s: %.1f s\n", what, time.Since(began).Seconds())
		began = time.Now()
	}
	plan, err := tables.PlanDedup(ctx)
	if err != nil {
		return err
	}
	lap(fmt.Sprintf("planned to remove %d of %d rows", plan.Excess.Total(), plan.Rows))
	order := ledger.DedupOrder{
		ID: "bench", Excess: plan.Excess.Total(), Days: plan.Days, OrderedAt: lastDay, ExpiresAt: time.Now().Add(time.Hour),
	}
	if _, err := tables.SnapshotTracks(ctx, order); err != nil {
		return err
	}
	lap("snapshot")
	if _, err := tables.ApplyDedup(ctx, order); err != nil {
		return err
	}
	lap("removed and verified")
	if err := tables.VerifyDedup(ctx, order); err != nil {
		return err
	}
	lap("verified again")
	return nil
}
