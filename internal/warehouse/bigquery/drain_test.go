package bigquery

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	rest "google.golang.org/api/bigquery/v2"
)

// leave starts a job and loses its worker: nobody waits for it any more.
func leave(f *fake, t task) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), time.Second)
	defer cancel()
	j := f.runner(func(s *JobSettings) { s.Abandon = func(context.Context) bool { return true } })
	_, err := j.query(ctx, query{task: t, sql: "SELECT 1"})
	require.ErrorContains(f, err, string(Left))
}

func TestDrainWaitsForWritersOfTheTable(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.course = func(j *fakeJob) ending {
			if j.number == 2 {
				return ending{looks: 20, err: &rest.ErrorProto{Reason: "invalidQuery", Message: "a failed write has ended too"}}
			}
			return ending{looks: 40}
		}
		leave(f, task{step: "merge-begin", key: "a", writes: "posthog.tracks"})
		leave(f, task{step: "merge-begin", key: "b", writes: "posthog.tracks"})
		leave(f, task{step: "merge-begin", key: "c", writes: "staging.tracks"})
		leave(f, task{step: "commit-window-begin", key: "d"})
		waited, err := f.runner().drain(f.within(time.Hour), "posthog.tracks")
		require.NoError(f, err)
		assert.Equal(f, f.ran()[:2], waited)
		for i, want := range []string{"DONE", "DONE", "RUNNING", "RUNNING"} {
			assert.Equal(f, want, f.accepted[i].Status.State, f.ran()[i])
		}
		waited, err = f.runner().drain(f.within(time.Hour), "posthog.tracks")
		require.NoError(f, err)
		assert.Empty(f, waited)
	})
}

func TestDrainAsksAgainAndGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.course = func(*fakeJob) ending { return ending{looks: forever, deaf: true} }
		leave(f, task{step: "merge-begin", key: "a", writes: "posthog.tracks"})
		f.fault("list", 2, refuse(503, "backendError", "try again"))
		_, err := f.runner(func(s *JobSettings) { s.StopPatience = time.Minute }).drain(f.within(time.Hour), "posthog.tracks")
		require.ErrorIs(f, err, context.DeadlineExceeded)
		assert.Greater(f, f.seen("list"), 2)
	})
}
