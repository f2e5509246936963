package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/posthog-tracks/posthog-tracks/internal/overview"
	"github.com/posthog-tracks/posthog-tracks/internal/span"
)

const minute = "2006-01-02 15:04"

// printStatus prints one screen.
func printStatus(out io.Writer, f *standing) {
	fmt.Fprintf(out, "%s at %s UTC\n\n", f.Table, f.At.Format(minute))
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(table, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	switch {
	case f.LastGood.IsZero():
		line("last good hour", "none yet")
	default:
		line("last good hour", "%s, which ended %s ago", f.LastGood, span.Text(f.At.Sub(f.LastGood.End())))
	}
	if !f.Newest.IsZero() {
		line("raw_tracks", "newest stamp %s ago: %s", span.Text(f.At.Sub(f.Newest)), f.Fresh)
	}
	line("hours", "%s", hoursText(f.Hours))
	f.printRunning(line)
	for _, s := range f.Schedules {
		line("schedule", "%s", s.text())
	}
	for _, queue := range slices.Sorted(maps.Keys(f.Workers)) {
		line("workers", "%d on %s", f.Workers[queue], queue)
	}
	line("tests", "%s", testsText(f.Tests))
	line("cost today", "$%.2f, %.1f GiB billed; data tests read %.1f GiB",
		f.Today.USD, float64(f.Today.BytesBilled)/(1<<30), float64(f.Today.TestsRead)/(1<<30))
	_ = table.Flush()
	if len(f.Next) == 0 {
		fmt.Fprintln(out, "\nNothing to do.")
		return
	}
	fmt.Fprintln(out, "\nTo do:")
	for _, next := range f.Next {
		fmt.Fprintln(out, " -", next)
	}
}

func (f *standing) printRunning(line func(name, format string, args ...any)) {
	if len(f.Running) == 0 {
		line("running", "nothing")
	}
	for _, r := range f.Running {
		name := "running"
		if r.Waits {
			name = "waiting"
		}
		step := r.Step
		if step == "" {
			step = r.Type
		}
		line(name, "%s since %s UTC: %s", r.ID, r.Since.UTC().Format(minute), step)
		if r.Held != "" {
			line("", "%s", r.Held)
		}
	}
}

func (s schedule) text() string {
	when := "no next run"
	switch {
	case s.Paused:
		when = "PAUSED"
	case !s.Next.IsZero():
		when = "next " + s.Next.Format(minute)
	}
	return fmt.Sprintf("%s: %s, %d started, %d missed, %d skipped", s.ID, when, s.Started, s.Missed, s.Skipped)
}

// testsText counts data tests by status, in the order of the alphabet.
func testsText(tests map[string]int) string {
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(tests)) {
		parts = append(parts, fmt.Sprintf("%d %s", tests[status], status))
	}
	if len(parts) == 0 {
		return "none in these days"
	}
	return strings.Join(parts, ", ")
}

// hoursText counts hours by state, the good ones first.
func hoursText(hours map[overview.State]int) string {
	var parts []string
	for _, state := range []overview.State{
		overview.OK, overview.Late, overview.Reloaded, overview.Empty, overview.Due,
		overview.Unmerged, overview.Missing, overview.Failed, overview.Unknown,
	} {
		if n := hours[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	if len(parts) == 0 {
		return "none in these days"
	}
	return strings.Join(parts, ", ")
}
