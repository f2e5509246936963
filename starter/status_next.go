package main

import (
	"fmt"
	"strings"

	"github.com/posthog-tracks/posthog-tracks/internal/overview"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// next is what somebody has to do, the most pressing first. Nothing is good news.
func (f *standing) next() []string {
	next := []string{}
	for _, problem := range f.Problems {
		next = append(next, problem+". `starter doctor` checks every connection")
	}
	next = append(next, f.nextForWorkers()...)
	next = append(next, f.nextForSchedules()...)
	next = append(next, f.nextForSilence()...)
	next = append(next, f.nextForHours()...)
	for i := range f.Failing {
		t := &f.Failing[i]
		next = append(next, fmt.Sprintf("test %s: %s (workflow %s; run it again with `starter check`)", t.Test, t.Message, t.WorkflowID))
	}
	return next
}

// nextForSilence is for a pipeline that has stood still for so long that none of the
// hours looked at has ever been tried, which must not look like none in trouble.
func (f *standing) nextForSilence() []string {
	if f.LastGood.IsZero() || len(f.Hours) > 0 {
		return nil
	}
	return []string{fmt.Sprintf("no hour was tried since %s: `starter reload --dry-run --from %s` shows what is missing", f.LastGood, f.LastGood.Next())}
}

func (f *standing) nextForWorkers() []string {
	var next []string
	for queue, n := range f.Workers {
		if n == 0 && !strings.HasSuffix(queue, "-load") {
			next = append(next, fmt.Sprintf("no worker polls task queue %s: start `worker`", queue))
		}
	}
	return next
}

func (f *standing) nextForSchedules() []string {
	var next []string
	if len(f.Schedules) == 0 && len(f.Problems) == 0 {
		next = append(next, "there is no schedule: run `starter schedules apply`")
	}
	for _, s := range f.Schedules {
		if s.Paused {
			note := ""
			if s.Note != "" {
				note = " (" + s.Note + ")"
			}
			next = append(next, fmt.Sprintf("schedule %s is paused%s: when that is over, `starter schedules resume %s`", s.ID, note, scheduleName(s.ID)))
		}
		if s.Missed > 0 {
			next = append(next, fmt.Sprintf("schedule %s missed %d runs while Temporal was away: run the hours shown as unknown", s.ID, s.Missed))
		}
	}
	return next
}

// atMost is how many hours are named before the rest is counted.
const atMost = 5

func (f *standing) nextForHours() []string {
	var next []string
	for i, t := range f.Trouble {
		if f.runs(t) {
			continue
		}
		if len(next) == atMost {
			return append(next, fmt.Sprintf("and %d hours more: `starter status --json` lists all", len(f.Trouble)-i))
		}
		next = append(next, t.next())
	}
	return next
}

// runs reports whether a run is at work on the hour.
func (f *standing) runs(t trouble) bool {
	for _, r := range f.Running {
		if r.ID == workflows.HourlyID(t.Window) {
			return true
		}
	}
	return false
}

func (t trouble) next() string {
	again := fmt.Sprintf("`starter hourly --window %s`", t.Window)
	switch t.State {
	case overview.Missing:
		return fmt.Sprintf("hour %s has no export: retry it in PostHog, then %s (docs/runbook.md, %s)", t.Window, again, t.Reason)
	case overview.Unmerged:
		return fmt.Sprintf("hour %s is loaded and not merged: %s", t.Window, again)
	case overview.Unknown:
		return fmt.Sprintf("hour %s never ran: %s", t.Window, again)
	default:
		if t.Reason == "" {
			return fmt.Sprintf("hour %s did not finish: %s", t.Window, again)
		}
		return fmt.Sprintf("hour %s failed with %s: see docs/runbook.md, then %s", t.Window, t.Reason, again)
	}
}
