package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// mergeFlags say what -merge measures.
type mergeFlags struct {
	sizes, from, task string
	batch             int
	late              bool
}

// The merges that are compared.
const (
	mergeOurs = "merge-ours"
	mergeScan = "merge-scan"
	mergeDBT  = "merge-dbt"
)

// settling is how many of our merges come before the measured ones: the first into new
// tables put together the small row groups that growing left at the end of each day.
const settling = 2

// task is what a step works on. It travels to the step's process as JSON.
type task struct {
	// Tables is the warehouse file.
	Tables string `json:"tables"`
	// Rows is how many tracks begins with.
	Rows int64 `json:"rows"`
	// Windows are delivered or merged.
	Windows []window.Window `json:"windows"`
	// From is "flushed" or "scattered".
	From string `json:"from"`
	// Batch is the number of events in a window.
	Batch int `json:"batch"`
	// Late says that some of its new events are of any age.
	Late bool `json:"late"`
	// Short rows have 0.6 KB instead of 1.2.
	Short bool `json:"short"`
}

// touched is what a merge's process read and wrote, the system's cache included.
type touched struct {
	ReadMB    int64 `json:"readMB"`
	WrittenMB int64 `json:"writtenMB"`
}

// merges are one kind of merges of windows with re-deliveries of one kind, and what
// they took.
type merges struct {
	step, from string
	windows    []window.Window
	costs      []cost
	touched    touched
}

func (b *bench) measureMerges(ctx context.Context) error {
	fmt.Printf("%d events merged, 5 %% of them re-deliveries, half of those months old; medians; %s memory, %d threads\n\n",
		b.merge.batch, b.memory, b.threads)
	fmt.Printf("%-8s %-12s %-12s %5s %9s %9s %9s %9s %11s %12s %12s\n", "tracks", "merge", "months old", "runs",
		"CPU s", "wall s", "peak MB", "read MB", "written MB", "v smallest", "v dbt's")
	var smallest []cost
	for size := range strings.SplitSeq(b.merge.sizes, ",") {
		millions, err := strconv.ParseInt(size, 10, 64)
		if err != nil {
			return fmt.Errorf("read -merge: %w", err)
		}
		measured, err := b.measureSize(ctx, millions*1_000_000)
		if err != nil {
			return err
		}
		for i, m := range measured {
			if len(smallest) < len(measured) {
				smallest = append(smallest, median(m.costs))
			}
			c, dbt := median(m.costs), median(measured[len(measured)-1].costs)
			fmt.Printf("%-8s %-12s %-12s %5d %9.2f %9.2f %9d %9d %11d %12.2f %12.3f\n", size+" M", m.step, m.from, len(m.costs),
				c.cpu.Seconds(), c.wall.Seconds(), c.rssMB, m.touched.ReadMB, m.touched.WrittenMB,
				c.cpu.Seconds()/smallest[i].cpu.Seconds(), c.cpu.Seconds()/dbt.cpu.Seconds())
		}
	}
	return nil
}

// planned are the merges into tables of one size in their order. Ours come first: the
// others keep no keys.
func (b *bench) planned() []*merges {
	var all []*merges
	froms := strings.Split(b.merge.from, ",")
	for _, from := range froms {
		all = append(all, &merges{step: mergeOurs, from: from})
	}
	all = append(all, &merges{step: mergeScan, from: froms[0]}, &merges{step: mergeDBT, from: froms[0]})
	next := windows(settling + len(all)*b.runs)
	for i, m := range all {
		n := b.runs
		if i == 0 {
			n += settling
		}
		m.windows, next = next[:n], next[n:]
	}
	return all
}

// measureSize makes tables of one size and measures all merges into them.
func (b *bench) measureSize(ctx context.Context, rows int64) ([]*merges, error) {
	t := task{Tables: filepath.Join(b.dir, "tables", "warehouse.duckdb"), Rows: rows, Batch: b.merge.batch, Late: b.merge.late, Short: b.short}
	if err := os.MkdirAll(filepath.Dir(t.Tables), 0o750); err != nil {
		return nil, fmt.Errorf("create directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(filepath.Dir(t.Tables)) }()
	if _, _, err := b.give(ctx, "merge-grow", t); err != nil {
		return nil, err
	}
	all := b.planned()
	for _, m := range all {
		t.From, t.Windows = m.from, m.windows
		if _, _, err := b.give(ctx, "merge-deliver", t); err != nil {
			return nil, err
		}
	}
	for _, m := range all {
		if err := b.mergeAll(ctx, t.Tables, m); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// mergeAll merges windows, each in a process of its own.
func (b *bench) mergeAll(ctx context.Context, tables string, m *merges) error {
	for i, w := range m.windows {
		c, output, err := b.give(ctx, m.step, task{Tables: tables, Windows: []window.Window{w}})
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s, %s: %.2f CPU s\n", m.step, m.from, c.cpu.Seconds())
		if i < len(m.windows)-b.runs {
			continue
		}
		m.costs = append(m.costs, c)
		if err := json.Unmarshal(output, &m.touched); err != nil {
			return fmt.Errorf("read what %s touched: %w", m.step, err)
		}
	}
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
