//go:build bigquery

package conformance

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	bq "cloud.google.com/go/bigquery"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iterator"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/bigquery"
)

// longQuery runs for a minute or more, and reads nothing.
const longQuery = `SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 1000000)) AS a CROSS JOIN UNNEST(GENERATE_ARRAY(1, 1000000)) AS b
	WHERE MOD(a * b, 7919) = 1`

// Who takes over the lock waits for the jobs that an earlier holder left running.
func runningJobIsListed(a *asking) {
	ctx, cancel := context.WithTimeout(a.t.Context(), 5*time.Minute)
	defer cancel()
	long, err := a.start(ctx, longQuery, func(q *bq.Query) { q.Labels = map[string]string{"writes": a.dataset.DatasetID} })
	require.NoError(a.t, err)
	found := false
	for until := time.Now().Add(time.Minute); !found && time.Now().Before(until); {
		for _, state := range []bq.State{bq.Pending, bq.Running} {
			jobs := a.client.Jobs(ctx)
			jobs.State, jobs.MinCreationTime = state, time.Now().Add(-time.Hour)
			for {
				job, err := jobs.Next()
				if errors.Is(err, iterator.Done) {
					break
				}
				require.NoError(a.t, err)
				config, err := job.Config()
				require.NoError(a.t, err)
				query, ok := config.(*bq.QueryConfig)
				found = found || ok && job.ID() == long.ID() && query.Labels["writes"] == a.dataset.DatasetID
			}
		}
	}
	assert.True(a.t, found)
	require.NoError(a.t, long.Cancel(ctx))
	var stopped *bq.Error
	require.ErrorAs(a.t, a.ended(ctx, long), &stopped)
	assert.Equal(a.t, "stopped", stopped.Reason)
}

func jobHasALocation(a *asking) {
	job := a.must(`SELECT 1`)
	elsewhere := "US"
	if a.place.location == elsewhere {
		elsewhere = "EU"
	}
	_, err := a.client.JobFromIDLocation(a.t.Context(), job.ID(), elsewhere)
	requireCode(a, err, http.StatusNotFound)
	_, err = a.client.JobFromIDLocation(a.t.Context(), job.ID(), a.place.location)
	require.NoError(a.t, err)
}

func requireCode(a *asking, err error, code int) {
	a.t.Helper()
	var answer *googleapi.Error
	require.ErrorAs(a.t, err, &answer)
	require.Equal(a.t, code, answer.Code)
}

func idRunsOnce(a *asking) {
	a.must(`CREATE TABLE some (n INT64)`)
	for id, statement := range map[string]string{
		"good": `INSERT INTO some (n) VALUES (1)`,
		"bad":  `INSERT INTO some (n) VALUES (1 / 0)`,
	} {
		id += "-" + a.dataset.DatasetID
		named := func(q *bq.Query) { q.JobID = id }
		_, _ = a.run(statement, named)
		_, err := a.start(a.t.Context(), statement, named)
		requireCode(a, err, http.StatusConflict)
		require.ErrorContains(a.t, err, "Already Exists: Job")
	}
	assert.Equal(a.t, int64(1), a.value(`SELECT COUNT(*) FROM some`))
}

func errorRollsBack(a *asking) {
	a.must(`CREATE TABLE some (n INT64)`)
	_, err := a.run(`BEGIN TRANSACTION; INSERT INTO some (n) VALUES (1);
		SELECT IF((SELECT COUNT(*) FROM some) = 1, ERROR('law: there must be none, but there is one'), 'ok');
		COMMIT TRANSACTION;`)
	var fault *bq.Error
	require.ErrorAs(a.t, err, &fault)
	assert.Equal(a.t, "invalidQuery", fault.Reason)
	assert.Contains(a.t, fault.Message, "law: there must be none, but there is one")
	assert.Equal(a.t, int64(0), a.value(`SELECT COUNT(*) FROM some`))
}

func dryRunRunsNothing(a *asking) {
	a.must(`CREATE TABLE some AS SELECT 1 AS n`)
	for _, statement := range []string{
		`SELECT IF((SELECT COUNT(*) FROM some) = 1, ERROR('law: it was run, but must not be'), 'ok')`,
		`DELETE FROM some WHERE TRUE`,
		`CREATE TABLE other AS SELECT n FROM some`,
	} {
		a.estimate(statement)
	}
	assert.Equal(a.t, int64(1), a.value(`SELECT COUNT(*) FROM some`))
	_, err := a.dataset.Table("other").Metadata(a.t.Context())
	requireCode(a, err, http.StatusNotFound)
}

// The lock of the workflows keeps merges apart; the fence is there for the day on
// which it does not.
func mergesAtOnce(a *asking) {
	second, err := bigquery.Open(a.t.Context(), a.place.options(a.dataset))
	require.NoError(a.t, err)
	a.t.Cleanup(func() { assert.NoError(a.t, second.Close()) })
	one := a.load(a.hour(1), event(1), event(2))
	two := a.load(a.hour(2), event(1), event(2), event(3))
	var both sync.WaitGroup
	both.Go(func() { _, _ = a.warehouse.MergeLoad(a.t.Context(), one.Window, one.ID) })
	both.Go(func() { _, _ = second.MergeLoad(a.t.Context(), two.Window, two.ID) })
	both.Wait()
	a.requireWhole()
	// What one of them could not do, it does when it is alone.
	for _, load := range []struct{ merge func() error }{
		{func() error { _, err := a.warehouse.MergeLoad(a.t.Context(), one.Window, one.ID); return err }},
		{func() error { _, err := second.MergeLoad(a.t.Context(), two.Window, two.ID); return err }},
	} {
		require.NoError(a.t, load.merge())
	}
	a.requireWhole()
	assert.Len(a.t, a.tracks(), 3)
}
