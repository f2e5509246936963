package bigquery

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cancelLater runs the merge and cancels it after three seconds.
func (f *fake) cancelLater(runner *jobs) (stopped *StoppedError, took time.Duration) {
	f.Helper()
	ctx, cancel := context.WithCancel(f.Context())
	defer time.AfterFunc(3*time.Second, cancel).Stop()
	start := time.Now()
	result, err := runner.query(ctx, merge())
	assert.Nil(f, result)
	require.ErrorIs(f, err, context.Canceled)
	require.ErrorAs(f, err, &stopped)
	return stopped, time.Since(start) - 3*time.Second
}

func TestACancelledJobIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ending  ending
		faults  []fault
		outcome Outcome
		state   string
	}{
		"it stops":                               {ending: ending{looks: forever}, outcome: Cancelled, state: "DONE"},
		"it is done first":                       {ending: ending{looks: forever, finishes: true}, outcome: Finished, state: "DONE"},
		"the request is lost at first":           {ending: ending{looks: forever}, faults: []fault{{"cancel", 3, loseRequest}, {"cancel", 2, refuse(503, "", "")}}, outcome: Cancelled, state: "DONE"},
		"the request is not answered at first":   {ending: ending{looks: forever}, faults: []fault{{"cancel", 1, hang}}, outcome: Cancelled, state: "DONE"},
		"it never stops":                         {ending: ending{looks: forever, deaf: true}, outcome: Unknown, state: "RUNNING"},
		"it may not be cancelled":                {ending: ending{looks: forever}, faults: []fault{{"cancel", 1, refuse(403, "accessDenied", "Access Denied")}}, outcome: Unknown, state: "RUNNING"},
		"the answer to the insert is on its way": {ending: ending{looks: forever}, faults: []fault{{"insert", 1, hangAfter}}, outcome: Cancelled, state: "DONE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(f *fake) {
				f.course = func(*fakeJob) ending { return c.ending }
				for _, fault := range c.faults {
					f.fault(fault.kind, fault.times, fault.play)
				}
				stopped, took := f.cancelLater(f.runner())
				assert.Equal(f, c.outcome, stopped.Outcome)
				assert.Equal(f, []string{stopped.JobID}, f.ran())
				assert.Equal(f, c.state, f.accepted[0].Status.State, "when the call returns")
				assert.LessOrEqual(f, took, 2*time.Minute)
				assert.GreaterOrEqual(f, f.seen("cancel"), 1)
			})
		})
	}
}

func TestAJobThatWasNeverTakenIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.fault("insert", forever, hang)
		stopped, took := f.cancelLater(f.runner())
		assert.Equal(f, Unstarted, stopped.Outcome)
		assert.Less(f, took, time.Minute)
		assert.Zero(f, f.seen("cancel"))
	})
}

func TestAnAbandonedJobIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]string{"while it runs": "", "while it is inserted": "insert"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(f *fake) {
				f.course = func(*fakeJob) ending { return ending{looks: forever} }
				if kind != "" {
					f.fault(kind, 1, hangAfter)
				}
				stopped, took := f.cancelLater(f.runner(func(s *JobSettings) {
					s.Abandon = func(ctx context.Context) bool { return errors.Is(context.Cause(ctx), context.Canceled) }
				}))
				assert.Equal(f, Left, stopped.Outcome)
				assert.Zero(f, took, "at once")
				assert.Zero(f, f.seen("cancel"))
				assert.Equal(f, "RUNNING", f.accepted[0].Status.State)
			})
		})
	}
}

func TestWorkThatFinishedDespiteTheCancelIsFound(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.course = func(*fakeJob) ending { return ending{looks: forever, finishes: true} }
		stopped, _ := f.cancelLater(f.runner())
		require.ErrorContains(f, stopped, "finished before it could be cancelled")
		result, err := f.runner().query(f.Context(), merge())
		require.NoError(f, err)
		assert.Equal(f, []string{stopped.JobID}, result.jobIDs)
		assert.Len(f, f.ran(), 1)
	})
}

func TestCancelledWorkRunsAgainWhenAskedAgain(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.course = func(j *fakeJob) ending {
			if j.number == 1 {
				return ending{looks: forever}
			}
			return ending{}
		}
		f.cancelLater(f.runner())
		_, err := f.runner().query(f.Context(), merge())
		require.NoError(f, err)
		assert.Len(f, f.ran(), 2)
	})
}

func TestACallerWhoIsGoneStartsNothing(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		ctx, cancel := context.WithCancel(f.Context())
		cancel()
		_, err := f.runner().query(ctx, merge())
		require.ErrorIs(f, err, context.Canceled)
		assert.Empty(f, f.calls)
	})
}

func TestTheWaitForTheNextAttemptEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.course = failing(forever, "backendError", "Error encountered during execution. Retrying may solve the problem.")
		ctx, cancel := context.WithTimeout(f.Context(), 30*time.Second)
		defer cancel()
		_, err := f.runner(func(s *JobSettings) { s.Attempts, s.FirstRetry, s.MostRetry = 100, 10_000*time.Hour, 10_000*time.Hour }).query(ctx, merge())
		require.ErrorIs(f, err, context.DeadlineExceeded)
		require.ErrorContains(f, err, "backendError")
	})
}
