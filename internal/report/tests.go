package report

import (
	"cmp"
	"slices"

	"github.com/posthog-tracks/posthog-tracks/internal/overview"
)

// Test is a data test with where its last run is.
type Test struct {
	overview.TestResult

	Link string
}

// Cost is what one step of the pipeline used in the report's days.
type Cost struct {
	Step string
	// Runs counts loads, or runs of tests.
	Runs int64
	// Read is what was read, Billed what the warehouse charges for, in bytes.
	Read, Billed int64
	USD          float64
	// Priced is whether what it cost was booked; of data tests only what they read is.
	Priced bool
}

// urgency orders statuses, the worst first.
var urgency = []string{"fail", "error", "warn", "no data", "gated", "pass"}

// showTests fills the page with data tests, the worst first.
func (p *Page) showTests(tests []overview.TestResult) {
	slices.SortStableFunc(tests, func(a, b overview.TestResult) int {
		return cmp.Compare(slices.Index(urgency, a.Status), slices.Index(urgency, b.Status))
	})
	for i := range tests {
		p.Tests = append(p.Tests, Test{TestResult: tests[i], Link: p.link(tests[i].WorkflowID, tests[i].RunID)})
	}
}

// showCosts sums up what each step used.
func (p *Page) showCosts() {
	tests := Cost{Step: "data tests"}
	for i := range p.Tests {
		tests.Runs += p.Tests[i].Runs
		tests.Read += p.Tests[i].BytesAll
	}
	p.Costs = []Cost{
		{Step: "load and merge", Runs: int64(p.Total.Loads), Read: p.Total.BytesRead, Billed: p.Total.BytesBilled, USD: p.Total.USD, Priced: true},
		tests,
	}
}
