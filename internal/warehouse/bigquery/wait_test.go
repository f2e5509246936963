package bigquery

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestALongJobIsLookedAtLessAndLess(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.course = func(*fakeJob) ending { return ending{looks: 500} }
		start := time.Now()
		_, err := f.runner().query(f.Context(), merge())
		require.NoError(f, err)
		assert.Equal(f, 501, f.seen("get"))
		assert.Zero(f, f.seen("results"), "nobody asked for rows")
		took := time.Since(start)
		assert.Greater(f, took, 20*time.Minute)
		early := 0
		for _, c := range f.calls {
			if c.at.Sub(start) < 10*time.Second {
				early++
			}
		}
		assert.Greater(f, early, 5, "a short job is noticed soon")
		assert.Less(f, early, 40)
	})
}

func TestFaultsOfPollingPass(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*fault{
		"503 storm":          {times: 100, play: refuse(503, "backendError", "try later")},
		"rate limit":         {times: 20, play: refuse(403, "rateLimitExceeded", "Exceeded rate limits: too many api requests")},
		"lost connections":   {times: 20, play: loseRequest},
		"no answers":         {times: 10, play: hang},
		"not visible yet":    {times: 3, play: refuse(404, "notFound", "Not found: Job demo:x")},
		"500 without a body": {times: 3, play: refuse(500, "", "")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(f *fake) {
				f.fault("get", c.times, c.play)
				_, err := f.runner().query(f.within(4*time.Hour), merge())
				require.NoError(f, err)
				assert.Len(f, f.ran(), 1)
				assert.Greater(f, f.seen("get"), c.times)
			})
		})
	}
}

func TestAJobThatStaysInvisibleIsReported(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.fault("get", forever, refuse(404, "notFound", "Not found: Job demo:x was not found"))
		start := time.Now()
		_, err := f.runner().query(f.Context(), merge())
		require.ErrorContains(f, err, "Not found: Job demo:x")
		require.ErrorContains(f, err, "warehouse.bigquery.location")
		assert.GreaterOrEqual(f, time.Since(start), 30*time.Second)
		assert.Less(f, time.Since(start), time.Minute)
	})
}

func TestAServerThatNeverAnswersEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		for _, kind := range []string{"insert", "get", "cancel"} {
			f.fault(kind, forever, hang)
		}
		start := time.Now()
		_, err := f.runner().query(f.within(10*time.Minute), merge())
		require.ErrorIs(f, err, context.DeadlineExceeded)
		assert.Equal(f, 12*time.Minute, time.Since(start), "the caller's ten minutes and the patience of a stop")
		assert.Greater(f, f.seen("insert"), 5, "every call had its own end")
	})
}

func TestWhoeverGivesUpIsToldTheLastAnswer(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"insert", "get"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			play(t, func(f *fake) {
				f.fault(kind, forever, refuse(500, "internalError", "An internal error occurred and the request could not be completed."))
				_, err := f.runner().query(f.within(5*time.Minute), merge())
				require.ErrorIs(f, err, context.DeadlineExceeded)
				require.ErrorContains(f, err, "An internal error occurred")
			})
		})
	}
}

func TestARunningJobIsAdoptedAfterARestart(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.course = func(*fakeJob) ending { return ending{looks: 30} }
		ctx, kill := context.WithCancel(f.Context())
		died := make(chan error, 1)
		go func() {
			_, err := f.runner(func(s *JobSettings) { s.Abandon = func(context.Context) bool { return true } }).query(ctx, merge())
			died <- err
		}()
		time.Sleep(3 * time.Second)
		synctest.Wait()
		kill()
		var stopped *StoppedError
		require.ErrorAs(f, <-died, &stopped)
		assert.Equal(f, Left, stopped.Outcome)
		assert.Zero(f, f.seen("cancel"))
		require.Len(f, f.ran(), 1)
		assert.Equal(f, "RUNNING", f.accepted[0].Status.State)

		result, err := f.runner().query(f.Context(), merge())
		require.NoError(f, err)
		assert.Equal(f, []string{stopped.JobID}, result.jobIDs)
		assert.Len(f, f.ran(), 1, "the SQL ran once")
	})
}

func TestAnAdoptedJobThatFailsWhileWeWaitIsTriedAgain(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.course = failing(1, "stopped", "Job execution was cancelled: User requested cancellation")
		f.fault("insert", 1, hangAfter)
		result, err := f.runner().query(f.Context(), merge())
		require.NoError(f, err)
		assert.Len(f, result.jobIDs, 2)
	})
}
