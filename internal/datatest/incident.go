package datatest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/span"
)

// Incident is the time from a test's first bad result to its next good one. It is
// told of once, and once more when it is over.
type Incident struct {
	ID   string `json:"id"`
	Test string `json:"test"`
	// Status is how bad it is: warn, fail or error.
	Status   Status    `json:"status"`
	Message  string    `json:"message"`
	OpenedAt time.Time `json:"openedAt"`
	// AlertedAt and ResolvedAt are zero until then.
	AlertedAt  time.Time `json:"alertedAt,omitzero"`
	ResolvedAt time.Time `json:"resolvedAt,omitzero"`
}

// Changes are what a run's results do to the incidents.
type Changes struct {
	Open    []Incident
	Resolve []Incident
	// Supersede are those that got worse: another one is opened, and of these nobody
	// hears again.
	Supersede []Incident
}

// Incidents compares a run's results with the incidents that are open. A test that
// passes ends its incident; one that is bad opens one, unless it has one that is as
// bad; "no data" and "gated" change nothing. run makes the ids, so that a run that is
// told twice opens nothing twice.
func Incidents(run string, results []Result, open []Incident) Changes {
	var changes Changes
	for _, r := range results {
		has := false
		for _, i := range open {
			switch {
			case i.Test != r.Test:
			case r.Status == Pass:
				i.ResolvedAt = r.CheckedAt
				changes.Resolve = append(changes.Resolve, i)
			case r.Status.worse(i.Status):
				i.ResolvedAt = r.CheckedAt
				changes.Supersede = append(changes.Supersede, i)
			default:
				has = true
			}
		}
		if r.Status.Bad() && !has {
			changes.Open = append(changes.Open, Incident{
				ID: run + "/" + r.Test, Test: r.Test, Status: r.Status, Message: r.Message, OpenedAt: r.CheckedAt,
			})
		}
	}
	return changes
}

// Removed are the open incidents of tests that are declared no longer and had no part
// in the run: no run will see them pass. They end now, with a note.
func Removed(open []Incident, declared []Test, results []Result, now time.Time) []Incident {
	var removed []Incident
	for _, i := range open {
		if slices.ContainsFunc(declared, func(t Test) bool { return t.Name == i.Test }) ||
			slices.ContainsFunc(results, func(r Result) bool { return r.Test == i.Test }) {
			continue
		}
		i.ResolvedAt = now
		i.Message += "; closed because the test was removed"
		removed = append(removed, i)
	}
	return removed
}

// Text is what an alert says of the incident, with the command to run next; that is ""
// for a test that was removed. The text is "" for an incident that was over before
// anybody was told of it.
func (i Incident) Text(next string) string {
	lasted := func() string { return span.Text(i.ResolvedAt.Sub(i.OpenedAt)) }
	switch {
	case i.ResolvedAt.IsZero():
		return fmt.Sprintf(":red_circle: data test *%s*: %s\n%s\nSince %s. Next: `%s`",
			i.Test, i.Status, i.Message, i.OpenedAt.Format(time.RFC3339), cmp.Or(next, "starter check --list"))
	case i.AlertedAt.IsZero():
		return ""
	case next == "":
		return fmt.Sprintf(":large_green_circle: data test *%s*: closed after %s because the test was removed; it was: %s\nNext: nothing; `starter check --list` shows the tests that are left",
			i.Test, lasted(), i.Status)
	default:
		return fmt.Sprintf(":large_green_circle: data test *%s*: resolved after %s; it was: %s\nNext: nothing; `starter check --test %s` runs it again",
			i.Test, lasted(), i.Status, i.Test)
	}
}

// Summary counts results by status, for example "11 pass, 1 fail".
func Summary(results []Result) string {
	var parts []string
	for _, status := range []Status{Fail, Error, Warn, NoData, Gated, Pass} {
		n := 0
		for _, r := range results {
			if r.Status == status {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, status))
		}
	}
	if len(parts) == 0 {
		return "no tests"
	}
	return strings.Join(parts, ", ")
}

// Failed are the results that fail a run: those with status fail, and those of
// severity error that could not be run.
func Failed(results []Result) []Result {
	return slices.DeleteFunc(slices.Clone(results), func(r Result) bool {
		return r.Status != Fail && (r.Status != Error || r.Severity != SeverityError)
	})
}

// Table shows results in Markdown, the worst first.
func Table(results []Result) string {
	order := []Status{Fail, Error, Warn, NoData, Gated, Pass}
	sorted := slices.SortedStableFunc(slices.Values(results), func(a, b Result) int {
		return slices.Index(order, a.Status) - slices.Index(order, b.Status)
	})
	lines := []string{"| Status | Test | What |", "|---|---|---|"}
	for _, r := range sorted {
		lines = append(lines, fmt.Sprintf("| %s | %s | %s |", r.Status, r.Test, strings.ReplaceAll(r.Message, "|", "\\|")))
	}
	return strings.Join(lines, "\n")
}
