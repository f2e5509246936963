package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/span"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// HourlyProgress answers the progress query.
type HourlyProgress struct {
	Window window.Window `json:"window"`
	// Step is what the run is doing, in words.
	Step      string              `json:"step"`
	Objects   int                 `json:"objects,omitempty"`
	Bytes     int64               `json:"bytes,omitempty"`
	Rows      *ledger.Rows        `json:"rows,omitempty"`
	Freshness *contract.Freshness `json:"freshness,omitempty"`
	Merge     *ledger.Merge       `json:"merge,omitempty"`
	Cost      *ledger.Cost        `json:"cost,omitempty"`
	Preview   *ledger.Preview     `json:"preview,omitempty"`
	Notes     []string            `json:"notes,omitempty"`
}

// at says where the run is, in the query and in the UI.
func (h *hourly) at(ctx workflow.Context, step string) {
	h.progress.Step = step
	workflow.SetCurrentDetails(ctx, h.progress.markdown())
}

// note keeps something a person should know although nothing failed.
func (h *hourly) note(ctx workflow.Context, note string) {
	h.progress.Notes = append(h.progress.Notes, note)
	h.result.Notes = h.progress.Notes
	workflow.SetCurrentDetails(ctx, h.progress.markdown())
}

func (h *hourly) noteExport(ctx workflow.Context, found export.Export) {
	if len(found.Ignored) > 0 {
		h.note(ctx, fmt.Sprintf("%d objects of the folder do not belong to the export, first %s", len(found.Ignored), found.Ignored[0]))
	}
	if len(found.Vanished) > 0 {
		h.note(ctx, fmt.Sprintf("%d objects were deleted during the wait, first %s", len(found.Vanished), found.Vanished[0]))
	}
}

// markdown is what the UI shows as current details.
func (p HourlyProgress) markdown() string {
	lines := []string{
		fmt.Sprintf("### %s to %s UTC", p.Window.Start().Format("2006-01-02 15:04"), p.Window.End().Format("15:04")),
		"", "**" + p.Step + "**", "",
	}
	line := func(format string, args ...any) { lines = append(lines, fmt.Sprintf("- "+format, args...)) }
	if p.Objects > 0 {
		line("Export: %d objects, %.1f MB", p.Objects, float64(p.Bytes)/1e6)
	}
	if p.Rows != nil {
		line("Rows: %d read = %d loaded + %d rejected", p.Rows.Read, p.Rows.Loaded, p.Rows.Rejected)
		if n := p.Rows.Mended.Total(); n > 0 {
			line("Payloads: %d places mended that no warehouse can store", n)
		}
	}
	if p.Freshness != nil {
		line("Freshness: %s, loaded %s after the hour's end", p.Freshness.Status, span.Text(p.Freshness.WindowLag))
	}
	if p.Merge != nil {
		line("Merge: %d loaded = %d inserted + %d updated + %d unchanged + %d collided + %d before cutover",
			p.Merge.Total(), p.Merge.Inserted, p.Merge.Updated, p.Merge.Unchanged, p.Merge.Collided, p.Merge.BeforeCutover)
	}
	if p.Cost != nil {
		line("Cost: %.1f MB billed, %.1f slot seconds, about $%.4f", float64(p.Cost.BytesBilled)/1e6, float64(p.Cost.SlotMillis)/1e3, p.Cost.USD)
	}
	if p.Preview != nil {
		lines = append(lines, previewLines(*p.Preview)...)
	}
	for _, note := range p.Notes {
		line("Note: %s", note)
	}
	return strings.Join(lines, "\n")
}
