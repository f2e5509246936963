package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// What an hour and a calm worker may take.
const (
	eventsAllowed = 200
	growthAllowed = 1.25 // of the memory, from the first half of the calm to the second
	filesAllowed  = 8    // more open files in the second half than in the first
)

// gauge is what the worker took in the calm, in the order of time.
type gauge struct{ memory, files []float64 }

var (
	memoryLine = regexp.MustCompile(`(?m)^process_resident_memory_bytes (\S+)$`)
	filesLine  = regexp.MustCompile(`(?m)^process_open_fds (\S+)$`)
)

// measure reads the worker's own metrics in the calm, until ctx ends.
func (s *soak) measure(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
		s.mu.RLock()
		calm := s.calm
		s.mu.RUnlock()
		if !calm {
			continue
		}
		_, metrics, err := s.rig.Get(ctx, "/metrics")
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the soak is over
		}
		if err != nil {
			return err
		}
		for line, to := range map[*regexp.Regexp]*[]float64{memoryLine: &s.gauge.memory, filesLine: &s.gauge.files} {
			found := line.FindStringSubmatch(metrics)
			if found == nil {
				return fmt.Errorf("the worker does not tell %s", line)
			}
			value, err := strconv.ParseFloat(found[1], 64)
			if err != nil {
				return fmt.Errorf("read metrics: %w", err)
			}
			*to = append(*to, value)
		}
	}
}

// judge prints what was measured and fails when something is not as it must be.
func (s *soak) judge(ctx context.Context) error {
	var wrong []error
	events := make([]int64, len(s.runs))
	var slowest time.Duration
	for i, run := range s.runs {
		events[i] = run.Events
		slowest = max(slowest, run.Took)
	}
	if len(events) == 0 {
		return errors.New("no hour was run")
	}
	slices.Sort(events)
	fmt.Printf("\n%d hours in %v, the slowest in %v\n", len(s.runs), s.length, slowest.Round(time.Second))
	fmt.Printf("kills: %v; the bucket spoilt %d of %d requests\n", s.kills, s.bucket.spoilt.Load(), s.bucket.requests.Load())
	fmt.Printf("history events of an hour: median %d, most %d\n", events[len(events)/2], events[len(events)-1])
	if most := events[len(events)-1]; most >= eventsAllowed {
		wrong = append(wrong, fmt.Errorf("an hour has a history of %d events", most))
	}
	wrong = append(wrong, s.gauge.judge())
	proof, err := s.rig.Prove(ctx)
	if err != nil {
		return errors.Join(append(wrong, err)...)
	}
	for _, law := range proof {
		fmt.Printf("%s: %s\n", law.Name, law.Numbers)
		if !law.Holds {
			wrong = append(wrong, fmt.Errorf("it does not hold that %s: %s", law.Name, law.Numbers))
		}
	}
	return errors.Join(wrong...)
}

// judge compares the second half of the calm with the first.
func (g *gauge) judge() error {
	half := len(g.memory) / 2
	if half == 0 {
		return errors.New("there was no calm to measure the worker in; soak for longer")
	}
	before, after := slices.Max(g.memory[:half]), slices.Max(g.memory[half:])
	opened, open := slices.Max(g.files[:half]), slices.Max(g.files[half:])
	fmt.Printf("the worker in the calm: at most %.0f MB, then %.0f MB; at most %.0f open files, then %.0f\n", before/1e6, after/1e6, opened, open)
	if after > before*growthAllowed {
		return fmt.Errorf("memory grew from %.0f MB to %.0f MB", before/1e6, after/1e6)
	}
	if open > opened+filesAllowed {
		return fmt.Errorf("open files grew from %.0f to %.0f", opened, open)
	}
	return nil
}
