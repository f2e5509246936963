package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/reconcile"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// reloadWindows loads hours again, a few at a time, each as a run of HourlyTracks
// under the id that all runs of the hour have.
func (w *Workflows) reloadWindows(ctx workflow.Context, in ReloadInput) (*ReloadResult, error) {
	r := &reload{in: in}
	if err := r.setup(ctx, w); err != nil {
		return nil, err
	}
	return r.run(ctx)
}

// reload is one run of ReloadWindows.
type reload struct {
	settings Settings
	in       ReloadInput
	state    ReloadState
	step     string
	// running are the hours that have begun, in the order in which they did.
	running []*reloading
	// begun counts them in this run, before it continues as new.
	begun int
}

// reloadChapter is how many hours one run begins before it continues as new. An
// hour takes about ten events of history, and more when it waits for another run.
const reloadChapter = 200

func (r *reload) setup(ctx workflow.Context, w *Workflows) error {
	settings, err := w.pin(ctx)
	if err != nil {
		return err
	}
	r.settings = settings
	if continued := r.in.Continued; continued != nil {
		r.state, r.in.Continued = *continued, nil
	} else {
		if err := r.in.resolve(ctx); err != nil {
			return err
		}
		r.state = ReloadState{Pace: Pace{Began: workflow.Now(ctx)}, Concurrency: r.in.Concurrency}
	}
	r.at(ctx, "starting")
	return r.listen(ctx)
}

func (r *reload) run(ctx workflow.Context) (*ReloadResult, error) {
	if r.state.Planned == 0 {
		if err := r.plan(ctx); err != nil {
			return nil, err
		}
	}
	if r.in.DryRun {
		r.at(ctx, "done: a dry run, nothing was loaded")
		return &ReloadResult{DryRun: true, Windows: r.state.Todo, ReloadState: r.state}, nil
	}
	if err := r.loadAll(ctx); err != nil {
		r.at(ctx, "cancelled")
		return nil, err
	}
	if len(r.state.Todo) > 0 {
		r.in.Windows, r.in.Continued = nil, &r.state
		return nil, workflow.NewContinueAsNewError(ctx, ReloadWindows, r.in)
	}
	return r.end(ctx)
}

// end fails the run when an hour failed, with all that a next one has to know.
func (r *reload) end(ctx workflow.Context) (*ReloadResult, error) {
	result := &ReloadResult{ReloadState: r.state}
	if len(r.state.Failed) == 0 {
		r.at(ctx, "done")
		return result, nil
	}
	r.at(ctx, fmt.Sprintf("done, but %d of %d hours failed", len(r.state.Failed), r.state.Planned))
	return nil, temporal.NewNonRetryableApplicationError(
		fmt.Sprintf("%d of %d hours failed, first %s: %s. To try them again, start ReloadWindows with %s",
			len(r.state.Failed), r.state.Planned, r.state.Failed[0].Window, r.state.Failed[0].Detail, r.again()),
		contract.ErrHoursFailed, nil, result)
}

// chunk is how many windows are compared by one activity.
const chunk = 31 * 24

// plan decides which hours are loaded.
func (r *reload) plan(ctx workflow.Context) error {
	r.state.Todo = slices.Clone(r.in.Windows)
	switch {
	case len(r.in.Windows) > 0:
	case r.in.Only == contract.OnlyAll:
		for w := r.in.From; !w.Start().After(r.in.To.Start()); w = w.Next() {
			r.state.Todo = append(r.state.Todo, w)
		}
	default:
		found, err := compareRange(ctx, r.settings, r.in.From, r.in.To.Next(), func(step string) { r.at(ctx, step) })
		if err != nil {
			return named("compare the bucket with the ledger", err)
		}
		r.state.Found = found.words()
		wanted := reconcile.State.Missing
		if r.in.Only == contract.OnlyChanged {
			wanted = reconcile.State.Changed
		}
		r.state.Todo = found.windows(wanted)
	}
	slices.SortFunc(r.state.Todo, func(a, b window.Window) int { return a.Start().Compare(b.Start()) })
	r.state.Todo = slices.Compact(r.state.Todo)
	if r.in.NewestFirst {
		slices.Reverse(r.state.Todo)
	}
	r.state.Planned = len(r.state.Todo)
	return nil
}

// loadAll begins hours as places become free, until all have begun or the history
// is long, and waits for those that have.
func (r *reload) loadAll(ctx workflow.Context) error {
	group := workflow.NewWaitGroup(ctx)
	defer group.Wait(ctx)
	for {
		r.at(ctx, "loading")
		err := workflow.Await(ctx, func() bool {
			free := !r.state.Pace.paused() && len(r.running) < r.state.Concurrency
			return len(r.running) == 0 && (len(r.state.Todo) == 0 || r.full(ctx)) || free && len(r.state.Todo) > 0 && !r.full(ctx)
		})
		switch {
		case err != nil:
			return err
		case len(r.state.Todo) == 0 || r.full(ctx):
			return nil
		}
		hour := &reloading{reload: r, window: r.state.Todo[0], began: workflow.Now(ctx)}
		r.state.Todo = r.state.Todo[1:]
		r.running = append(r.running, hour)
		r.begun++
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			hour.run(ctx)
		})
	}
}

// full reports whether the run's history is so long that the rest is another's.
func (r *reload) full(ctx workflow.Context) bool {
	return r.begun >= reloadChapter || workflow.GetInfo(ctx).GetContinueAsNewSuggested()
}

// reloading is one hour being loaded.
type reloading struct {
	reload *reload
	window window.Window
	began  time.Time
	// waiting says that another run of the hour has to end first.
	waiting bool
	// skipped is why somebody took it out meanwhile.
	skipped string
}

// run loads the hour. One that is running already is waited for and then loaded
// all the same: what runs may have looked into the bucket before it changed.
func (h *reloading) run(ctx workflow.Context) {
	r := h.reload
	wait := pauses{next: r.settings.WritePoll, longest: longestPause}
	for {
		result, err := h.load(ctx)
		if !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			h.over(ctx, result, err)
			return
		}
		h.waiting = true
		r.at(ctx, "loading")
		if _, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
			Timeout:      wait.grow(),
			TimerOptions: workflow.TimerOptions{Summary: HourlyID(h.window) + " is running already and has to end first"},
		}, func() bool { return h.skipped != "" }); err != nil || h.skipped != "" {
			h.over(ctx, HourlyResult{}, err)
			return
		}
	}
}

func (h *reloading) load(ctx workflow.Context) (HourlyResult, error) {
	r := h.reload
	options := workflow.ChildWorkflowOptions{
		WorkflowID:            HourlyID(h.window),
		TaskQueue:             r.settings.TaskQueue,
		WaitForCancellation:   true,
		ParentClosePolicy:     parentCloseRequestCancel,
		WorkflowIDReusePolicy: reuseAllow,
		StaticSummary:         "hour " + h.window.String() + ", loaded again by " + workflow.GetInfo(ctx).WorkflowExecution.ID,
	}
	in := HourlyInput{Window: h.window, RejectLimit: r.in.RejectLimit, WhenMissing: r.in.WhenMissing}
	var result HourlyResult
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, options), HourlyTracks, in)
	err := child.GetChildWorkflowExecution().Get(ctx, nil)
	if err == nil {
		h.waiting = false
		err = child.Get(ctx, &result)
	}
	return result, err
}

// over books the end of the hour. Hours that end because the reload is cancelled
// are neither loaded nor failed.
func (h *reloading) over(ctx workflow.Context, result HourlyResult, err error) {
	r := h.reload
	r.running = slices.DeleteFunc(r.running, func(other *reloading) bool { return other == h })
	switch {
	case h.skipped != "":
		r.state.Skipped = append(r.state.Skipped, SkippedWindow{Window: h.window, Reason: h.skipped})
	case err == nil:
		r.booked(result)
	case ctx.Err() != nil:
		r.state.Todo = append([]window.Window{h.window}, r.state.Todo...)
	default:
		kind, detail := reason(err)
		r.state.Failed = append(r.state.Failed, FailedWindow{Window: h.window, Type: kind, Detail: shortened(detail)})
	}
	r.at(ctx, "loading")
}
