package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// DryRunID is the workflow id of an hour's dry runs. It is not the hour's own, so that
// a dry run never keeps the schedule from loading the hour.
func DryRunID(w window.Window) string { return "dry-run-" + HourlyID(w) }

// preview counts what the run would do to the tables. What was staged stays: the run
// that follows finds it.
func (h *hourly) preview(ctx workflow.Context, commit ledger.Commit) error {
	h.at(ctx, "counting what a merge would do")
	var preview ledger.Preview
	reading := h.settings.reading(ctx, "what merging "+h.result.Window.String()+" would do")
	err := workflow.ExecuteActivity(reading, contract.PreviewWindow,
		contract.CommitWindowInput{Commit: commit, RejectLimit: h.settings.RejectLimit}).Get(ctx, &preview)
	if err != nil {
		return named("count what a merge would do", err)
	}
	h.result.Rows, h.result.Preview = preview.Rows, &preview
	h.progress.Rows, h.progress.Preview = &h.result.Rows, &preview
	if preview.Unmerged != "" {
		h.note(ctx, fmt.Sprintf("load %s of this hour was never merged; a run merges it first, which can change the counts", preview.Unmerged))
	}
	h.at(ctx, "done: a dry run, nothing was written")
	return nil
}

// mostDays is how many days the UI lists; the result has all of them.
const mostDays = 20

// previewLines are Markdown.
func previewLines(p ledger.Preview) []string {
	m := p.Merge
	lines := []string{
		fmt.Sprintf("- A run would insert %d, update %d, skip %d as unchanged or older, refuse %d as collisions and leave %d from before the cutover",
			m.Inserted, m.Updated, m.Unchanged, m.Collided, m.BeforeCutover),
	}
	if e := p.Estimate; e != nil {
		lines = append(lines, fmt.Sprintf("- It would read %.1f MB in %d statements, about $%.4f", float64(e.Bytes)/1e6, len(e.Steps), e.USD))
	}
	if c := p.Spent; c != nil {
		lines = append(lines, fmt.Sprintf("- Finding this out billed %.1f MB, about $%.4f", float64(c.BytesBilled)/1e6, c.USD))
	}
	if len(p.Days) == 0 {
		return lines
	}
	lines = append(lines, "", "| Day of tracks | to insert | to update |", "|---|---|---|")
	for _, day := range p.Days[:min(len(p.Days), mostDays)] {
		lines = append(lines, fmt.Sprintf("| %s | %d | %d |", day.Day, day.Inserted, day.Updated))
	}
	if more := len(p.Days) - mostDays; more > 0 {
		lines = append(lines, fmt.Sprintf("| and %d more days | | |", more))
	}
	return append(lines, "")
}
