package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// The updates a long run takes from a person while it works.
const (
	PauseUpdate  = "pause"
	ResumeUpdate = "resume"
)

// Because is why a person does something, for whoever looks next.
type Because struct {
	Reason string `json:"reason,omitempty"`
}

// UnmarshalJSON refuses fields that do not exist.
func (b *Because) UnmarshalJSON(text []byte) error {
	type plain Because
	return strictly(text, (*plain)(b))
}

// Pace is how a long run gets on: since when, and how much of that it was paused.
// It is carried from run to run when a run continues as new.
type Pace struct {
	Began time.Time `json:"began"`
	// PausedSince is zero unless the run is paused now.
	PausedSince time.Time `json:"pausedSince,omitzero"`
	// Why is the reason that was given for the pause.
	Why string `json:"why,omitempty"`
	// Paused is how long it was paused before that.
	Paused time.Duration `json:"paused,omitempty"`
}

// paused reports whether nothing new may be started.
func (p *Pace) paused() bool { return !p.PausedSince.IsZero() }

// active is how long the run has worked by now, pauses left out.
func (p *Pace) active(now time.Time) time.Duration {
	if p.paused() {
		now = p.PausedSince
	}
	return now.Sub(p.Began) - p.Paused
}

// perHour is the rate at which done things were done.
func (p *Pace) perHour(done int, now time.Time) float64 {
	active := p.active(now)
	if done == 0 || active <= 0 {
		return 0
	}
	return float64(done) / active.Hours()
}

// left is how long the rest takes at the rate so far, 0 when nobody can tell.
func (p *Pace) left(done, rest int, now time.Time) time.Duration {
	if done == 0 {
		return 0
	}
	return (p.active(now) / time.Duration(done) * time.Duration(rest)).Round(time.Second)
}

// steer answers pause and resume. changed is called after either.
func (p *Pace) steer(ctx workflow.Context, changed func(workflow.Context)) error {
	err := workflow.SetUpdateHandlerWithOptions(ctx, PauseUpdate,
		func(ctx workflow.Context, because Because) (string, error) {
			p.PausedSince, p.Why = workflow.Now(ctx), because.Reason
			changed(ctx)
			return "paused; what has begun is finished", nil
		},
		workflow.UpdateHandlerOptions{
			Description: `Start nothing new until resume; what has begun is finished. {"reason": "why"}`,
			Validator: func(because Because) error {
				switch {
				case because.Reason == "":
					return invalidInput(`say why: {"reason": "…"}`)
				case p.paused():
					return invalidInput("it is paused already: %s", p.Why)
				}
				return nil
			},
		})
	if err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, ResumeUpdate,
		func(ctx workflow.Context) (string, error) {
			p.Paused += workflow.Now(ctx).Sub(p.PausedSince)
			p.PausedSince, p.Why = time.Time{}, ""
			changed(ctx)
			return "goes on", nil
		},
		workflow.UpdateHandlerOptions{
			Description: "Go on after a pause. No input",
			Validator: func() error {
				if !p.paused() {
					return invalidInput("it is not paused")
				}
				return nil
			},
		})
}
