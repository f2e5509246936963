package workflows

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
)

// checkWorld is a warehouse whose data tests end as told.
type checkWorld struct {
	tests    []datatest.Test
	statuses map[string]datatest.Status
	broken   map[string]error
	conclude error

	plans     []contract.PlanTestsInput
	concluded []contract.ConcludeTestsInput
}

func (w *world) registerChecks(register func(name string, fn any)) {
	register(contract.PlanTests, func(_ context.Context, in contract.PlanTestsInput) ([]datatest.Test, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.checks.plans = append(w.checks.plans, in)
		return w.checks.tests, nil
	})
	register(contract.RunTest, func(_ context.Context, in contract.RunTestInput) (datatest.Result, error) {
		if err := w.checks.broken[in.Test.Name]; err != nil {
			return datatest.Result{}, err
		}
		return datatest.Result{
			Test: in.Test.Name, Severity: in.Test.Severity, Status: w.checks.statuses[in.Test.Name],
			Message: "as told", CheckedAt: in.At,
		}, nil
	})
	register(contract.ConcludeTests, func(_ context.Context, in contract.ConcludeTestsInput) (contract.ConcludeTestsResult, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.checks.concluded = append(w.checks.concluded, in)
		return contract.ConcludeTestsResult{Opened: []string{"a"}}, w.checks.conclude
	})
}

// declare makes tests that end as told.
func (w *checkWorld) declare(statuses map[string]datatest.Status) {
	w.statuses = statuses
	for _, name := range []string{"a", "b", "c"} {
		if statuses[name] != "" {
			w.tests = append(w.tests, datatest.Test{Name: name, Kind: datatest.Unique, Severity: datatest.SeverityError})
		}
	}
}

func check1(t *testing.T, env *testsuite.TestWorkflowEnvironment, in any) (CheckResult, error) {
	t.Helper()
	env.ExecuteWorkflow(CheckTracks, in)
	require.True(t, env.IsWorkflowCompleted())
	var result CheckResult
	err := env.GetWorkflowError()
	var failure *temporal.ApplicationError
	switch {
	case err == nil:
		require.NoError(t, env.GetWorkflowResult(&result))
	case errors.As(err, &failure) && failure.HasDetails():
		require.NoError(t, failure.Details(&result))
	}
	return result, err
}

func TestChecksThatPass(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.checks.declare(map[string]datatest.Status{"a": datatest.Pass, "b": datatest.Warn, "c": datatest.Gated})
	env := w.environment(t, testSettings)
	result, err := check1(t, env, CheckInput{Tags: []string{"laws"}})
	require.NoError(t, err, "a warning fails nothing")
	assert.Equal(t, "1 warn, 1 gated, 1 pass", result.Summary)
	assert.Equal(t, []contract.PlanTestsInput{{Tags: []string{"laws"}}}, w.checks.plans)
	require.Len(t, w.checks.concluded, 1)
	assert.Len(t, w.checks.concluded[0].Results, 3)
	value, err := env.QueryWorkflow(ProgressQuery)
	require.NoError(t, err)
	var progress CheckProgress
	require.NoError(t, value.Get(&progress))
	assert.Equal(t, 3, progress.Planned)
}

func TestChecksThatFail(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.checks.declare(map[string]datatest.Status{"a": datatest.Fail, "b": datatest.Pass})
	result, err := check1(t, w.environment(t, testSettings), CheckInput{})
	requireType(t, err, contract.ErrTestsFailed)
	require.ErrorContains(t, err, "1 fail, 1 pass: a: as told")
	assert.Len(t, result.Results, 2, "the results are in the error's details")
	assert.Equal(t, []string{"a"}, result.Opened)
}

// A test that cannot be run keeps no other from running, and fails the run.
func TestABrokenCheck(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.checks.declare(map[string]datatest.Status{"a": datatest.Pass, "b": datatest.Pass, "c": datatest.Pass})
	w.checks.broken = map[string]error{"b": typedError(contract.ErrLawBroken)}
	result, err := check1(t, w.environment(t, testSettings), CheckInput{})
	requireType(t, err, contract.ErrTestsFailed)
	assert.Equal(t, "1 error, 2 pass", result.Summary)
	assert.Equal(t, "told by the test", w.checks.concluded[0].Results[1].Message)
}

func TestChecksWithNobodyToTell(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.checks.declare(map[string]datatest.Status{"a": datatest.Pass})
	w.checks.conclude = typedError(contract.ErrWarehouseRefused)
	result, err := check1(t, w.environment(t, testSettings), CheckInput{})
	require.NoError(t, err)
	assert.Contains(t, result.Summary, "nobody could be told")
}

func TestChecksRefuseUnknownFields(t *testing.T) {
	t.Parallel()
	_, err := check1(t, newWorld().environment(t, testSettings), map[string]any{"test": "a"})
	require.ErrorContains(t, err, "test")
}

// After a merge the cheap tests run; what they find is noted and fails no hour.
func TestAnHourRunsCheapChecks(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.checks.declare(map[string]datatest.Status{"a": datatest.Fail, "b": datatest.Pass})
	result, err := w.hour(t, w.environment(t, testSettings), HourlyInput{})
	require.NoError(t, err)
	assert.Equal(t, []contract.PlanTestsInput{{Tags: []string{HourlyTag}}}, w.checks.plans)
	assert.Equal(t, []string{"data test a: fail, as told"}, result.Notes)
	require.Len(t, w.checks.concluded, 1)
}
