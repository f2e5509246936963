package bigquery

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	bq "cloud.google.com/go/bigquery"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	rest "google.golang.org/api/bigquery/v2"
	"google.golang.org/api/option"
)

// merge is a statement as the tests run it.
func merge() query {
	return query{
		task: task{step: "merge", window: "2026-06-12T10:00Z", key: "load-7"},
		sql:  "MERGE tracks USING batch ON FALSE WHEN NOT MATCHED THEN INSERT ROW",
	}
}

// failing fails the first jobs in a way, and lets the others succeed.
func failing(jobs int, reason, message string) func(*fakeJob) ending {
	return func(j *fakeJob) ending {
		if j.number > jobs {
			return ending{}
		}
		return ending{looks: 2, err: &rest.ErrorProto{Reason: reason, Message: message}}
	}
}

func TestAJobSaysWhatItIsAndIsLimited(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		runner := f.runner(func(s *JobSettings) { s.MaxBytesBilled, s.JobTimeout = 1<<40, time.Hour })
		q := merge()
		q.parameters = map[string]any{"load_id": "load-7", "rows": int64(3)}
		result, err := runner.query(f.Context(), q)
		require.NoError(f, err)
		require.Len(f, f.accepted, 1)
		job := f.accepted[0]
		assert.Regexp(f, `^posthog-tracks-merge-2026-06-12T10-00Z-[0-9a-f]{8}-a1$`, job.JobReference.JobId)
		assert.Equal(f, []string{job.JobReference.JobId}, result.jobIDs)
		assert.Equal(f, testLocation, job.JobReference.Location)
		labels := job.Configuration.Labels
		assert.Len(f, labels[digestLabel], 40)
		delete(labels, digestLabel)
		assert.Equal(f, map[string]string{"pipeline": "posthog-tracks", "step": "merge", "window": "2026-06-12t10-00z", "attempt": "1"}, labels)
		assert.Equal(f, int64(1<<40), job.Configuration.Query.MaximumBytesBilled)
		assert.Equal(f, int64(3_600_000), job.Configuration.JobTimeoutMs)
		assert.False(f, *job.Configuration.Query.UseLegacySql)
		require.Len(f, job.Configuration.Query.QueryParameters, 2)
		assert.Equal(f, "load_id", job.Configuration.Query.QueryParameters[0].Name)
	})
}

func TestTheSameWorkRunsOnce(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		first, err := f.runner().query(f.Context(), merge())
		require.NoError(f, err)
		second, err := f.runner(func(s *JobSettings) { s.MaxBytesBilled = 7 }).query(f.Context(), merge())
		require.NoError(f, err, "another process, after a restart with another limit")
		assert.Equal(f, first.jobIDs, second.jobIDs)
		assert.Len(f, f.ran(), 1)

		other := merge()
		other.key = "load-8"
		_, err = f.runner().query(f.Context(), other)
		require.NoError(f, err)
		assert.Len(f, f.ran(), 2)
	})
}

func TestALostInsertDoesNotRunTwice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault mishap
		times int
	}{
		"answer lost, which the client tries again":  {fault: loseAnswer, times: 1},
		"answer never comes":                         {fault: hangAfter, times: 1},
		"answers lost for minutes":                   {fault: loseAnswer, times: 20},
		"request lost":                               {fault: loseRequest, times: 5},
		"request never answered":                     {fault: hang, times: 3},
		"503":                                        {fault: refuse(503, "backendError", "Service unavailable"), times: 40},
		"502 of a proxy":                             {fault: refuse(502, "", ""), times: 3},
		"too many calls, which never became a job":   {fault: refuse(403, "rateLimitExceeded", "Exceeded rate limits: too many api requests per user per method for this user_method."), times: 12},
		"too many jobs":                              {fault: refuse(403, "jobRateLimitExceeded", "Exceeded rate limits: too many jobs"), times: 12},
		"internal error":                             {fault: refuse(500, "internalError", "An internal error occurred and the request could not be completed."), times: 2},
		"a code without a reason that means to wait": {fault: refuse(429, "", "slow down"), times: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(f *fake) {
				f.fault("insert", c.times, c.fault)
				result, err := f.runner().query(f.within(2*time.Hour), merge())
				require.NoError(f, err)
				require.Len(f, f.ran(), 1)
				assert.True(f, strings.HasSuffix(result.jobIDs[0], "-a1"))
			})
		})
	}
}

func TestPassingFailuresAreTriedUnderTheNextID(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ reason, message string }{
		"rate limit": {"rateLimitExceeded", "Exceeded rate limits: too many table update operations for this table. For more information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas"},
		"job limit":  {"jobRateLimitExceeded", "Job exceeded rate limits: Your table exceeded quota for table update operations."},
		"lost race":  {"invalidQuery", "Could not serialize access to table demo:posthog.tracks due to concurrent update"},
		"aborted":    {"invalidQuery", "Query error: Transaction is aborted due to concurrent update against table demo:posthog.tracks. Transaction ID: 61e30eea-0000-2dab-8e60-94eb2c1b1a92 at [24:9]"},
		"internal":   {"jobInternalError", "An internal error occurred"},
		"stopped":    {"stopped", "Job execution was cancelled: User requested cancellation"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(f *fake) {
				f.course = failing(2, c.reason, c.message)
				result, err := f.runner().query(f.within(time.Hour), merge())
				require.NoError(f, err)
				require.Len(f, f.ran(), 3)
				assert.Equal(f, f.ran(), result.jobIDs, "what failed was paid for too")
				for i, id := range f.ran() {
					assert.True(f, strings.HasSuffix(id, fmt.Sprintf("-a%d", i+1)), id)
				}
			})
		})
	}
}

func TestAttemptsEnd(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.course = failing(100, "backendError", "Error encountered during execution. Retrying may solve the problem.")
		_, err := f.runner(func(s *JobSettings) { s.Attempts = 4 }).query(f.Context(), merge())
		var failure *Error
		require.ErrorAs(f, err, &failure)
		assert.False(f, failure.Permanent(), "the caller may come again later")
		assert.Equal(f, "backendError", failure.Reason)
		assert.Len(f, f.ran(), 4)

		_, err = f.runner(func(s *JobSettings) { s.Attempts = 4 }).query(f.Context(), merge())
		require.Error(f, err)
		assert.Len(f, f.ran(), 8, "and gets as many attempts again, under new ids")
	})
}

func TestPermanentFailuresAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.course = failing(1, "invalidQuery", "Unrecognized name: event_idd at [3:5]")
		_, err := f.runner().query(f.Context(), merge())
		var failure *Error
		require.ErrorAs(f, err, &failure)
		assert.True(f, failure.Permanent())
		assert.Equal(f, f.ran()[0], failure.JobID)
		assert.Equal(f, "3:5", failure.Where)
		assert.Len(f, f.ran(), 1)

		later, err := f.runner().query(f.Context(), merge())
		require.NoError(f, err, "a later run takes the next id: what was wrong may have been mended")
		assert.Equal(f, f.ran(), later.jobIDs, "and knows what the work has cost so far")
		require.Len(f, f.ran(), 2)
		assert.True(f, strings.HasSuffix(f.ran()[1], "-a2"))
	})
}

func TestARefusedInsertIsPermanent(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.fault("insert", 1, refuse(403, "accessDenied", "Access Denied: Project demo: User does not have bigquery.jobs.create permission in project demo."))
		_, err := f.runner().query(f.Context(), merge())
		var failure *Error
		require.ErrorAs(f, err, &failure)
		assert.True(f, failure.Permanent())
		require.ErrorContains(f, err, "roles/bigquery.jobUser")
		assert.Equal(f, 1, f.seen("insert"))
	})
}

func TestATableThatExistsIsNoJobThatExists(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.fault("insert", 1, refuse(409, "duplicate", "Already Exists: Table demo:posthog.tracks"))
		_, err := f.runner().query(f.Context(), merge())
		require.ErrorContains(f, err, "Already Exists: Table demo:posthog.tracks")
		assert.Zero(f, f.seen("get"))
	})
}

func TestAnIDTakenByOtherWorkIsNotAdopted(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		_, err := f.runner().query(f.Context(), merge())
		require.NoError(f, err)
		f.accepted[0].Configuration.Labels[digestLabel] = "another"
		_, err = f.runner().query(f.Context(), merge())
		var failure *Error
		require.ErrorAs(f, err, &failure)
		assert.True(f, failure.Permanent())
		assert.ErrorContains(f, err, "does other work")
	})
}

func TestAWrongLocationIsNamed(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		_, err := f.runner(func(s *JobSettings) { s.Location = "US" }).query(f.Context(), merge())
		require.ErrorContains(f, err, "Dataset demo:posthog was not found in location US")
		require.ErrorContains(f, err, "warehouse.bigquery.location")
		var failure *Error
		require.ErrorAs(f, err, &failure)
		assert.True(f, failure.Permanent())
	})
}

// The same over a real connection and in real time.
func TestOverHTTP(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.course = func(*fakeJob) ending { return ending{looks: 3} }
	server := httptest.NewServer(f.handler)
	defer server.Close()
	client, err := bq.NewClient(t.Context(), testProject, option.WithoutAuthentication(), option.WithEndpoint(server.URL))
	require.NoError(t, err)
	runner := newJobs(client, JobSettings{Location: testLocation, FirstPoll: time.Millisecond, MostPoll: time.Millisecond})
	for range 2 {
		_, err = runner.query(t.Context(), merge())
		require.NoError(t, err)
	}
	assert.Len(t, f.ran(), 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = runner.query(ctx, merge())
	assert.ErrorIs(t, err, context.Canceled)
}
