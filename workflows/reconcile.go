package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/reconcile"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// ReconcileAction is what ids of reconciliations begin with; the schedule appends the
// nominal time, the command line the day.
const ReconcileAction = "reconcile"

// ReconcileInput is what ReconcileExports can be told. Nothing at all is fine.
type ReconcileInput struct {
	// Days is how many days back the bucket is compared; 0 means the configured number.
	Days int `json:"days,omitempty"`
	// Action is "report" or "reload"; empty means the configured one.
	Action string `json:"action,omitempty"`
}

// UnmarshalJSON refuses fields that do not exist.
func (in *ReconcileInput) UnmarshalJSON(text []byte) error {
	type plain ReconcileInput
	return strictly(text, (*plain)(in))
}

// reconcileDays is how far back one reconciliation may look.
const reconcileDays = 400

func (in *ReconcileInput) resolve(settings Settings) error {
	if in.Days == 0 {
		in.Days = settings.ReconcileDays
	}
	if in.Action == "" {
		in.Action = settings.ReconcileAction
	}
	if in.Days < 1 || in.Days > reconcileDays {
		return invalidInput("days %d is not from 1 to %d", in.Days, reconcileDays)
	}
	if in.Action != contract.ActionReport && in.Action != contract.ActionReload {
		return invalidInput(`action %q is neither "report" nor "reload"`, in.Action)
	}
	return nil
}

// ReconcileResult is what a reconciliation found and did.
type ReconcileResult struct {
	// From and To are the first and the last hour that were compared.
	From   window.Window `json:"from"`
	To     window.Window `json:"to"`
	Action string        `json:"action"`
	// Found says in words how many hours are in which state.
	Found []string `json:"found"`
	// Findings are the hours, each with the object that gave it away. Only the first
	// of many are listed; More is how many are not.
	Findings []reconcile.Finding `json:"findings,omitempty"`
	More     int                 `json:"more,omitempty"`
	// Mendable is how many hours a reload mends.
	Mendable int `json:"mendable"`
	// Reload is the input that reloads them, as JSON to paste.
	Reload string `json:"reload,omitempty"`
	// Reloaded is what the reload did; nil when there was none.
	Reloaded *ReloadResult `json:"reloaded,omitempty"`
}

// ReconcileProgress answers the progress query.
type ReconcileProgress struct {
	// Step is what the run is doing, in words.
	Step string `json:"step"`
	ReconcileResult
}

// reconcileExports compares the last days of the bucket with the ledger, and reloads
// what came late, was rewritten, or was never loaded or merged.
func (w *Workflows) reconcileExports(ctx workflow.Context, in ReconcileInput) (*ReconcileResult, error) {
	c := &reconciliation{in: in}
	if err := c.setup(ctx, w); err != nil {
		return nil, err
	}
	return c.run(ctx)
}

// reconciliation is one run of ReconcileExports.
type reconciliation struct {
	settings Settings
	in       ReconcileInput
	progress ReconcileProgress
}

func (c *reconciliation) setup(ctx workflow.Context, w *Workflows) error {
	settings, err := w.pin(ctx)
	if err != nil {
		return err
	}
	c.settings = settings
	if err := c.in.resolve(settings); err != nil {
		return err
	}
	// Hours whose export may still be awaited are the schedule's.
	c.progress.To = window.Before(workflow.Now(ctx).Add(-settings.ExportMaxWait))
	c.progress.From = window.Before(c.progress.To.End().Add(-time.Duration(c.in.Days)*24*time.Hour + window.Length))
	c.progress.Action = c.in.Action
	c.at(ctx, "starting")
	return workflow.SetQueryHandlerWithOptions(ctx, ProgressQuery,
		func() (ReconcileProgress, error) { return c.progress, nil },
		workflow.QueryHandlerOptions{Description: "Which step the reconciliation is at, and what it found"})
}

func (c *reconciliation) run(ctx workflow.Context) (*ReconcileResult, error) {
	found, err := compareRange(ctx, c.settings, c.progress.From, c.progress.To.Next(), func(step string) { c.at(ctx, step) })
	if err != nil {
		return nil, named("compare the bucket with the ledger", err)
	}
	const most = 100
	findings := mendableFirst(found.findings)
	listed := min(most, len(findings))
	c.progress.Findings, c.progress.More = findings[:listed], len(findings)-listed
	c.progress.Found = found.words()
	windows := found.windows(func(s reconcile.State) bool { return s.Missing() || s.Changed() })
	c.progress.Mendable = len(windows)
	if len(windows) == 0 {
		c.at(ctx, "done: nothing to reload")
		return &c.progress.ReconcileResult, nil
	}
	c.progress.Reload = windowsInput(windows)
	if c.in.Action == contract.ActionReport {
		c.at(ctx, "done: reported only")
		return &c.progress.ReconcileResult, nil
	}
	reloaded, err := c.reload(ctx, windows)
	if err != nil {
		return nil, named("reload what was found", err)
	}
	c.progress.Reloaded = reloaded
	c.at(ctx, "done")
	return &c.progress.ReconcileResult, nil
}

// reload starts ReloadWindows. A reload that is running already is waited for: it
// may be about other hours.
func (c *reconciliation) reload(ctx workflow.Context, windows []window.Window) (*ReloadResult, error) {
	options := workflow.ChildWorkflowOptions{
		WorkflowID:            ReloadID,
		TaskQueue:             c.settings.TaskQueue,
		WaitForCancellation:   true,
		ParentClosePolicy:     parentCloseRequestCancel,
		WorkflowIDReusePolicy: reuseAllow,
		StaticSummary:         fmt.Sprintf("%d hours that %s found", len(windows), workflow.GetInfo(ctx).WorkflowExecution.ID),
	}
	wait := pauses{next: c.settings.WritePoll, longest: longestPause}
	for {
		c.at(ctx, fmt.Sprintf("reloading %d hours, see workflow %s", len(windows), ReloadID))
		var result ReloadResult
		child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, options), ReloadWindows, ReloadInput{Windows: windows})
		err := child.Get(ctx, &result)
		if !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			return &result, err
		}
		c.at(ctx, "waiting for another reload, see workflow "+ReloadID)
		timer := workflow.NewTimerWithOptions(ctx, wait.grow(), workflow.TimerOptions{Summary: "another reload is running, see workflow " + ReloadID})
		if err := timer.Get(ctx, nil); err != nil {
			return nil, err
		}
	}
}

// at says where the run is, in the query and in the UI.
func (c *reconciliation) at(ctx workflow.Context, step string) {
	c.progress.Step = step
	workflow.SetCurrentDetails(ctx, c.progress.markdown())
}

// mendableFirst puts hours without any object last: there may be very many of them,
// and nothing here mends them.
func mendableFirst(findings []reconcile.Finding) []reconcile.Finding {
	absent := func(f reconcile.Finding) bool { return f.State == reconcile.Absent }
	sorted := slices.DeleteFunc(slices.Clone(findings), absent)
	for _, f := range findings {
		if absent(f) {
			sorted = append(sorted, f)
		}
	}
	return sorted
}

// markdown is what the UI shows as current details.
func (p ReconcileProgress) markdown() string {
	lines := []string{fmt.Sprintf("### %s to %s UTC", p.From, p.To), "", "**" + p.Step + "**", ""}
	line := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, found := range p.Found {
		line("- %s", found)
	}
	for _, finding := range p.Findings[:min(shown, len(p.Findings))] {
		if finding.State == reconcile.Absent {
			line("- %s %s", finding.Window, finding.State)
			continue
		}
		line("- %s %s, %d objects, first %s", finding.Window, finding.State, finding.Objects, finding.Detail)
	}
	if p.Reload != "" {
		line("\nThe input of `%s` for them:\n\n    %s", ReloadWindows, p.Reload)
	}
	return strings.Join(lines, "\n")
}
