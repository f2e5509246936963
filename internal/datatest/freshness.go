package datatest

import (
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// freshness is dbt's source freshness: the age of the largest value of a column,
// strictly greater than the thresholds. No value at all is infinitely old, and one in
// the future is young.
type freshness struct{}

func (freshness) question(t Test, now time.Time) (warehouse.Question, error) {
	from, to := t.span(now)
	return warehouse.Question{
		Task: "checks", Step: "newest",
		Tables:  map[string]string{"table": t.Table},
		Columns: map[string]string{"column": t.Column},
		Scopes:  map[string]warehouse.Scope{"scope": {Where: t.Where, Events: t.Events, Column: t.Timestamp, From: from, To: to}},
	}, nil
}

func (freshness) judge(t Test, now time.Time, rows [][]any) (Verdict, error) {
	if len(rows) != 1 {
		return Verdict{}, fmt.Errorf("%d rows instead of one", len(rows))
	}
	row := cellsOf(rows[0])
	micros, found := row.known(0)
	if row.err != nil {
		return Verdict{}, row.err
	}
	v := Verdict{Status: Pass, Expectation: limits(t)}
	newest := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC) // dbt's "infinitely long ago"
	v.Message = fmt.Sprintf("%s has no %s at all", t.Table, t.Column)
	if found {
		newest = time.UnixMicro(micros).UTC()
		v.Message = fmt.Sprintf("the newest %s of %s is of %s", t.Column, t.Table, newest.Format(time.RFC3339))
	}
	// Seconds, for Go's durations end at 292 years.
	age := float64(now.UnixMicro()-newest.UnixMicro()) / 1e6
	v.Value = new(age)
	switch {
	case t.ErrorAfter > 0 && age > t.ErrorAfter.Length().Seconds():
		v.Status, v.Failures = Fail, 1
	case t.WarnAfter > 0 && age > t.WarnAfter.Length().Seconds():
		v.Status, v.Failures = Warn, 1
	}
	return v, nil
}

func limits(t Test) string {
	switch {
	case t.ErrorAfter == 0:
		return fmt.Sprintf("at most %s old, in seconds", t.WarnAfter)
	case t.WarnAfter == 0:
		return fmt.Sprintf("at most %s old, in seconds", t.ErrorAfter)
	default:
		return fmt.Sprintf("at most %s old, in seconds; fails at %s", t.WarnAfter, t.ErrorAfter)
	}
}
