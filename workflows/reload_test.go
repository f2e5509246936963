package workflows

import (
	"context"
	"fmt"
	"sync"
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
	"github.com/posthog-tracks/posthog-tracks/internal/reconcile"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// reloaded runs ReloadWindows to its end.
func reloaded(t *testing.T, env *testsuite.TestWorkflowEnvironment, in ReloadInput) (ReloadResult, error) {
	t.Helper()
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: ReloadID, TaskQueue: "tracks"})
	env.ExecuteWorkflow(ReloadWindows, in)
	require.True(t, env.IsWorkflowCompleted())
	var result ReloadResult
	if err := env.GetWorkflowError(); err != nil {
		return result, err
	}
	require.NoError(t, env.GetWorkflowResult(&result))
	return result, nil
}

// hours notes which windows are awaited, in order, and how many at a time.
type hours struct {
	mu            sync.Mutex
	order         []string
	running, most int
}

// note makes every hour take a few milliseconds, so that hours at a time overlap.
func (h *hours) note(w *world) {
	await, merge := w.await, w.merge
	w.await = func(in contract.AwaitExportInput) (contract.AwaitExportResult, error) {
		h.mu.Lock()
		h.order = append(h.order, in.Window.String())
		h.running++
		h.most = max(h.most, h.running)
		h.mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		return await(in)
	}
	w.merge = func(ctx context.Context, in contract.MergeWindowInput) (ledger.Merge, error) {
		h.mu.Lock()
		h.running--
		h.mu.Unlock()
		return merge(ctx, in)
	}
}

func windowsOf(t *testing.T, names ...string) []window.Window {
	t.Helper()
	var all []window.Window
	for _, name := range names {
		all = append(all, someWindow(t, name))
	}
	return all
}

func TestReloadTakesARangeAFewHoursAtATime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in    ReloadInput
		first string
		most  int
	}{
		"oldest first":  {ReloadInput{Concurrency: 1}, "2026-06-10T00", 1},
		"newest first":  {ReloadInput{Concurrency: 1, NewestFirst: true}, "2026-06-10T05", 1},
		"as by default": {ReloadInput{}, "2026-06-10T00", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, h := newWorld(), &hours{}
			h.note(w)
			c.in.From, c.in.To, c.in.Only = someWindow(t, "2026-06-10T00"), someWindow(t, "2026-06-10T05"), contract.OnlyAll
			result, err := reloaded(t, w.environment(t, testSettings), c.in)
			require.NoError(t, err)
			assert.Equal(t, 6, result.Planned)
			assert.Equal(t, 6, result.Loaded)
			assert.Equal(t, int64(90), result.Rows.Inserted)
			assert.Equal(t, c.first, h.order[0])
			assert.Len(t, h.order, 6)
			assert.LessOrEqual(t, h.most, c.most)
			assert.NotContains(t, w.calls, contract.CompareWindows)
		})
	}
}

func TestReloadTakesWhatIsMissingOrChanged(t *testing.T) {
	t.Parallel()
	found := func(in contract.CompareWindowsInput) (contract.Comparison, error) {
		comparison := contract.Comparison{Examined: 6}
		for i, state := range []reconcile.State{
			reconcile.Absent, reconcile.Unloaded, reconcile.Unmerged, reconcile.Late, reconcile.Rewritten, reconcile.Vanished,
		} {
			w := in.From
			for range i {
				w = w.Next()
			}
			comparison.Findings = append(comparison.Findings, reconcile.Finding{Window: w, State: state})
		}
		return comparison, nil
	}
	for only, want := range map[string][]window.Window{
		"":                   windowsOf(t, "2026-06-10T01", "2026-06-10T02"),
		contract.OnlyMissing: windowsOf(t, "2026-06-10T01", "2026-06-10T02"),
		contract.OnlyChanged: windowsOf(t, "2026-06-10T03", "2026-06-10T04"),
	} {
		t.Run("only "+only, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.compare = found
			in := ReloadInput{From: someWindow(t, "2026-06-10T00"), To: someWindow(t, "2026-06-10T05"), Only: only, DryRun: true}
			dry, err := reloaded(t, w.environment(t, testSettings), in)
			require.NoError(t, err)
			assert.Equal(t, want, dry.Windows)
			assert.Equal(t, []string{contract.CompareWindows}, w.calls, "a dry run loads nothing")
			assert.Contains(t, dry.Found, "1 have no object and were never loaded, first 2026-06-10T00")

			in.DryRun = false
			result, err := reloaded(t, w.environment(t, testSettings), in)
			require.NoError(t, err)
			assert.Equal(t, 2, result.Loaded)
		})
	}
}

func TestReloadOfNothingTypedIsTheLastDay(t *testing.T) {
	t.Parallel()
	w := newWorld()
	var asked []contract.CompareWindowsInput
	w.compare = func(in contract.CompareWindowsInput) (contract.Comparison, error) {
		asked = append(asked, in)
		return contract.Comparison{Examined: 24}, nil
	}
	result, err := reloaded(t, w.environment(t, testSettings), ReloadInput{})
	require.NoError(t, err)
	assert.Zero(t, result.Planned)
	require.Len(t, asked, 1)
	assert.Equal(t, "2026-06-11T11", asked[0].From.String())
	assert.Equal(t, "2026-06-12T11", asked[0].Until.String(), "without the hour that has not ended")
}

func TestReloadComparesAMonthAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld()
	next, hours := someWindow(t, "2026-01-01T00"), 0
	w.compare = func(in contract.CompareWindowsInput) (contract.Comparison, error) {
		assert.Equal(t, next, in.From, "no hour is left out")
		next = in.Until
		n := int(in.Until.Start().Sub(in.From.Start()) / time.Hour)
		hours += n
		return contract.Comparison{Examined: n}, nil
	}
	_, err := reloaded(t, w.environment(t, testSettings), ReloadInput{From: next, To: someWindow(t, "2026-04-10T23")})
	require.NoError(t, err)
	assert.Equal(t, 100*24, hours)
	assert.Len(t, w.calls, 4)
}

func TestReloadSaysWhatFailedAndHowToTryAgain(t *testing.T) {
	t.Parallel()
	w := newWorld()
	await := w.await
	w.await = func(in contract.AwaitExportInput) (contract.AwaitExportResult, error) {
		if in.Window.String() == "2026-06-10T01" {
			return absent(in)
		}
		return await(in)
	}
	_, err := reloaded(t, w.environment(t, testSettings), ReloadInput{Windows: windowsOf(t, "2026-06-10T02", "2026-06-10T01", "2026-06-10T02")})
	requireType(t, err, contract.ErrHoursFailed)
	require.ErrorContains(t, err, `1 of 2 hours failed, first 2026-06-10T01`)
	require.ErrorContains(t, err, `{"windows": ["2026-06-10T01"]}`)
	var failure *temporal.ApplicationError
	require.ErrorAs(t, err, &failure)
	var result ReloadResult
	require.NoError(t, failure.Details(&result))
	assert.Equal(t, 1, result.Loaded)
	require.Len(t, result.Failed, 1)
	assert.Equal(t, contract.ErrExportMissing, result.Failed[0].Type)
	var again ReloadInput
	require.NoError(t, again.UnmarshalJSON([]byte(windowsInput(windowsOf(t, "2026-06-10T01", "2026-06-10T02")))))
	assert.Len(t, again.Windows, 2)
}

func TestReloadWaitsForAnHourThatIsRunning(t *testing.T) {
	t.Parallel()
	w := newWorld()
	env := w.environment(t, testSettings)
	hour := someWindow(t, "2026-06-10T00")
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error { return workflow.Sleep(ctx, time.Hour) },
		workflow.RegisterOptions{Name: "a run that is slow"})
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		held := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: HourlyID(hour)})
		if err := workflow.ExecuteChildWorkflow(held, "a run that is slow").GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			return err
		}
		child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: ReloadID})
		var result ReloadResult
		if err := workflow.ExecuteChildWorkflow(child, ReloadWindows, ReloadInput{Windows: []window.Window{hour}}).Get(ctx, &result); err != nil {
			return err
		}
		if result.Loaded != 1 {
			return fmt.Errorf("%d hours are loaded", result.Loaded)
		}
		return nil
	}, workflow.RegisterOptions{Name: "both"})
	began := env.Now()
	env.ExecuteWorkflow("both")
	require.NoError(t, env.GetWorkflowError())
	assert.GreaterOrEqual(t, env.Now().Sub(began), time.Hour)
	assert.Len(t, w.merged, 1)
}

func TestReloadIsSteered(t *testing.T) {
	t.Parallel()
	w, h := newWorld(), &hours{}
	h.note(w)
	env := w.environment(t, testSettings)
	talk := &conversation{t: t, env: env}
	var paused ReloadProgress
	env.RegisterDelayedCallback(func() {
		talk.say(
			message{PauseUpdate, false, []any{Because{}}},
			message{ResumeUpdate, false, nil},
			message{PauseUpdate, true, []any{Because{Reason: "the warehouse is busy"}}},
			message{PauseUpdate, false, []any{Because{Reason: "again"}}},
			message{SkipUpdate, true, []any{Skip{Windows: windowsOf(t, "2026-06-10T03"), Reason: "known to be corrupt"}}},
			message{SkipUpdate, false, []any{Skip{Windows: windowsOf(t, "2026-06-09T03"), Reason: "never asked for"}}},
			message{SkipUpdate, false, []any{Skip{Windows: windowsOf(t, "2026-06-10T04")}}},
			message{ConcurrencyUpdate, false, []any{Concurrency{Concurrency: 0}}},
			message{ConcurrencyUpdate, true, []any{Concurrency{Concurrency: 4}}},
		)
	}, 0)
	env.RegisterDelayedCallback(func() {
		answered, err := env.QueryWorkflow(ProgressQuery)
		require.NoError(t, err)
		require.NoError(t, answered.Get(&paused))
		talk.say(message{ResumeUpdate, true, nil})
	}, time.Hour)
	result, err := reloaded(t, env, ReloadInput{From: someWindow(t, "2026-06-10T00"), To: someWindow(t, "2026-06-10T07"), Only: contract.OnlyAll, Concurrency: 1})
	require.NoError(t, err)
	assert.Equal(t, 7, result.Loaded)
	assert.Equal(t, []SkippedWindow{{Window: someWindow(t, "2026-06-10T03"), Reason: "known to be corrupt"}}, result.Skipped)
	assert.NotContains(t, h.order, "2026-06-10T03")
	assert.Equal(t, 4, result.Concurrency)
	assert.LessOrEqual(t, h.most, 4)

	assert.Equal(t, "the warehouse is busy", paused.Pace.Why)
	assert.LessOrEqual(t, paused.Loaded, 1, "what had begun was finished, and nothing was begun")
	assert.GreaterOrEqual(t, result.Pace.Paused, 55*time.Minute)
	assert.Equal(t, 10, talk.said)
}

func TestReloadContinuesAsNewAndForgetsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	env := w.environment(t, testSettings)
	env.SetTestTimeout(time.Minute)
	state := ReloadState{
		Pace: Pace{Began: env.Now(), Paused: time.Minute}, Concurrency: 50, Planned: 230, Loaded: 20,
		Skipped: []SkippedWindow{{Reason: "before"}},
	}
	for at := someWindow(t, "2026-06-01T00"); len(state.Todo) < 209; at = at.Next() {
		state.Todo = append(state.Todo, at)
	}
	_, err := reloaded(t, env, ReloadInput{Continued: &state, WhenMissing: "empty"})
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, err, &next)
	var in ReloadInput
	require.NoError(t, converterOf(next, &in))
	require.NotNil(t, in.Continued)
	assert.Equal(t, 220, in.Continued.Loaded)
	assert.Len(t, in.Continued.Todo, 9)
	assert.Equal(t, state.Todo[200:], in.Continued.Todo)
	assert.Equal(t, time.Minute, in.Continued.Pace.Paused)
	assert.Equal(t, state.Skipped, in.Continued.Skipped)
	assert.Equal(t, "empty", in.WhenMissing)

	result, err := reloaded(t, w.environment(t, testSettings), in)
	require.NoError(t, err)
	assert.Equal(t, 229, result.Loaded)
	assert.Equal(t, 230, result.Planned)
}

func TestCancelledReloadStopsItsHours(t *testing.T) {
	t.Parallel()
	w := newWorld()
	env := w.environment(t, testSettings)
	w.await = func(contract.AwaitExportInput) (contract.AwaitExportResult, error) {
		return contract.AwaitExportResult{}, temporal.NewApplicationErrorWithOptions("not yet", contract.ErrExportNotReady,
			temporal.ApplicationErrorOptions{NextRetryDelay: time.Minute})
	}
	env.RegisterDelayedCallback(env.CancelWorkflow, 90*time.Second)
	_, err := reloaded(t, env, ReloadInput{Windows: windowsOf(t, "2026-06-10T00", "2026-06-10T01", "2026-06-10T02")})
	require.Error(t, err)
	var cancelled *temporal.CanceledError
	require.ErrorAs(t, err, &cancelled)
	require.Len(t, w.outcomes, 2, "the hours that had begun book their end")
	assert.Equal(t, ledger.Cancelled, w.outcomes[0].Status)
}

func TestReloadInputThatMakesNoSenseFailsAtOnce(t *testing.T) {
	t.Parallel()
	half := 1.5
	for name, in := range map[string]ReloadInput{
		"an unknown choice":          {Only: "some"},
		"a range backwards":          {From: someWindow(t, "2026-06-12T05"), To: someWindow(t, "2026-06-12T04")},
		"a range beyond all bounds":  {From: someWindow(t, "2020-01-01T00"), Only: contract.OnlyAll},
		"an hour that has not ended": {To: someWindow(t, "2026-06-12T11")},
		"one such hour by name":      {Windows: windowsOf(t, "2026-06-12T11")},
		"a range and hours":          {From: someWindow(t, "2026-06-12T04"), Windows: windowsOf(t, "2026-06-12T05")},
		"an hour without a name":     {Windows: []window.Window{{}}},
		"more at a time than is fit": {Concurrency: 51},
		"less than one at a time":    {Concurrency: -1},
		"a share over 1":             {RejectLimit: &half},
		"an unknown whenMissing":     {WhenMissing: "ignore", Windows: windowsOf(t, "2026-06-12T05")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			_, err := reloaded(t, w.environment(t, testSettings), in)
			requireType(t, err, contract.ErrInvalidInput)
			assert.Empty(t, w.calls)
		})
	}
}

func TestUnknownFieldsOfReloadsAreRefused(t *testing.T) {
	t.Parallel()
	for field, into := range map[string]interface{ UnmarshalJSON(text []byte) error }{
		"dry_run": &ReloadInput{}, "window": &Skip{}, "n": &Concurrency{}, "why": &Because{},
	} {
		require.ErrorContains(t, into.UnmarshalJSON([]byte(`{"`+field+`": 1}`)), field)
	}
}

// converterOf reads the input of the run that follows.
func converterOf(next *workflow.ContinueAsNewError, into any) error {
	return converter.GetDefaultDataConverter().FromPayloads(next.Input, into)
}
