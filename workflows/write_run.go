package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
)

// writing is one run of WriteTracks, as its kind of write sees it.
type writing struct {
	settings Settings
	kind     writeKind
	progress WriteProgress
	result   WriteResult
}

// WriteProgress answers the progress query of WriteTracks.
type WriteProgress struct {
	// What is being written, in words.
	What string `json:"what"`
	// Step is what the run is doing, in words.
	Step string `json:"step"`
	// Since is when the run began, and with that took the lock.
	Since time.Time `json:"since"`
	// For is the workflow id of the run that asked for the write, and ForRun its run id.
	For    string `json:"for,omitempty"`
	ForRun string `json:"forRun,omitempty"`
	// Done of Of parts are written, where a write has several.
	Done int `json:"done,omitempty"`
	Of   int `json:"of,omitempty"`
	// Notes are what a person should know although nothing failed.
	Notes []string `json:"notes,omitempty"`
}

func (w *writing) setup(ctx workflow.Context, all *Workflows, in WriteInput) error {
	settings, err := all.pin(ctx)
	if err != nil {
		return err
	}
	w.settings = settings
	if w.kind = in.kind(); w.kind == nil {
		return invalidInput("WriteTracks is started by other workflows, with exactly one kind of write; to load and merge an hour, start HourlyTracks")
	}
	info := workflow.GetInfo(ctx)
	if id := info.WorkflowExecution.ID; id != WriterID(settings.Table) {
		return invalidInput("WriteTracks runs only under the workflow id %q, which keeps writers apart; this is %q", WriterID(settings.Table), id)
	}
	w.progress = WriteProgress{What: w.kind.what(), Since: info.WorkflowStartTime.UTC()}
	if parent := info.ParentWorkflowExecution; parent != nil {
		w.progress.For, w.progress.ForRun = parent.ID, parent.RunID
	}
	w.at(ctx, "starting")
	return workflow.SetQueryHandlerWithOptions(ctx, ProgressQuery,
		func() (WriteProgress, error) { return w.progress, nil },
		workflow.QueryHandlerOptions{Description: "What is written to the table, for which run and since when"})
}

// run waits for what an earlier writer may have left at work in the warehouse, and
// then writes.
func (w *writing) run(ctx workflow.Context) (*WriteResult, error) {
	var drained contract.DrainResult
	err := w.do(ctx, "let earlier writers finish", contract.DrainWriters, contract.DrainInput{}, &drained)
	if err != nil {
		return nil, named("let earlier writers finish", err)
	}
	for _, job := range drained.Jobs {
		w.note(ctx, "waited for a job that outlived its run: "+job)
	}
	if err := w.kind.run(ctx, w); err != nil {
		return nil, named(w.kind.what(), err)
	}
	w.at(ctx, "done")
	return &w.result, nil
}

// do runs one activity of the write, which a cancelled run waits for. An activity
// that takes nothing, or returns nothing, has nil for it.
func (w *writing) do(ctx workflow.Context, step, activity string, in, out any) error {
	w.at(ctx, step)
	ctx = w.settings.writing(ctx, step)
	if in == nil {
		return workflow.ExecuteActivity(ctx, activity).Get(ctx, out)
	}
	return workflow.ExecuteActivity(ctx, activity, in).Get(ctx, out)
}

// at says where the write is, in the query and in the UI.
func (w *writing) at(ctx workflow.Context, step string) {
	w.progress.Step = step
	workflow.SetCurrentDetails(ctx, w.progress.markdown())
}

// parts says how much of a write in several parts is done.
func (w *writing) parts(ctx workflow.Context, done, of int) {
	w.progress.Done, w.progress.Of = done, of
	workflow.SetCurrentDetails(ctx, w.progress.markdown())
}

// note keeps something a person should know although nothing failed.
func (w *writing) note(ctx workflow.Context, note string) {
	w.progress.Notes = append(w.progress.Notes, note)
	workflow.SetCurrentDetails(ctx, w.progress.markdown())
}

// markdown is what the UI shows as current details.
func (p WriteProgress) markdown() string {
	lines := []string{"### " + p.What, "", "**" + p.Step + "**", ""}
	if p.Of > 0 {
		lines = append(lines, fmt.Sprintf("- %d of %d parts are done", p.Done, p.Of))
	}
	lines = append(lines, "- Holds the lock since "+p.Since.Format(time.DateTime)+" UTC")
	if p.For != "" {
		lines = append(lines, fmt.Sprintf("- Asked for by %s (run %s)", p.For, p.ForRun))
	}
	for _, note := range p.Notes {
		lines = append(lines, "- Note: "+note)
	}
	return strings.Join(lines, "\n")
}
