package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// testRun is a run of data tests, on its own or after a merge.
type testRun struct {
	settings Settings
	// noted is told whenever a test is done.
	noted func(ctx workflow.Context, planned int, results []datatest.Result)
}

// run plans the tests, runs them a few at a time, and concludes. A test that cannot
// be run has the status error and keeps no other from running.
func (t testRun) run(ctx workflow.Context, plan contract.PlanTestsInput) (*CheckResult, error) {
	at := workflow.Now(ctx).UTC().Truncate(time.Microsecond)
	execution := workflow.GetInfo(ctx).WorkflowExecution
	run := ledger.Run{WorkflowID: execution.ID, RunID: execution.RunID}
	var planned []datatest.Test
	if err := workflow.ExecuteActivity(t.settings.checking(ctx, "which data tests there are"), contract.PlanTests, plan).Get(ctx, &planned); err != nil {
		return nil, named("plan the data tests", err)
	}
	results := make([]*datatest.Result, len(planned))
	places := workflow.NewSemaphore(ctx, int64(max(1, t.settings.TestsParallel)))
	group := workflow.NewWaitGroup(ctx)
	for i, test := range planned {
		if err := places.Acquire(ctx, 1); err != nil {
			return nil, err
		}
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			defer places.Release(1)
			result := t.one(ctx, contract.RunTestInput{Test: test, At: at, Run: run})
			results[i] = &result
			t.noted(ctx, len(planned), finished(results))
		})
	}
	group.Wait(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return t.conclude(ctx, contract.ConcludeTestsInput{At: at, Run: run, Results: finished(results)})
}

func (t testRun) one(ctx workflow.Context, in contract.RunTestInput) datatest.Result {
	var result datatest.Result
	summary := in.Test.Name + " (" + string(in.Test.Kind) + ")"
	err := workflow.ExecuteActivity(t.settings.checking(ctx, summary), contract.RunTest, in).Get(ctx, &result)
	if err != nil {
		_, why := reason(err)
		return in.Test.Broken(in.At, why)
	}
	return result
}

// conclude opens and resolves incidents. That nobody can be told is no reason to lose
// what the tests found.
func (t testRun) conclude(ctx workflow.Context, in contract.ConcludeTestsInput) (*CheckResult, error) {
	done := &CheckResult{Summary: datatest.Summary(in.Results), Results: in.Results}
	if len(in.Results) == 0 {
		return done, nil
	}
	var concluded contract.ConcludeTestsResult
	err := workflow.ExecuteActivity(t.settings.checking(ctx, "incidents: "+done.Summary), contract.ConcludeTests, in).Get(ctx, &concluded)
	if temporal.IsCanceledError(err) {
		return nil, err
	}
	if err != nil {
		_, why := reason(err)
		done.Summary += ", and nobody could be told: " + why
	}
	done.Opened, done.Resolved = concluded.Opened, concluded.Resolved
	return done, nil
}

func finished(results []*datatest.Result) []datatest.Result {
	done := make([]datatest.Result, 0, len(results))
	for _, r := range results {
		if r != nil {
			done = append(done, *r)
		}
	}
	return done
}

// testPatience is how long one test may be tried before it counts as one that could
// not be run.
const testPatience = time.Hour

// checking is for the activities of data tests.
func (s Settings) checking(ctx workflow.Context, summary string) workflow.Context {
	options := s.activity(summary)
	options.ScheduleToCloseTimeout = testPatience
	return workflow.WithActivityOptions(ctx, options)
}
