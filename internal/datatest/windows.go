package datatest

import (
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// windowGaps finds hours that were neither merged nor declared empty, since the
// first hour that was loaded: on a fresh installation there are none yet.
type windowGaps struct{}

func (windowGaps) question(t Test, now time.Time) (warehouse.Question, error) {
	from, to := hours(t, now)
	return warehouse.Question{
		Task: "check_windows", Step: "done",
		Bind: map[string]any{"from": from, "to": to},
	}, nil
}

func (windowGaps) judge(t Test, now time.Time, rows [][]any) (Verdict, error) {
	from, to := hours(t, now)
	done := make(map[time.Time]bool)
	var first time.Time
	for _, row := range rows {
		c := cellsOf(row)
		at, finished := c.instant(0), c.integer(1) > 0
		if earliest := c.instant(2); first.IsZero() {
			first = earliest
		}
		if c.err != nil {
			return Verdict{}, c.err
		}
		done[at] = finished
	}
	if first.IsZero() {
		message := "insufficient data: no window was loaded yet"
		if len(done) > 0 {
			message += fmt.Sprintf(", of %s tried", plural(int64(len(done)), "window"))
		}
		return Verdict{Status: NoData, Message: message}, nil
	}
	if first.After(from) {
		from = first
	}
	v := Verdict{Expectation: "0 hours"}
	for at := from; at.Before(to); at = at.Add(window.Length) {
		if done[at] {
			continue
		}
		v.Failures++
		v.Sample = appendSample(v.Sample, hourName(at))
	}
	v.Value = new(float64(v.Failures))
	v.Message = fmt.Sprintf("%s from %s to %s neither merged nor empty", plural(v.Failures, "hour"), hourName(from), hourName(to))
	return v, nil
}

// hours is the range of whole windows the test looks at: its end is at least the lag
// ago.
func hours(t Test, now time.Time) (from, to time.Time) {
	from, _ = t.span(now)
	to = now.Add(-t.Lag.Length())
	return from.UTC().Truncate(window.Length), to.UTC().Truncate(window.Length)
}

func hourName(at time.Time) string { return at.Format("2006-01-02T15") }

func appendSample(sample []string, key string) []string {
	if len(sample) >= sampled {
		return sample
	}
	return append(sample, key)
}
