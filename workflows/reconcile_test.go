package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/reconcile"
)

// reconciled runs ReconcileExports to its end.
func reconciled(t *testing.T, env *testsuite.TestWorkflowEnvironment, in ReconcileInput) (ReconcileResult, error) {
	t.Helper()
	env.ExecuteWorkflow(ReconcileExports, in)
	require.True(t, env.IsWorkflowCompleted())
	var result ReconcileResult
	if err := env.GetWorkflowError(); err != nil {
		return result, err
	}
	require.NoError(t, env.GetWorkflowResult(&result))
	return result, nil
}

// oneOfEach finds an hour in every state.
func oneOfEach(in contract.CompareWindowsInput) (contract.Comparison, error) {
	comparison := contract.Comparison{Examined: int(in.Until.Start().Sub(in.From.Start()) / time.Hour)}
	w := in.From
	for _, state := range []reconcile.State{
		reconcile.Absent, reconcile.Unloaded, reconcile.Unmerged, reconcile.Late, reconcile.Rewritten, reconcile.Vanished,
	} {
		comparison.Findings = append(comparison.Findings, reconcile.Finding{Window: w, State: state, Objects: 1, Detail: "a#1"})
		w = w.Next()
	}
	return comparison, nil
}

func TestReconciliationReloadsWhatCanBeMended(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.compare = oneOfEach
	result, err := reconciled(t, w.environment(t, testSettings), ReconcileInput{})
	require.NoError(t, err)
	assert.Equal(t, "2026-06-12T08", result.To.String(), "the last hour that nobody waits for any more")
	assert.Equal(t, "2026-06-09T09", result.From.String(), "three days")
	assert.Len(t, result.Findings, 6)
	assert.Equal(t, reconcile.Absent, result.Findings[5].State, "what nothing mends is last")
	assert.Equal(t, 4, result.Mendable)
	require.NotNil(t, result.Reloaded)
	assert.Equal(t, 4, result.Reloaded.Loaded)
	assert.JSONEq(t, `{"windows": ["2026-06-09T10", "2026-06-09T11", "2026-06-09T12", "2026-06-09T13"]}`, result.Reload)
}

func TestReconciliationOnlyReportsWhenToldTo(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.compare = oneOfEach
	result, err := reconciled(t, w.environment(t, testSettings), ReconcileInput{Action: contract.ActionReport, Days: 40})
	require.NoError(t, err)
	assert.Equal(t, []string{contract.CompareWindows, contract.CompareWindows}, w.calls)
	assert.Nil(t, result.Reloaded)
	assert.Equal(t, 8, result.Mendable)
	assert.Equal(t, "960 hours compared", result.Found[0])
	assert.Contains(t, result.Found, "2 have objects that were rewritten after the load, first 2026-05-03T13")
}

func TestReconciliationFindsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	result, err := reconciled(t, w.environment(t, testSettings), ReconcileInput{})
	require.NoError(t, err)
	assert.Empty(t, result.Findings)
	assert.Empty(t, result.Reload)
	assert.Equal(t, []string{contract.CompareWindows}, w.calls)
}

func TestReconciliationFailsWhenHoursDo(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.compare, w.await = oneOfEach, absent
	_, err := reconciled(t, w.environment(t, testSettings), ReconcileInput{})
	requireType(t, err, contract.ErrHoursFailed)
	require.ErrorContains(t, err, "4 of 4 hours failed")
}

func TestReconciliationWaitsForAReloadThatIsRunning(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.compare = oneOfEach
	env := w.environment(t, testSettings)
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error { return workflow.Sleep(ctx, 30*time.Hour) },
		workflow.RegisterOptions{Name: "a long reload"})
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		held := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: ReloadID})
		if err := workflow.ExecuteChildWorkflow(held, "a long reload").GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			return err
		}
		return workflow.ExecuteChildWorkflow(ctx, ReconcileExports, ReconcileInput{}).Get(ctx, nil)
	}, workflow.RegisterOptions{Name: "both"})
	pauses := 0
	env.SetOnTimerScheduledListener(func(string, time.Duration) { pauses++ })
	env.ExecuteWorkflow("both")
	require.NoError(t, env.GetWorkflowError())
	assert.Len(t, w.merged, 4)
	assert.Less(t, pauses, 300, "a wait of thirty hours stays a short history")
}

func TestReconcileInputThatMakesNoSenseFailsAtOnce(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]ReconcileInput{
		"an unknown action": {Action: "delete"}, "a negative number of days": {Days: -1}, "too many days": {Days: 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			_, err := reconciled(t, w.environment(t, testSettings), in)
			requireType(t, err, contract.ErrInvalidInput)
			assert.Empty(t, w.calls)
		})
	}
	require.ErrorContains(t, (&ReconcileInput{}).UnmarshalJSON([]byte(`{"day": 3}`)), "day")
}
