package activities

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// answers is a warehouse that answers by step, and keeps what it is told.
type answers struct {
	rows  map[string][][]any
	fails map[string]error
	told  []warehouse.Question
}

func (a *answers) Ask(_ context.Context, q warehouse.Question) (warehouse.Answer, error) {
	return warehouse.Answer{Rows: a.rows[q.Step], Bytes: 7}, a.fails[q.Step]
}

func (a *answers) Tell(_ context.Context, q warehouse.Question) error {
	a.told = append(a.told, q)
	return a.fails[q.Step]
}

func (a *answers) steps() []string {
	var steps []string
	for _, q := range a.told {
		steps = append(steps, q.Step)
	}
	return steps
}

// refusal is an error of a statement that will never run.
type refusal struct{}

func (refusal) Error() string   { return "no such column" }
func (refusal) Permanent() bool { return true }

// posts are alerts that were sent.
type posts struct {
	texts []string
	fails error
}

func (p *posts) Post(_ context.Context, text string) error {
	p.texts = append(p.texts, text)
	return p.fails
}

var (
	checkedAt = time.Date(2026, 6, 12, 6, 0, 0, 0, time.UTC)
	checkRun  = ledger.Run{WorkflowID: "check", RunID: "run"}
)

func declared(t *testing.T, fields string) datatest.Test {
	t.Helper()
	tests, err := datatest.Parse([]byte("tests: [{name: it, max_bytes: 1 GB, "+fields+"}]"), nil)
	require.NoError(t, err)
	return tests[0]
}

// perform runs an activity with a heartbeat to send.
func perform(t *testing.T, fn, in any) (converter.EncodedValue, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: "it"})
	return env.ExecuteActivity("it", in)
}

func runTest(t *testing.T, c *Checks, test datatest.Test) (datatest.Result, error) {
	t.Helper()
	value, err := perform(t, c.RunTest, contract.RunTestInput{Test: test, At: checkedAt, Run: checkRun})
	var result datatest.Result
	if err == nil {
		require.NoError(t, value.Get(&result))
	}
	return result, err
}

func TestRunTestRecordsWhatItFinds(t *testing.T) {
	t.Parallel()
	w := &answers{rows: map[string][][]any{"unique": {{"id-1", int64(3), int64(4)}}}}
	result, err := runTest(t, &Checks{Warehouse: w}, declared(t, "kind: unique, table: tracks, column: event_id"))
	require.NoError(t, err)
	assert.Equal(t, datatest.Fail, result.Status)
	assert.EqualValues(t, 3, result.Failures)
	assert.EqualValues(t, 7, result.Bytes)
	assert.EqualValues(t, 1_000_000_000, result.BytesLimit)
	assert.Equal(t, []string{"id-1"}, result.Sample)
	require.Equal(t, []string{"record"}, w.steps())
	assert.Equal(t, "fail", w.told[0].Bind["status"])
	assert.Equal(t, "run", w.told[0].Bind["run_id"])
}

func TestRunTestKeepsValuesOutOfHistories(t *testing.T) {
	t.Parallel()
	var rows [][]any
	for day := range int64(35) {
		if day < 34 {
			rows = append(rows, []any{day, int64(1000), "secret value"})
		}
	}
	w := &answers{rows: map[string][][]any{"dimension": rows}}
	result, err := runTest(t, &Checks{Warehouse: w}, declared(t, "kind: dimension_anomalies, table: tracks, timestamp: created_at, dimension: client, bucket: 1d"))
	require.NoError(t, err)
	assert.Equal(t, datatest.Fail, result.Status, result.Message)
	assert.Empty(t, result.Sample)
	assert.NotContains(t, result.Message, "secret")
	assert.Contains(t, w.told[0].Bind["sample"], "secret value", "test_results may hold it")
}

func TestGate(t *testing.T) {
	t.Parallel()
	test := declared(t, "kind: unique, table: tracks, column: event_id, gate: dedup")
	for deduped, want := range map[int64]datatest.Status{0: datatest.Gated, 1: datatest.Pass} {
		w := &answers{rows: map[string][][]any{"dedup_done": {{deduped}}}}
		result, err := runTest(t, &Checks{Warehouse: w}, test)
		require.NoError(t, err)
		assert.Equal(t, want, result.Status)
	}
}

func TestNoDataAfterAFailure(t *testing.T) {
	t.Parallel()
	test := declared(t, "kind: volume_anomalies, table: tracks, timestamp: created_at")
	for previous, want := range map[string]datatest.Status{"fail": datatest.Fail, "pass": datatest.NoData} {
		w := &answers{rows: map[string][][]any{"previous": {{previous}}}}
		result, err := runTest(t, &Checks{Warehouse: w}, test)
		require.NoError(t, err)
		assert.Equal(t, want, result.Status)
	}
}

func TestARefusedStatementIsAnError(t *testing.T) {
	t.Parallel()
	test := declared(t, "kind: unique, table: tracks, column: event_id")
	w := &answers{fails: map[string]error{"unique": refusal{}}}
	result, err := runTest(t, &Checks{Warehouse: w}, test)
	require.NoError(t, err)
	assert.Equal(t, datatest.Error, result.Status)
	assert.Contains(t, result.Message, "no such column")

	assert.Contains(t, result.Message, "compare the test with the table")

	w.fails["unique"] = fmt.Errorf("ask: %w", &warehouse.TooLargeError{Bytes: 8, MaxBytes: 7})
	result, err = runTest(t, &Checks{Warehouse: w}, test)
	require.NoError(t, err)
	assert.Equal(t, datatest.Error, result.Status)
	assert.Contains(t, result.Message, "raise its max_bytes")
	assert.NotContains(t, result.Message, "compare the test", "a limit says itself how it is mended")

	w.fails["unique"] = errors.New("connection reset")
	_, err = runTest(t, &Checks{Warehouse: w}, test)
	require.Error(t, err, "what may pass is tried again")
}

func TestPlanTests(t *testing.T) {
	t.Parallel()
	tests, err := datatest.Parse([]byte("tests: [{name: a, kind: collisions, tags: [x], max_bytes: 1 GB}, {name: b, kind: keys_drift, max_bytes: 1 GB}]"), nil)
	require.NoError(t, err)
	c := &Checks{Tests: tests}
	for _, want := range []struct {
		in    contract.PlanTestsInput
		names []string
	}{
		{contract.PlanTestsInput{}, []string{"a", "b"}},
		{contract.PlanTestsInput{Names: []string{"b"}}, []string{"b"}},
		{contract.PlanTestsInput{Tags: []string{"x"}}, []string{"a"}},
		{contract.PlanTestsInput{Tags: []string{"y"}}, nil},
	} {
		planned, err := c.PlanTests(t.Context(), want.in)
		require.NoError(t, err)
		var names []string
		for _, test := range planned {
			names = append(names, test.Name)
		}
		assert.Equal(t, want.names, names)
	}
	_, err = c.PlanTests(t.Context(), contract.PlanTestsInput{Names: []string{"c"}})
	require.ErrorContains(t, err, `there is no test "c"; known are a, b`)
}

func TestConcludeTellsOnce(t *testing.T) {
	t.Parallel()
	untold := []any{"run/it", "it", "fail", "3 rows", checkedAt, nil, nil}
	results := []datatest.Result{{Test: "it", Status: datatest.Fail, Message: "3 rows", CheckedAt: checkedAt}}
	conclude := func(w *answers, alerts Alerts, results []datatest.Result) (contract.ConcludeTestsResult, error) {
		value, err := perform(t, (&Checks{Warehouse: w, Alerts: alerts, Tests: []datatest.Test{declared(t, "kind: keys_drift")}}).ConcludeTests,
			contract.ConcludeTestsInput{At: checkedAt, Run: checkRun, Results: results})
		var done contract.ConcludeTestsResult
		if err == nil {
			require.NoError(t, value.Get(&done))
		}
		return done, err
	}
	w, p := &answers{rows: map[string][][]any{"untold": {untold}}}, &posts{}
	done, err := conclude(w, p, results)
	require.NoError(t, err)
	assert.Equal(t, contract.ConcludeTestsResult{Opened: []string{"it"}, Told: 1}, done)
	assert.Equal(t, []string{"open_incident", "told"}, w.steps())
	require.Len(t, p.texts, 1)
	assert.Contains(t, p.texts[0], "starter keys verify")

	w = &answers{rows: map[string][][]any{"open_incidents": {{"earlier/it", "it", "fail", "3 rows", checkedAt}}}}
	done, err = conclude(w, p, results)
	require.NoError(t, err)
	assert.Empty(t, done, "it is open already")

	results[0].Status = datatest.Pass
	done, err = conclude(w, p, results)
	require.NoError(t, err)
	assert.Equal(t, []string{"it"}, done.Resolved)

	w = &answers{rows: map[string][][]any{"open_incidents": {{"earlier/gone", "gone", "fail", "3 rows", checkedAt}}}}
	done, err = conclude(w, p, results)
	require.NoError(t, err)
	assert.Equal(t, []string{"gone"}, done.Resolved, "a test that is no longer declared")
	assert.Equal(t, "3 rows; closed because the test was removed", w.told[0].Bind["message"])

	w, p = &answers{rows: map[string][][]any{"untold": {untold}}}, &posts{fails: errors.New("down")}
	_, err = conclude(w, p, nil)
	require.Error(t, err)
	assert.Empty(t, w.steps(), "who was not told is told at the next attempt")

	w = &answers{rows: map[string][][]any{"untold": {untold}}}
	done, err = conclude(w, nil, nil)
	require.NoError(t, err)
	assert.Zero(t, done.Told, "without a webhook it is logged, once")
	assert.Equal(t, []string{"told"}, w.steps())
}
