package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func TestDryRunIsPrintedInFull(t *testing.T) {
	t.Parallel()
	preview := ledger.Preview{
		Merge:    ledger.Merge{Inserted: 15, Updated: 2, Unchanged: 3, Collided: 4, BeforeCutover: 5},
		Days:     []ledger.TouchedDay{{Day: "2026-03-01", Updated: 2}, {Day: "2026-06-12", Inserted: 15}},
		Estimate: &ledger.Estimate{Bytes: 80_000_000, USD: 0.0005, Steps: []ledger.StepEstimate{{Step: "merge-change-rows", Bytes: 80_000_000}}},
		Spent:    &ledger.Cost{BytesBilled: 10_000_000, USD: 0.0001},
	}
	for name, c := range map[string]struct {
		spoil func(*ledger.Preview)
		says  []string
	}{
		"on demand": {func(*ledger.Preview) {}, []string{
			"a dry run, nothing was written, 2 objects, 30 rows read = 29 loaded + 1 rejected",
			"would insert 15, update 2, skip 3 (unchanged or older), refuse 4 (collisions) and leave 5 (before cutover) = 29",
			"2026-03-01         0          2", "merge-change-rows  80.0 MB", "about $0.0005", "this dry run: 10.0 MB billed",
		}},
		"reserved slots": {func(p *ledger.Preview) { p.Estimate.USD = 0 }, []string{"80.0 MB read, on reserved slots"}},
		"nothing billed": {func(p *ledger.Preview) { p.Estimate, p.Spent = nil, nil }, []string{"cost: nothing"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := preview
			e := *preview.Estimate
			p.Estimate = &e
			c.spoil(&p)
			var out bytes.Buffer
			printHourly(&out, workflows.HourlyResult{
				DryRun: true, Preview: &p, Objects: 2, Rows: ledger.Rows{Read: 30, Loaded: 29, Rejected: 1},
			})
			for _, said := range c.says {
				assert.Contains(t, out.String(), said)
			}
		})
	}
}
