package workflows

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// What the runbook shows of the UI is what the UI shows.
func TestWhatTheRunbookShows(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../docs/runbook.md")
	require.NoError(t, err)
	tenth, err := window.Parse("2026-06-12T10")
	require.NoError(t, err)
	for name, shown := range map[string]string{
		"a dedup that waits": DedupResult{
			State: DedupPlanned, Step: "waiting for somebody to approve the plan; nothing has been changed",
			Plan: &ledger.DedupPlan{
				Rows: 3_128_800_000, Events: 3_100_000_000, Repeated: 28_600_000, Rewritten: 900_000,
				Excess: ledger.DedupCounts{SameDay: 19_000_000, AcrossDays: 800_000, Backfill: 8_990_000, Collided: 10_000},
				Bytes:  1_412_000_000_000, CostUSD: 8.03,
				Days: []ledger.DedupDay{
					{Day: "2026-03-10", DedupCounts: ledger.DedupCounts{SameDay: 9_500_000, AcrossDays: 800_000, Backfill: 8_990_000}},
					{Day: "2026-03-11", DedupCounts: ledger.DedupCounts{SameDay: 9_500_000, Collided: 10_000}},
				},
			},
			Approve: &Approval{Excess: 28_800_000},
		}.markdown(),
		"a backfill under way": BackfillProgress{
			Step: "day 2025-07-19, 5440211 rows", Day: "2025-07-19", PerHour: 41.2, Left: 5*time.Hour + 44*time.Minute,
			BackfillState: BackfillState{
				Planned: 315, Done: 79,
				Rows: ledger.Backfilled{Read: 430_000_000, Inserted: 429_100_000, Present: 640_000, Duplicate: 250_000, Collided: 9_900, Rejected: 100, Bytes: 499 << 30},
			},
		}.markdown(),
		"a reload under way": ReloadProgress{
			Step: "loading", PerHour: 38.5, Left: 24 * time.Minute,
			Running: []RunningWindow{{Window: tenth, WorkflowID: "hourly-2026-06-12T11:00:00Z"}},
			ReloadState: ReloadState{
				Planned: 24, Loaded: 8, Empty: 1, Concurrency: 2,
				Rows: ledger.Merge{Inserted: 1_801_223, Updated: 412, Unchanged: 5_120, Collided: 3},
			},
		}.markdown(),
	} {
		block := "```text\n" + shown + "\n```"
		assert.Contains(t, string(content), block, "docs/runbook.md does not show %s as it is", name)
	}
}
