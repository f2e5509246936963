// Package datatest holds the data tests: what they are declared as, what they ask
// the warehouse, and how the answers are judged. The judgements are plain Go, so
// that a verdict can be followed without a warehouse.
//
// A test is a question (warehouse.Question) and a judgement of its answer. All
// times are UTC.
package datatest

import (
	"fmt"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// Status is how a test ended.
type Status string

// The statuses. Error is a test that could not be run, which is no verdict on the
// data; NoData is one that has too little to go by.
const (
	Pass   Status = "pass"
	Warn   Status = "warn"
	Fail   Status = "fail"
	Error  Status = "error"
	NoData Status = "no data"
	Gated  Status = "gated"
)

// Bad reports whether somebody has to look.
func (s Status) Bad() bool { return s == Warn || s == Fail || s == Error }

// worse orders the statuses that open an incident.
func (s Status) worse(than Status) bool { return s.Bad() && s != Warn && than == Warn }

// Result is one run of one test.
type Result struct {
	Test     string   `json:"test"`
	Kind     Kind     `json:"kind"`
	Table    string   `json:"table,omitempty"`
	Severity Severity `json:"severity"`
	Status   Status   `json:"status"`
	// Failures is what warn_if and error_if are about, 0 when the test passes.
	Failures int64 `json:"failures"`
	// Value is the measured figure, in the unit that Expectation names.
	Value *float64 `json:"value,omitempty"`
	// Expectation says what Value had to be.
	Expectation string `json:"expectation,omitempty"`
	// Message is for people: names, counts and times, never event data.
	Message string `json:"message"`
	// Sample are a few of what failed: ids of events, windows, days or buckets.
	Sample []string `json:"sample,omitempty"`
	// Bytes is what the warehouse read, where it says so; BytesLimit is the cap.
	Bytes      int64     `json:"bytes"`
	BytesLimit int64     `json:"bytesLimit"`
	CheckedAt  time.Time `json:"checkedAt"`
}

// Verdict is what an answer says, before severity and conditions.
type Verdict struct {
	// Failures is the count that the conditions are about.
	Failures int64
	// Status is set when the verdict does not depend on conditions: NoData, or the
	// status of kinds that have thresholds of their own.
	Status      Status
	Value       *float64
	Expectation string
	Message     string
	Sample      []string
}

// check is a kind at work on one test.
type check interface {
	// question is what to ask the warehouse as of now.
	question(t Test, now time.Time) (warehouse.Question, error)
	// judge reads the answer to that question.
	judge(t Test, now time.Time, rows [][]any) (Verdict, error)
}

// Question is what the test asks the warehouse as of now.
func (t Test) Question(now time.Time) (warehouse.Question, error) {
	q, err := kinds[t.Kind].check.question(t, now)
	if err != nil {
		return warehouse.Question{}, fmt.Errorf("test %s: %w", t.Name, err)
	}
	q.MaxBytes = int64(t.MaxBytes)
	return q, nil
}

// Judge turns the answer to Question into the test's result.
func (t Test) Judge(now time.Time, answer warehouse.Answer) (Result, error) {
	verdict, err := kinds[t.Kind].check.judge(t, now, answer.Rows)
	if err != nil {
		return Result{}, fmt.Errorf("test %s: %w", t.Name, err)
	}
	return t.Conclude(now, verdict, answer.Bytes), nil
}

// Conclude decides the status as dbt does: a test of severity error fails by
// error_if, else warns by warn_if; one of severity warn never looks at error_if; and
// what passes has no failures.
func (t Test) Conclude(now time.Time, v Verdict, bytes int64) Result {
	r := t.blank(now)
	r.Status, r.Failures, r.Value, r.Expectation = v.Status, v.Failures, v.Value, v.Expectation
	r.Message, r.Sample, r.Bytes = v.Message, v.Sample, bytes
	if r.Status == "" {
		switch {
		case t.Severity == SeverityError && t.ErrorIf.Holds(v.Failures):
			r.Status = Fail
		case t.WarnIf.Holds(v.Failures):
			r.Status = Warn
		default:
			r.Status, r.Failures = Pass, 0
		}
	}
	if r.Status == Fail && t.Severity == SeverityWarn {
		r.Status = Warn
	}
	return r
}

// longest is how much of an engine's explanation people are shown, in runes.
const longest = 400

// Broken is the result of a test that could not be run. Engines explain themselves on
// many lines, which fit into no table.
func (t Test) Broken(now time.Time, why string) Result {
	r := t.blank(now)
	r.Status, r.Message = Error, strings.Join(strings.Fields(why), " ")
	if runes := []rune(r.Message); len(runes) > longest {
		r.Message = string(runes[:longest]) + " …"
	}
	return r
}

// Shut is the result of a test whose gate is not open.
func (t Test) Shut(now time.Time) Result {
	r := t.blank(now)
	r.Status, r.Message = Gated, fmt.Sprintf("not run until %s has succeeded", t.Gate)
	return r
}

// Idle is the result of a test that lacks a setting.
func (t Test) Idle(now time.Time) Result {
	r := t.blank(now)
	r.Status, r.Message = NoData, "not run until "+t.Missing+" is set"
	return r
}

func (t Test) blank(now time.Time) Result {
	return Result{
		Test: t.Name, Kind: t.Kind, Table: t.Table, Severity: t.Severity,
		BytesLimit: int64(t.MaxBytes), CheckedAt: now.UTC(),
	}
}

// Sticky keeps a test that failed before from looking well when there is now too
// little to go by: it stays failed until it is seen to pass.
func (r Result) Sticky(previous Status) Result {
	if r.Status == NoData && (previous == Fail || previous == Warn) {
		r.Status = previous
		r.Message += "; it failed before, and stays failed until it is seen to pass"
	}
	return r
}

// plural spells a count with its noun.
func plural(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
