package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// cost is what one process took.
type cost struct {
	cpu, wall time.Duration
	rssMB     int64
}

// measure runs all steps in turn, so that a noisy minute hits ours and the floor alike.
func (b *bench) measure(ctx context.Context) error {
	costs := make(map[string][]cost)
	for run := range b.runs {
		for _, pattern := range []string{"warehouse.duckdb*", "floor.duckdb*", "staging"} {
			left, err := filepath.Glob(filepath.Join(b.dir, pattern))
			if err != nil {
				return fmt.Errorf("find tables of the run before: %w", err)
			}
			for _, path := range left {
				if err := os.RemoveAll(path); err != nil {
					return fmt.Errorf("remove tables of the run before: %w", err)
				}
			}
		}
		for _, step := range steps {
			c, err := b.process(ctx, step)
			if err != nil {
				return err
			}
			costs[step] = append(costs[step], c)
		}
		fmt.Fprintf(os.Stderr, "run %d of %d done\n", run+1, b.runs)
	}
	b.print(costs)
	return nil
}

func (b *bench) process(ctx context.Context, step string) (cost, error) {
	c, _, err := b.child(ctx, step)
	return c, err
}

// child runs one step in a process of its own and returns what it cost and printed.
func (b *bench) child(ctx context.Context, step string, arguments ...string) (cost, []byte, error) {
	self, err := os.Executable()
	if err != nil {
		return cost{}, nil, fmt.Errorf("find own binary: %w", err)
	}
	arguments = append([]string{"-step", step, "-dir", b.dir, "-memory", b.memory, "-threads", strconv.Itoa(b.threads)}, arguments...)
	var output bytes.Buffer
	command := exec.CommandContext(ctx, self, arguments...) //nolint:gosec // itself
	command.Stdout, command.Stderr = &output, os.Stderr
	began := time.Now()
	if err := command.Run(); err != nil {
		return cost{}, nil, fmt.Errorf("step %s: %w", step, err)
	}
	usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return cost{}, nil, fmt.Errorf("step %s: this system does not tell what a process used", step)
	}
	return cost{
		cpu:  command.ProcessState.UserTime() + command.ProcessState.SystemTime(),
		wall: time.Since(began), rssMB: usage.Maxrss >> 10,
	}, output.Bytes(), nil
}

func (b *bench) print(costs map[string][]cost) {
	fmt.Printf("%d events, medians of %d runs\n\n", b.events, b.runs)
	fmt.Printf("%-12s %10s %22s %12s %10s\n", "step", "CPU s", "CPU s / million rows", "rows/s", "peak MB")
	cpu := make(map[string]time.Duration)
	for _, step := range steps {
		c := median(costs[step])
		cpu[step] = c.cpu
		fmt.Printf("%-12s %10.2f %22.1f %12.0f %10d\n", step, c.cpu.Seconds(),
			c.cpu.Seconds()*1e6/float64(b.events), float64(b.events)/c.wall.Seconds(), c.rssMB)
	}
	ours, floor := cpu["stage"]+cpu["commit"]+cpu["merge"], cpu["floor-load"]+cpu["floor-merge"]
	fmt.Printf("\nours %.2f CPU s, floor %.2f CPU s: %.2f times the floor\n", ours.Seconds(), floor.Seconds(), ours.Seconds()/floor.Seconds())
}

// median takes each figure's own median.
func median(costs []cost) cost {
	return cost{
		cpu:   middle(costs, func(c cost) time.Duration { return c.cpu }),
		wall:  middle(costs, func(c cost) time.Duration { return c.wall }),
		rssMB: middle(costs, func(c cost) int64 { return c.rssMB }),
	}
}

func middle[T int64 | time.Duration](costs []cost, of func(cost) T) T {
	values := make([]T, len(costs))
	for i, c := range costs {
		values[i] = of(c)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
