package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// backfillTracks takes the legacy history into the table, a day at a time. Each day
// takes the writer lock for itself, so that hourly merges get their turns between.
func (w *Workflows) backfillTracks(ctx workflow.Context, in BackfillInput) (*BackfillResult, error) {
	b := &backfill{in: in}
	if err := b.setup(ctx, w); err != nil {
		return nil, err
	}
	return b.run(ctx)
}

// backfill is one run of BackfillTracks.
type backfill struct {
	settings Settings
	in       BackfillInput
	state    BackfillState
	step     string
	// day is the one being done, begun how many this run has begun.
	day   window.Day
	begun int
	// took is how long the last write took, 0 when others have had their turn since.
	took time.Duration
}

// backfillChapter is how many days one run does before it continues as new. A day
// takes about twenty events of history, and more when it waits for its turn.
const backfillChapter = 60

func (b *backfill) setup(ctx workflow.Context, w *Workflows) error {
	settings, err := w.pin(ctx)
	if err != nil {
		return err
	}
	b.settings = settings
	if continued := b.in.Continued; continued != nil {
		b.state, b.in.Continued = *continued, nil
	} else {
		if err := b.in.resolve(); err != nil {
			return err
		}
		b.state = BackfillState{Pace: Pace{Began: workflow.Now(ctx)}, ID: workflow.GetInfo(ctx).WorkflowExecution.RunID}
	}
	b.at(ctx, "starting")
	return b.listen(ctx)
}

func (b *backfill) run(ctx workflow.Context) (*BackfillResult, error) {
	if b.state.Planned == 0 {
		if err := b.plan(ctx); err != nil {
			return nil, named("plan the backfill", err)
		}
	}
	for len(b.state.Todo) > 0 {
		if err := b.yield(ctx); err != nil {
			return nil, err
		}
		b.at(ctx, "between two days")
		if err := workflow.Await(ctx, func() bool { return !b.state.Pace.paused() }); err != nil {
			return nil, err
		}
		if b.begun >= backfillChapter || workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			b.in.Continued = &b.state
			return nil, workflow.NewContinueAsNewError(ctx, BackfillTracks, b.in)
		}
		if err := b.next(ctx); err != nil {
			b.at(ctx, "cancelled")
			return nil, err
		}
	}
	return b.end(ctx)
}

// plan decides which days are done.
func (b *backfill) plan(ctx workflow.Context) error {
	b.at(ctx, "counting days, and looking for events with several rows")
	var plan ledger.BackfillPlan
	writing := b.settings.writing(ctx, "plan the backfill")
	err := workflow.ExecuteActivity(writing, contract.PlanBackfill, ledger.BackfillRange{From: b.in.From, To: b.in.To}).Get(ctx, &plan)
	if err != nil {
		return err
	}
	b.state.Repeated = plan.Repeated
	for _, day := range plan.Days {
		switch wanted := len(b.in.Days) == 0 || slices.Contains(b.in.Days, day.Day); {
		case !wanted:
		case day.Done && !b.in.Again:
			b.state.DoneBefore++
		default:
			b.state.Todo = append(b.state.Todo, day)
		}
	}
	for _, named := range b.in.Days {
		if !slices.ContainsFunc(plan.Days, func(day ledger.PlannedDay) bool { return day.Day == named }) {
			return invalidInput("there are no rows of day %s", named)
		}
	}
	b.state.Planned = len(b.state.Todo)
	return nil
}

// next does one day. A day that fails is booked and does not keep others from being
// done; only a cancelled run is an error.
func (b *backfill) next(ctx workflow.Context) error {
	planned := b.state.Todo[0]
	b.state.Todo = b.state.Todo[1:]
	b.begun++
	b.day = planned.Day
	defer func() { b.day = "" }()
	b.at(ctx, fmt.Sprintf("day %s, %d rows", planned.Day, planned.Rows))
	counts, err := b.do(ctx, planned)
	switch {
	case err == nil:
		b.state.Done++
		b.state.Rows = b.state.Rows.Plus(counts)
	case ctx.Err() != nil:
		b.state.Todo = append([]ledger.PlannedDay{planned}, b.state.Todo...)
		return err
	default:
		kind, detail := reason(err)
		b.state.Failed = append(b.state.Failed, FailedDay{PlannedDay: planned, Type: kind, Detail: shortened(detail)})
	}
	return nil
}

func (b *backfill) do(ctx workflow.Context, planned ledger.PlannedDay) (ledger.Backfilled, error) {
	execution := workflow.GetInfo(ctx).WorkflowExecution
	day := ledger.BackfillDay{
		ID: b.state.ID, Day: planned.Day, Rows: planned.Rows, DryRun: b.in.dry(),
		Run: ledger.Run{WorkflowID: execution.ID, RunID: execution.RunID},
	}
	if day.DryRun {
		var counts ledger.Backfilled
		reading := b.settings.reading(ctx, "count day "+string(day.Day))
		err := workflow.ExecuteActivity(reading, contract.BackfillDay, day).Get(ctx, &counts)
		return counts, err
	}
	began := workflow.Now(ctx)
	result, err := write(ctx, b.settings, WriteInput{Backfill: &day}, func(waiting string) {
		b.at(ctx, fmt.Sprintf("day %s: %s", day.Day, waiting))
	})
	if err != nil {
		return ledger.Backfilled{}, err
	}
	b.took = workflow.Now(ctx).Sub(began)
	return *result.Backfill, nil
}

// yield leaves the lock alone after a day, for as long as it takes whoever began to
// wait during that day to ask for it again: the pauses of a wait grow by half, so that
// the next is half of what was waited, and the first pause, and never over the limit.
func (b *backfill) yield(ctx workflow.Context) error {
	if b.took == 0 || len(b.state.Todo) == 0 {
		return nil
	}
	gap := min(b.took/2+b.settings.WritePoll, b.settings.WriteMaxPoll) + b.settings.WritePoll
	b.took = 0
	b.at(ctx, "leaving hourly merges their turn")
	return workflow.NewTimerWithOptions(ctx, gap, workflow.TimerOptions{Summary: "hourly merges have their turn between two days"}).Get(ctx, nil)
}

// end fails the run when a day failed, with all that a next one has to know.
func (b *backfill) end(ctx workflow.Context) (*BackfillResult, error) {
	result := &BackfillResult{DryRun: b.in.dry(), BackfillState: b.state}
	if len(b.state.Failed) == 0 {
		b.at(ctx, "done")
		return result, nil
	}
	b.at(ctx, fmt.Sprintf("done, but %d of %d days failed", len(b.state.Failed), b.state.Planned))
	return nil, temporal.NewNonRetryableApplicationError(
		fmt.Sprintf("%d of %d days failed, first %s: %s. To try them again, start BackfillTracks with %s",
			len(b.state.Failed), b.state.Planned, b.state.Failed[0].Day, b.state.Failed[0].Detail, b.again()),
		contract.ErrDaysFailed, nil, result)
}

// again is the input that does what failed and what is left, as JSON to paste.
func (b *backfill) again() string {
	var days []string
	for _, failed := range b.state.Failed {
		days = append(days, `"`+string(failed.Day)+`"`)
	}
	for _, todo := range b.state.Todo {
		days = append(days, `"`+string(todo.Day)+`"`)
	}
	return fmt.Sprintf(`{"dryRun": %t, "days": [%s]}`, b.in.dry(), strings.Join(days, ", "))
}
