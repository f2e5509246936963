package workflows

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// backfilled runs BackfillTracks to its end.
func backfilled(t *testing.T, env *testsuite.TestWorkflowEnvironment, in BackfillInput) (BackfillResult, error) {
	t.Helper()
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: BackfillID, TaskQueue: "tracks"})
	env.ExecuteWorkflow(BackfillTracks, in)
	require.True(t, env.IsWorkflowCompleted())
	var result BackfillResult
	if err := env.GetWorkflowError(); err != nil {
		return result, err
	}
	require.NoError(t, env.GetWorkflowResult(&result))
	return result, nil
}

// pastDays notes which days are done, and how.
type pastDays struct{ done []ledger.BackfillDay }

// of gives the world n days of ten rows each, from 2025-05-01 on.
func (p *pastDays) of(w *world, n int) {
	w.plan = func(ledger.BackfillRange) (ledger.BackfillPlan, error) {
		plan := ledger.BackfillPlan{Repeated: 3}
		for i := range n {
			plan.Days = append(plan.Days, ledger.PlannedDay{Day: window.DayOf(time.Date(2025, 5, 1+i, 0, 0, 0, 0, time.UTC)), Rows: 10})
		}
		return plan, nil
	}
	day := w.day
	w.day = func(ctx context.Context, in ledger.BackfillDay) (ledger.Backfilled, error) {
		p.done = append(p.done, in)
		return day(ctx, in)
	}
}

func (p *pastDays) names() []window.Day {
	var names []window.Day
	for _, day := range p.done {
		names = append(names, day.Day)
	}
	return names
}

func really() BackfillInput {
	no := false
	return BackfillInput{DryRun: &no}
}

// countWriters counts how often the writer lock is taken.
func countWriters(env *testsuite.TestWorkflowEnvironment, writers *int) {
	env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) {
		if info.WorkflowExecution.ID == WriterID(table) {
			*writers++
		}
	})
}

func TestBackfillIsADryRunUnlessToldOtherwise(t *testing.T) {
	t.Parallel()
	w, p := newWorld(), &pastDays{}
	p.of(w, 3)
	env, writers := w.environment(t, testSettings), 0
	countWriters(env, &writers)
	result, err := backfilled(t, env, BackfillInput{})
	require.NoError(t, err)
	assert.True(t, result.DryRun)
	assert.Equal(t, 3, result.Done)
	assert.Equal(t, ledger.Backfilled{Read: 30, Inserted: 27, Present: 3, Bytes: 300}, result.Rows)
	assert.Equal(t, int64(3), result.Repeated)
	for _, day := range p.done {
		assert.True(t, day.DryRun)
	}
	assert.Zero(t, writers, "nobody takes the lock")
}

func TestBackfillDoesDayAfterDayUnderTheLock(t *testing.T) {
	t.Parallel()
	w, p := newWorld(), &pastDays{}
	p.of(w, 3)
	env, writers := w.environment(t, testSettings), 0
	countWriters(env, &writers)
	result, err := backfilled(t, env, really())
	require.NoError(t, err)
	assert.False(t, result.DryRun)
	assert.Equal(t, []window.Day{"2025-05-01", "2025-05-02", "2025-05-03"}, p.names())
	for _, day := range p.done {
		assert.False(t, day.DryRun)
		assert.Equal(t, p.done[0].ID, day.ID)
		assert.Equal(t, BackfillID, day.Run.WorkflowID)
		assert.Equal(t, int64(10), day.Rows)
	}
	assert.Equal(t, 3, writers, "each day takes the lock for itself")
}

func TestBackfillTakesTheDaysThatAreAskedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*BackfillInput)
		want   []window.Day
		before int
	}{
		"what is not done":    {func(*BackfillInput) {}, []window.Day{"2025-05-02", "2025-05-03"}, 1},
		"again":               {func(in *BackfillInput) { in.Again = true }, []window.Day{"2025-05-01", "2025-05-02", "2025-05-03"}, 0},
		"by name":             {func(in *BackfillInput) { in.Days = []window.Day{"2025-05-03"} }, []window.Day{"2025-05-03"}, 0},
		"by name, but done":   {func(in *BackfillInput) { in.Days = []window.Day{"2025-05-01"} }, nil, 1},
		"by name, also again": {func(in *BackfillInput) { in.Days, in.Again = []window.Day{"2025-05-01"}, true }, []window.Day{"2025-05-01"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := newWorld(), &pastDays{}
			p.of(w, 3)
			plan := w.plan
			w.plan = func(in ledger.BackfillRange) (ledger.BackfillPlan, error) {
				planned, err := plan(in)
				planned.Days[0].Done = true
				return planned, err
			}
			in := really()
			c.change(&in)
			result, err := backfilled(t, w.environment(t, testSettings), in)
			require.NoError(t, err)
			assert.Equal(t, c.want, p.names())
			assert.Equal(t, c.before, result.DoneBefore)
		})
	}
}

func TestBackfillSaysWhichDaysFailedAndGoesOn(t *testing.T) {
	t.Parallel()
	w, p := newWorld(), &pastDays{}
	p.of(w, 4)
	day := w.day
	w.day = func(ctx context.Context, in ledger.BackfillDay) (ledger.Backfilled, error) {
		counts, err := day(ctx, in)
		if in.Day == "2025-05-02" {
			return ledger.Backfilled{}, typedError(contract.ErrSourceMoved)
		}
		return counts, err
	}
	_, err := backfilled(t, w.environment(t, testSettings), really())
	requireType(t, err, contract.ErrDaysFailed)
	require.ErrorContains(t, err, `1 of 4 days failed, first 2025-05-02`)
	require.ErrorContains(t, err, `{"dryRun": false, "days": ["2025-05-02"]}`)
	assert.Len(t, p.done, 4)
	var failure *temporal.ApplicationError
	require.ErrorAs(t, err, &failure)
	var result BackfillResult
	require.NoError(t, failure.Details(&result))
	assert.Equal(t, 3, result.Done)
	require.Len(t, result.Failed, 1)
	assert.Equal(t, contract.ErrSourceMoved, result.Failed[0].Type)
	var again BackfillInput
	require.NoError(t, again.UnmarshalJSON([]byte(`{"dryRun": false, "days": ["2025-05-02", "undated"]}`)))
	assert.Equal(t, []window.Day{"2025-05-02", window.Undated}, again.Days)
}

func TestBackfillIsPausedAndFailedDaysAreRetried(t *testing.T) {
	t.Parallel()
	w, p := newWorld(), &pastDays{}
	p.of(w, 4)
	env := w.environment(t, testSettings)
	talk := &conversation{t: t, env: env}
	day, broken := w.day, true
	w.day = func(ctx context.Context, in ledger.BackfillDay) (ledger.Backfilled, error) {
		counts, err := day(ctx, in)
		if in.Day == "2025-05-01" && broken {
			talk.say(message{PauseUpdate, true, []any{Because{Reason: "a report runs"}}})
			return ledger.Backfilled{}, typedError(contract.ErrSourceMoved)
		}
		return counts, err
	}
	env.RegisterDelayedCallback(func() { talk.say(message{RetryUpdate, false, []any{Retry{}}}) }, 0)
	env.RegisterDelayedCallback(func() {
		broken = false
		answered, err := env.QueryWorkflow(ProgressQuery)
		require.NoError(t, err)
		var paused BackfillProgress
		require.NoError(t, answered.Get(&paused))
		assert.Len(t, paused.Failed, 1)
		assert.Zero(t, paused.Done)
		assert.Equal(t, "a report runs", paused.Pace.Why)
		assert.JSONEq(t, `{"dryRun": false, "days": ["2025-05-01", "2025-05-02", "2025-05-03", "2025-05-04"]}`, paused.Again)
		talk.say(
			message{RetryUpdate, false, []any{Retry{Days: []window.Day{"2025-05-02"}}}},
			message{RetryUpdate, true, []any{Retry{Days: []window.Day{"2025-05-01"}}}},
			message{ResumeUpdate, true, nil},
		)
	}, time.Hour)
	result, err := backfilled(t, env, really())
	require.NoError(t, err)
	assert.Equal(t, 4, result.Done)
	assert.Empty(t, result.Failed)
	assert.Equal(t, []window.Day{"2025-05-01", "2025-05-02", "2025-05-03", "2025-05-04", "2025-05-01"}, p.names())
}

func TestBackfillContinuesAsNewAndForgetsNothing(t *testing.T) {
	t.Parallel()
	w, p := newWorld(), &pastDays{}
	p.of(w, 100)
	env := w.environment(t, testSettings)
	_, err := backfilled(t, env, really())
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, err, &next)
	var in BackfillInput
	require.NoError(t, converterOf(next, &in))
	require.NotNil(t, in.Continued)
	assert.Equal(t, 60, in.Continued.Done)
	assert.Len(t, in.Continued.Todo, 40)
	require.NotNil(t, in.DryRun)
	assert.False(t, *in.DryRun, "what was no dry run does not become one")

	result, err := backfilled(t, w.environment(t, testSettings), in)
	require.NoError(t, err)
	assert.Equal(t, 100, result.Done)
	assert.Equal(t, int64(1000), result.Rows.Read)
	assert.Len(t, p.done, 100)
	assert.Equal(t, p.done[0].ID, p.done[99].ID, "one backfill, whichever run does the day")
}

func TestCancelledBackfillStops(t *testing.T) {
	t.Parallel()
	w, p := newWorld(), &pastDays{}
	p.of(w, 4)
	env := w.environment(t, testSettings)
	w.day = func(ctx context.Context, in ledger.BackfillDay) (ledger.Backfilled, error) {
		p.done = append(p.done, in)
		env.CancelWorkflow()
		<-ctx.Done()
		return ledger.Backfilled{}, ctx.Err()
	}
	_, err := backfilled(t, env, really())
	var cancelled *temporal.CanceledError
	require.ErrorAs(t, err, &cancelled)
	assert.Len(t, p.done, 1)
}

func TestBackfillInputThatMakesNoSenseFailsAtOnce(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]BackfillInput{
		"a range backwards":    {From: "2025-05-02", To: "2025-05-01"},
		"a range and days":     {From: "2025-05-02", Days: []window.Day{"2025-05-03"}},
		"a day without a name": {Days: []window.Day{""}},
		"a day without rows":   {Days: []window.Day{"2024-05-03"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			_, err := backfilled(t, w.environment(t, testSettings), in)
			requireType(t, err, contract.ErrInvalidInput)
			assert.NotContains(t, w.calls, contract.BackfillDay)
		})
	}
	for text, what := range map[string]string{`{"dry_run": false}`: "dry_run", `{"from": "2025-5-1"}`: "2025-5-1", `{"dryRun": "no"}`: "dryRun"} {
		require.ErrorContains(t, (&BackfillInput{}).UnmarshalJSON([]byte(text)), what)
	}
	require.ErrorContains(t, (&Retry{}).UnmarshalJSON([]byte(`{"day": []}`)), "day")
}
