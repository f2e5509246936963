package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// at says where the run is, in the query and in the UI.
func (d *dedup) at(ctx workflow.Context, state DedupState, step string) {
	d.result.State, d.result.Step = state, step
	workflow.SetCurrentDetails(ctx, d.result.markdown())
}

// note keeps something a person should know.
func (d *dedup) note(ctx workflow.Context, note string) {
	d.result.Notes = append(d.result.Notes, note)
	workflow.SetCurrentDetails(ctx, d.result.markdown())
}

// DedupCauses are the causes of excess rows in words, with their counts.
func DedupCauses(c ledger.DedupCounts) []string {
	var lines []string
	for _, cause := range []struct {
		rows int64
		what string
	}{
		{c.SameDay, "copies on the day of the event"},
		{c.AcrossDays, "copies on another day"},
		{c.Backfill, "copies on the other side of the cutover (an insert-only backfill)"},
		{c.DoubleRun, "the same delivery written twice (a merge that ran twice)"},
		{c.Collided, "another event_name or user_id (to merge_rejects)"},
		{c.NoKey, "without event_id (to merge_rejects)"},
	} {
		if cause.rows > 0 {
			lines = append(lines, fmt.Sprintf("%d %s", cause.rows, cause.what))
		}
	}
	return lines
}

// markdown is what the UI shows as current details.
func (r DedupResult) markdown() string {
	lines := []string{"### Dedup: " + string(r.State), "", "**" + r.Step + "**", ""}
	line := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if p := r.Plan; p != nil {
		line("- %d rows of %d events: %d are excess", p.Rows, p.Events, p.Excess.Total())
		for _, cause := range DedupCauses(p.Excess) {
			line("  - %s", cause)
		}
		line("- %d events have several rows. The newest content stays: by event_inserted_at (NULL lowest), then the load's stamp, then the content's hash", p.Repeated)
		line("- %d of them get the created_at of their first delivery", p.Rewritten)
		if p.DiskNeeded > 0 {
			line("- The snapshot needs %.2f GB of disk, %.2f GB are free", float64(p.DiskNeeded)/1e9, float64(p.DiskFree)/1e9)
		}
		if p.Bytes > 0 {
			line("- It reads %.2f GB, for about $%.2f", float64(p.Bytes)/1e9, p.CostUSD)
		}
		for _, day := range p.Days[:min(shown, len(p.Days))] {
			line("- %s: %d", day.Day, day.Total())
		}
		if more := len(p.Days) - shown; more > 0 {
			line("- and %d more days", more)
		}
	}
	if r.Snapshot != nil {
		line("- Snapshot: `%s`, until %s UTC", r.Snapshot.Name, r.Snapshot.ExpiresAt.Format("2006-01-02 15:04"))
	}
	if r.Dedup != nil {
		line("- Removed %d rows, %d of them to merge_rejects; %d events rewritten, %d rows left", r.Dedup.Removed, r.Dedup.Rejected, r.Dedup.Rewritten, r.Dedup.Rows)
	}
	if r.Rollback != nil {
		line("- Rolled back: %d rows restored, %d rows now", r.Rollback.Restored, r.Rollback.Rows)
	}
	for _, note := range r.Notes {
		line("- Note: %s", note)
	}
	if r.Approve != nil {
		line("\nTo go on, send the update `approve` with\n\n    {\"excess\": %d}", r.Approve.Excess)
	}
	return strings.Join(lines, "\n")
}
