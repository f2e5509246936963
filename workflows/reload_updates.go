package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// The updates that only ReloadWindows takes.
const (
	SkipUpdate        = "skip"
	ConcurrencyUpdate = "concurrency"
)

// Skip takes hours out of a reload.
type Skip struct {
	Windows []window.Window `json:"windows"`
	Reason  string          `json:"reason"`
}

// UnmarshalJSON refuses fields that do not exist.
func (s *Skip) UnmarshalJSON(text []byte) error {
	type plain Skip
	return strictly(text, (*plain)(s))
}

// Concurrency is how many hours are loaded at a time from now on.
type Concurrency struct {
	Concurrency int `json:"concurrency"`
}

// UnmarshalJSON refuses fields that do not exist.
func (c *Concurrency) UnmarshalJSON(text []byte) error {
	type plain Concurrency
	return strictly(text, (*plain)(c))
}

// listen answers the query and takes the updates.
func (r *reload) listen(ctx workflow.Context) error {
	err := workflow.SetQueryHandlerWithOptions(ctx, ProgressQuery,
		func() (ReloadProgress, error) { return r.progress(workflow.Now(ctx)), nil },
		workflow.QueryHandlerOptions{Description: "How many hours are done, which are being loaded, how long the rest takes"})
	if err != nil {
		return err
	}
	if err := r.state.Pace.steer(ctx, func(ctx workflow.Context) { r.at(ctx, r.step) }); err != nil {
		return err
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, SkipUpdate, r.skip, workflow.UpdateHandlerOptions{
		Description: `Take out hours that have not begun, or that wait for another run. {"windows": ["2026-06-12T10"], "reason": "why"}`,
		Validator:   r.maySkip,
	})
	if err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, ConcurrencyUpdate,
		func(ctx workflow.Context, wanted Concurrency) (string, error) {
			r.state.Concurrency = wanted.Concurrency
			r.at(ctx, r.step)
			return fmt.Sprintf("%d hours at a time", wanted.Concurrency), nil
		},
		workflow.UpdateHandlerOptions{
			Description: `How many hours are loaded at a time from now on. {"concurrency": 4}`,
			Validator:   func(wanted Concurrency) error { return validConcurrency(wanted.Concurrency) },
		})
}

// maySkip refuses a skip as a whole when it cannot be done as a whole.
func (r *reload) maySkip(skip Skip) error {
	if skip.Reason == "" || len(skip.Windows) == 0 {
		return invalidInput(`say which hours and why: {"windows": ["2026-06-12T10"], "reason": "…"}`)
	}
	for _, w := range skip.Windows {
		if !slices.Contains(r.state.Todo, w) && r.waitingFor(w) == nil {
			return invalidInput("hour %s is being loaded, is done, or was never asked for; to stop one that is being loaded, cancel %s", w, HourlyID(w))
		}
	}
	return nil
}

func (r *reload) skip(ctx workflow.Context, skip Skip) (string, error) {
	for _, w := range skip.Windows {
		if hour := r.waitingFor(w); hour != nil {
			hour.skipped = skip.Reason
			continue
		}
		before := len(r.state.Todo)
		r.state.Todo = slices.DeleteFunc(slices.Clone(r.state.Todo), func(todo window.Window) bool { return todo == w })
		if len(r.state.Todo) < before {
			r.state.Skipped = append(r.state.Skipped, SkippedWindow{Window: w, Reason: skip.Reason})
		}
	}
	r.at(ctx, r.step)
	return fmt.Sprintf("%d hours skipped", len(skip.Windows)), nil
}

// waitingFor is the hour when it has begun and waits for another run, else nil.
func (r *reload) waitingFor(w window.Window) *reloading {
	for _, hour := range r.running {
		if hour.window == w && hour.waiting && hour.skipped == "" {
			return hour
		}
	}
	return nil
}
