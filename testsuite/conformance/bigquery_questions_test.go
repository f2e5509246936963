//go:build bigquery

package conformance

import (
	"context"
	"crypto/rand"
	"os"
	"testing"
	"time"

	bq "cloud.google.com/go/bigquery"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/iterator"
)

// question is something that the documents of BigQuery leave open and the product
// relies on.
type question struct {
	ask func(*asking)
	// standIn says that the stand-in can answer too. What it cannot is listed in
	// docs/bqemulator.md.
	standIn bool
}

// questions are named by the answer that the product relies on.
var questions = map[string]question{
	"literal days prune a MERGE of tracks":                               {ask: daysPrune},
	"literal buckets prune tracks_keys":                                  {ask: bucketsPrune},
	"a MERGE is billed its estimate at most":                             {ask: billedAtMostTheEstimate},
	"every statement of a merge can be priced alone":                     {ask: statementsArePriced},
	"a query over its limit fails unbilled":                              {ask: limitHolds},
	"a script costs what its statements cost":                            {ask: scriptCosts},
	"a running job is listed with its labels, and stops when cancelled":  {ask: runningJobIsListed},
	"a job is found in its own location only":                            {ask: jobHasALocation},
	"an id runs once, and is spent when its job has failed":              {ask: idRunsOnce, standIn: true},
	"an ERROR in a transaction rolls it back and gives its message":      {ask: errorRollsBack, standIn: true},
	"a dry run runs nothing":                                             {ask: dryRunRunsNothing, standIn: true},
	"wide numbers in JSON are rounded and not refused":                   {ask: wideNumbers, standIn: true},
	"two merges at once insert no event twice":                           {ask: mergesAtOnce, standIn: true},
	"tables that statements make expire":                                 {ask: tablesExpire},
	"a load replaces the rows of a staging table and leaves its end":     {ask: loadKeepsExpiration},
	"a Parquet file's microseconds and text arrive as they were written": {ask: parquetArrives, standIn: true},
}

// asking is one question being asked, in a dataset of its own.
type asking struct {
	*lab

	place   *place
	dataset *bq.Dataset
	client  *bq.Client
}

func askQuestions(t *testing.T, p *place) {
	t.Helper()
	for name, q := range questions {
		if p.endpoint != "" && !q.standIn {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, area := p.open(t)
			require.NoError(t, w.ApplySchema(t.Context()))
			q.ask(&asking{
				lab: &lab{t: t, warehouse: w, area: area}, place: p, dataset: w.dataset, client: p.client(t, w.dataset.ProjectID),
			})
		})
	}
}

// What the stand-in cannot answer is listed where people look for it.
func TestBigQueryQuestionsAreListed(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/bqemulator.md")
	require.NoError(t, err)
	for name, q := range questions {
		if q.standIn {
			assert.NotContains(t, string(page), name)
		} else {
			assert.Contains(t, string(page), "| "+name+" |")
		}
	}
}

// start inserts a query as a job, in the dataset of the question.
func (a *asking) start(ctx context.Context, statement string, changes ...func(*bq.Query)) (*bq.Job, error) {
	q := a.client.Query(statement)
	q.DefaultProjectID, q.DefaultDatasetID = a.dataset.ProjectID, a.dataset.DatasetID
	q.JobID = "question-" + rand.Text()
	q.Location = a.place.location
	for _, change := range changes {
		change(q)
	}
	return q.Run(ctx)
}

// run runs a query to its end, whatever that is.
func (a *asking) run(statement string, changes ...func(*bq.Query)) (*bq.Job, error) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), 5*time.Minute)
	defer cancel()
	job, err := a.start(ctx, statement, changes...)
	if err != nil {
		return nil, err
	}
	return job, a.ended(ctx, job)
}

func (a *asking) ended(ctx context.Context, job *bq.Job) error {
	a.t.Helper()
	for {
		status, err := job.Status(ctx)
		require.NoError(a.t, err)
		if status.Done() {
			return status.Err()
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func (a *asking) must(statement string) *bq.Job {
	a.t.Helper()
	job, err := a.run(statement)
	require.NoError(a.t, err)
	return job
}

// value is the only value of the only row.
func (a *asking) value(statement string) bq.Value {
	a.t.Helper()
	rows, err := a.must(statement).Read(a.t.Context())
	require.NoError(a.t, err)
	var row []bq.Value
	require.NoError(a.t, rows.Next(&row))
	require.ErrorIs(a.t, rows.Next(&row), iterator.Done)
	return row[0]
}

func dry(q *bq.Query) { q.DryRun, q.JobID = true, "" }

// estimate is what a statement would read.
func (a *asking) estimate(statement string) int64 {
	a.t.Helper()
	job, err := a.start(a.t.Context(), statement, dry)
	require.NoError(a.t, err)
	return job.LastStatus().Statistics.TotalBytesProcessed
}

func queryOf(job *bq.Job) *bq.QueryStatistics {
	details, _ := job.LastStatus().Statistics.Details.(*bq.QueryStatistics)
	if details == nil {
		return &bq.QueryStatistics{}
	}
	return details
}
