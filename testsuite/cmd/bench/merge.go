package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// mergeFlags say what -merge measures.
type mergeFlags struct {
	sizes, from, task string
	batch             int
	late              bool
}

// The merges that are compared. Ours has a copy of the tables to itself: the others
// keep no keys.
const (
	mergeOurs = "merge-ours"
	mergeScan = "merge-scan"
	mergeDBT  = "merge-dbt"
)

// settling is how many of our merges come before the measured ones: the first into new
// tables cost more than those that follow.
const settling = 2

// task is what a step works on. It travels to the step's process as JSON.
type task struct {
	// Tables is the warehouse file.
	Tables string `json:"tables"`
	// Rows is how many tracks begins with.
	Rows int64 `json:"rows"`
	// Windows are delivered or merged; the number of the first says which draw of
	// re-deliveries it gets.
	Windows []window.Window `json:"windows"`
	// From is "flushed" or "scattered".
	From string `json:"from"`
	// Batch is the number of events in a window.
	Batch int `json:"batch"`
	// Late says that some of its new events are of any age.
	Late bool `json:"late"`
}

// touched is what a merge's process read and wrote, the system's cache included.
type touched struct {
	ReadMB    int64 `json:"readMB"`
	WrittenMB int64 `json:"writtenMB"`
}

// merges are the measurements of one kind of merge into tracks of one size.
type merges struct {
	costs   []cost
	touched touched
}

func (b *bench) measureMerges(ctx context.Context) error {
	fmt.Printf("%d events merged, 5 %% of them re-deliveries, half of those months old; medians; %s memory, %d threads\n",
		b.merge.batch, b.memory, b.threads)
	for from := range strings.SplitSeq(b.merge.from, ",") {
		smallest := make(map[string]cost)
		fmt.Printf("\nmonths-old re-deliveries %s\n\n%-10s %-12s %5s %9s %9s %9s %9s %11s %14s\n", from,
			"tracks", "merge", "runs", "CPU s", "wall s", "peak MB", "read MB", "written MB", "CPU v smallest")
		for size := range strings.SplitSeq(b.merge.sizes, ",") {
			millions, err := strconv.ParseInt(size, 10, 64)
			if err != nil {
				return fmt.Errorf("read -merge: %w", err)
			}
			measured, err := b.measureSize(ctx, from, millions*1_000_000)
			if err != nil {
				return err
			}
			for _, step := range []string{mergeOurs, mergeScan, mergeDBT} {
				c := median(measured[step].costs)
				if _, ok := smallest[step]; !ok {
					smallest[step] = c
				}
				fmt.Printf("%-10s %-12s %5d %9.2f %9.2f %9d %9d %11d %14.2f\n", size+" M", step, len(measured[step].costs),
					c.cpu.Seconds(), c.wall.Seconds(), c.rssMB, measured[step].touched.ReadMB, measured[step].touched.WrittenMB,
					c.cpu.Seconds()/smallest[step].cpu.Seconds())
			}
			ours := median(measured[mergeOurs].costs)
			fmt.Printf("%-10s ours is %.2f times ours at the smallest size, 1/%.0f of dbt's MERGE\n", size+" M",
				ours.cpu.Seconds()/smallest[mergeOurs].cpu.Seconds(),
				median(measured[mergeDBT].costs).cpu.Seconds()/ours.cpu.Seconds())
		}
	}
	return nil
}

// measureSize measures all merges into tracks of one size, a round of each at a time.
func (b *bench) measureSize(ctx context.Context, from string, rows int64) (map[string]*merges, error) {
	runs := b.runs
	if rows >= 50_000_000 {
		runs = min(runs, 3)
	}
	ours := task{Tables: filepath.Join(b.dir, "tables", "warehouse.duckdb"), Rows: rows, From: from, Batch: b.merge.batch, Late: b.merge.late}
	theirs := ours
	theirs.Tables = filepath.Join(b.dir, "theirs", "warehouse.duckdb")
	defer func() { _ = os.RemoveAll(filepath.Dir(ours.Tables)); _ = os.RemoveAll(filepath.Dir(theirs.Tables)) }()
	ours.Windows, theirs.Windows = windows(settling+runs), windows(2*runs)
	if err := b.prepare(ctx, ours, theirs); err != nil {
		return nil, err
	}
	for _, w := range ours.Windows[:settling] {
		if _, _, err := b.give(ctx, mergeOurs, task{Tables: ours.Tables, Windows: []window.Window{w}}); err != nil {
			return nil, err
		}
	}
	measured := map[string]*merges{mergeOurs: {}, mergeScan: {}, mergeDBT: {}}
	for run := range runs {
		for step, t := range map[string]task{
			mergeOurs: {Tables: ours.Tables, Windows: ours.Windows[settling+run : settling+run+1]},
			mergeScan: {Tables: theirs.Tables, Windows: theirs.Windows[2*run : 2*run+1]},
			mergeDBT:  {Tables: theirs.Tables, Windows: theirs.Windows[2*run+1 : 2*run+2]},
		} {
			c, output, err := b.give(ctx, step, t)
			if err != nil {
				return nil, err
			}
			measured[step].costs = append(measured[step].costs, c)
			if err := json.Unmarshal(output, &measured[step].touched); err != nil {
				return nil, fmt.Errorf("read what %s touched: %w", step, err)
			}
		}
		fmt.Fprintf(os.Stderr, "%s, %d rows: run %d of %d done\n", from, rows, run+1, runs)
	}
	return measured, nil
}

// prepare makes the tables, a copy of them, and delivers the windows to both.
func (b *bench) prepare(ctx context.Context, ours, theirs task) error {
	began := time.Now()
	for _, t := range []task{ours, theirs} {
		if err := os.MkdirAll(filepath.Dir(t.Tables), 0o750); err != nil {
			return fmt.Errorf("create directory: %w", err)
		}
	}
	if _, _, err := b.give(ctx, "merge-grow", ours); err != nil {
		return err
	}
	if err := copyFile(ours.Tables, theirs.Tables); err != nil {
		return err
	}
	for _, t := range []task{ours, theirs} {
		if _, _, err := b.give(ctx, "merge-deliver", t); err != nil {
			return err
		}
	}
	fmt.Fprintf(os.Stderr, "%s, %d rows: made in %v\n", ours.From, ours.Rows, time.Since(began).Round(time.Second))
	return nil
}

// give runs a step on a task in a process of its own.
func (b *bench) give(ctx context.Context, step string, t task) (cost, []byte, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return cost{}, nil, fmt.Errorf("encode task: %w", err)
	}
	return b.child(ctx, step, "-task", string(text))
}

// windows are the first n hours after what tracks holds.
func windows(n int) []window.Window {
	all := make([]window.Window, n)
	w, err := window.Starting(lastDay)
	if err != nil {
		panic(err) // it is a constant
	}
	for i := range all {
		all[i], w = w, w.Next()
	}
	return all
}

func copyFile(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copy tables: %w", err)
	}
	defer func() { _ = source.Close() }()
	target, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("copy tables: %w", err)
	}
	if _, err := io.Copy(target, source); err != nil {
		_ = target.Close()
		return fmt.Errorf("copy tables: %w", err)
	}
	return target.Close()
}
