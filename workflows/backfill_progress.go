package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// RetryUpdate puts failed days of a backfill back into its list.
const RetryUpdate = "retry"

// Retry names days that failed; none means all of them.
type Retry struct {
	Days []window.Day `json:"days,omitempty"`
}

// UnmarshalJSON refuses fields that do not exist.
func (r *Retry) UnmarshalJSON(text []byte) error {
	type plain Retry
	return strictly(text, (*plain)(r))
}

// BackfillProgress answers the progress query.
type BackfillProgress struct {
	DryRun bool `json:"dryRun"`
	// Step is what the run is doing, in words.
	Step string `json:"step"`
	// Day is the one that is being done.
	Day window.Day `json:"day,omitempty"`
	BackfillState
	// PerHour is how many days are done in an hour, Left how long the rest takes at
	// that rate.
	PerHour float64       `json:"perHour,omitempty"`
	Left    time.Duration `json:"left,omitempty"`
	// Again is the input that does what failed and what is left.
	Again string `json:"again,omitempty"`
}

// listen answers the query and takes the updates.
func (b *backfill) listen(ctx workflow.Context) error {
	err := workflow.SetQueryHandlerWithOptions(ctx, ProgressQuery,
		func() (BackfillProgress, error) { return b.progress(workflow.Now(ctx)), nil },
		workflow.QueryHandlerOptions{Description: "How many days are done, what became of their rows, how long the rest takes"})
	if err != nil {
		return err
	}
	if err := b.state.Pace.steer(ctx, func(ctx workflow.Context) { b.at(ctx, b.step) }); err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, RetryUpdate, b.retry, workflow.UpdateHandlerOptions{
		Description: `Try failed days again after the rest. {"days": ["2026-03-01"]}, or {} for all of them`,
		Validator:   b.mayRetry,
	})
}

// mayRetry refuses a retry as a whole when it cannot be done as a whole.
func (b *backfill) mayRetry(retry Retry) error {
	if len(b.state.Failed) == 0 {
		return invalidInput("no day has failed")
	}
	for _, day := range retry.Days {
		if !slices.ContainsFunc(b.state.Failed, func(failed FailedDay) bool { return failed.Day == day }) {
			return invalidInput("day %s has not failed", day)
		}
	}
	return nil
}

func (b *backfill) retry(ctx workflow.Context, retry Retry) (string, error) {
	var kept []FailedDay
	before := len(b.state.Todo)
	for _, failed := range b.state.Failed {
		if len(retry.Days) == 0 || slices.Contains(retry.Days, failed.Day) {
			b.state.Todo = append(b.state.Todo, failed.PlannedDay)
		} else {
			kept = append(kept, failed)
		}
	}
	b.state.Failed = kept
	b.at(ctx, b.step)
	return fmt.Sprintf("%d days are tried again", len(b.state.Todo)-before), nil
}

func (b *backfill) progress(now time.Time) BackfillProgress {
	over := b.state.Done + len(b.state.Failed)
	p := BackfillProgress{
		DryRun: b.in.dry(), Step: b.step, Day: b.day, BackfillState: b.state,
		PerHour: b.state.Pace.perHour(over, now), Left: b.state.Pace.left(over, b.state.Planned-over, now),
	}
	if len(b.state.Failed) > 0 || len(b.state.Todo) > 0 {
		p.Again = b.again()
	}
	return p
}

// at says where the run is, in the query and in the UI.
func (b *backfill) at(ctx workflow.Context, step string) {
	b.step = step
	workflow.SetCurrentDetails(ctx, b.progress(workflow.Now(ctx)).markdown())
}

// markdown is what the UI shows as current details.
func (p BackfillProgress) markdown() string {
	head := "### %d of %d days done"
	if p.DryRun {
		head = "### Dry run: %d of %d days counted"
	}
	lines := []string{fmt.Sprintf(head, p.Done, p.Planned), ""}
	line := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if p.Pace.paused() {
		line("**Paused** since %s: %s", p.Pace.PausedSince.UTC().Format("2006-01-02 15:04"), p.Pace.Why)
	} else {
		line("**%s**", p.Step)
	}
	line("")
	line("- %s", rowsText(p.Rows, p.DryRun))
	if p.DoneBefore > 0 {
		line("- %d days were done by an earlier backfill", p.DoneBefore)
	}
	if p.PerHour > 0 {
		line("- %.1f days an hour, %v left at that rate", p.PerHour, p.Left)
	}
	for _, failed := range p.Failed[:min(shown, len(p.Failed))] {
		line("- %s failed: %s: %s", failed.Day, failed.Type, failed.Detail)
	}
	if len(p.Failed) > 0 {
		line("\nTo do what failed and what is left:\n\n    %s", p.Again)
	}
	return strings.Join(lines, "\n")
}

// rowsText says in one line what became of the rows.
func rowsText(r ledger.Backfilled, dry bool) string {
	inserted := "inserted"
	if dry {
		inserted = "to insert"
	}
	return fmt.Sprintf("%d rows = %d %s (%d MB) + %d already there + %d duplicate + %d collided + %d rejected",
		r.Read, r.Inserted, inserted, r.Bytes>>20, r.Present, r.Duplicate, r.Collided, r.Rejected)
}
