package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// ReloadProgress answers the progress query.
type ReloadProgress struct {
	// Step is what the run is doing, in words.
	Step string `json:"step"`
	ReloadState
	Running []RunningWindow `json:"running,omitempty"`
	// PerHour is how many hours of exports are done in an hour, Left how long the
	// rest takes at that rate.
	PerHour float64       `json:"perHour,omitempty"`
	Left    time.Duration `json:"left,omitempty"`
	// Again is the input that loads what failed and what is left.
	Again string `json:"again,omitempty"`
}

// RunningWindow is an hour that is being loaded.
type RunningWindow struct {
	Window     window.Window `json:"window"`
	WorkflowID string        `json:"workflowId"`
	Since      time.Time     `json:"since"`
	// Waiting says that another run of the hour has to end first.
	Waiting bool `json:"waiting,omitempty"`
}

func (r *reload) progress(now time.Time) ReloadProgress {
	done := r.state.done()
	p := ReloadProgress{
		Step: r.step, ReloadState: r.state,
		PerHour: r.state.Pace.perHour(done, now), Left: r.state.Pace.left(done, r.state.Planned-done, now),
	}
	for _, hour := range r.running {
		p.Running = append(p.Running, RunningWindow{Window: hour.window, WorkflowID: HourlyID(hour.window), Since: hour.began, Waiting: hour.waiting})
	}
	if len(r.state.Failed) > 0 || len(r.state.Todo) > 0 {
		p.Again = r.again()
	}
	return p
}

// booked adds an hour that was loaded.
func (r *reload) booked(result HourlyResult) {
	if result.Status == ledger.Empty {
		r.state.Empty++
		return
	}
	r.state.Loaded++
	r.state.Rows = r.state.Rows.Plus(result.Merge)
}

// again is the input that loads what failed and what has not been loaded.
func (r *reload) again() string {
	windows := make([]window.Window, 0, len(r.state.Failed)+len(r.state.Todo))
	for _, failed := range r.state.Failed {
		windows = append(windows, failed.Window)
	}
	return windowsInput(append(windows, r.state.Todo...))
}

// windowsInput is the input of a reload of these hours, as JSON to paste.
func windowsInput(windows []window.Window) string {
	names := make([]string, len(windows))
	for i, w := range windows {
		names[i] = `"` + w.String() + `"`
	}
	return `{"windows": [` + strings.Join(names, ", ") + `]}`
}

// shortened keeps a thousand failures small enough for a result.
func shortened(detail string) string {
	const most = 160
	if runes := []rune(detail); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return detail
}

// at says where the run is, in the query and in the UI.
func (r *reload) at(ctx workflow.Context, step string) {
	r.step = step
	workflow.SetCurrentDetails(ctx, r.progress(workflow.Now(ctx)).markdown())
}

// shown is how many hours of a kind the UI lists.
const shown = 20

// markdown is what the UI shows as current details.
func (p ReloadProgress) markdown() string {
	lines := []string{fmt.Sprintf("### %d of %d hours done", p.done(), p.Planned), ""}
	line := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if p.Pace.paused() {
		line("**Paused** since %s: %s", p.Pace.PausedSince.UTC().Format("2006-01-02 15:04"), p.Pace.Why)
	} else {
		line("**%s**", p.Step)
	}
	line("")
	line("- %d loaded, %d empty, %d failed, %d skipped, %d at a time", p.Loaded, p.Empty, len(p.Failed), len(p.Skipped), p.Concurrency)
	if p.PerHour > 0 {
		line("- %.1f an hour, %v left at that rate", p.PerHour, p.Left)
	}
	line("- merged: %d inserted, %d updated, %d unchanged, %d collided, %d before cutover",
		p.Rows.Inserted, p.Rows.Updated, p.Rows.Unchanged, p.Rows.Collided, p.Rows.BeforeCutover)
	for _, found := range p.Found {
		line("- found: %s", found)
	}
	for _, hour := range p.Running {
		if hour.Waiting {
			line("- %s waits: %s is running already and has to end first", hour.Window, hour.WorkflowID)
		} else {
			line("- %s is loaded, see %s", hour.Window, hour.WorkflowID)
		}
	}
	for _, failed := range p.Failed[:min(shown, len(p.Failed))] {
		line("- %s failed: %s: %s", failed.Window, failed.Type, failed.Detail)
	}
	for _, skipped := range p.Skipped[:min(shown, len(p.Skipped))] {
		line("- %s skipped: %s", skipped.Window, skipped.Reason)
	}
	if len(p.Failed) > 0 {
		line("\nTo load what failed and what is left:\n\n    %s", p.Again)
	}
	return strings.Join(lines, "\n")
}
