// Package bigquery is the production warehouse: tables in one BigQuery dataset,
// written and read by jobs.
//
// Every statement and every load is a job of its own, inserted under an id that
// follows from what it does. BigQuery runs an id at most once, so whatever is lost
// on the way, a worker or an answer, the next try finds the job and waits for it
// instead of doing the work again.
package bigquery

import (
	"context"
	"time"

	bq "cloud.google.com/go/bigquery"
)

// JobSettings say how jobs are run. A zero field takes the default named with it.
type JobSettings struct {
	// Location of the dataset, such as EU or europe-west3. A job is only found in
	// the location it was inserted in. It has no default.
	Location string
	// Pipeline is the first part of every job's id and the label "pipeline". The
	// default is posthog-tracks.
	Pipeline string
	// MaxBytesBilled fails a query, unbilled, that would read more bytes. Zero
	// leaves it to the project's default.
	MaxBytesBilled int64
	// JobTimeout makes BigQuery give up on a job, counted from its insertion. Zero
	// leaves it at BigQuery's own six hours.
	JobTimeout time.Duration
	// Price turns what jobs used into dollars.
	Price Price
	// Attempts is how often one run starts a job that fails for passing reasons. The
	// default is 6.
	Attempts int
	// FirstRetry and MostRetry bound the growing, random pauses before a failed job
	// or a failed call is tried again. The defaults are 1 s and 1 min.
	FirstRetry, MostRetry time.Duration
	// FirstPoll and MostPoll bound the growing, random pauses between two looks at a
	// running job. The defaults are 100 ms and 10 s.
	FirstPoll, MostPoll time.Duration
	// CallTimeout ends every single call of the API. The default is 1 min.
	CallTimeout time.Duration
	// Visible is how long a job may go unseen after it was accepted. The default is
	// 30 s.
	Visible time.Duration
	// StopPatience is how long to wait for a cancelled job to end. The default is
	// 2 min.
	StopPatience time.Duration
	// Abandon is asked when the context of a running job has ended: true leaves the
	// job running, for the next attempt to find; false cancels it. A worker that
	// shuts down, is paused or is taken for dead abandons. Without it every job is
	// cancelled.
	Abandon func(ctx context.Context) bool
	// Billed is told how many bytes each job was billed for, by the step it did.
	// Nil is fine.
	Billed func(step string, bytes int64)
}

func (s JobSettings) withDefaults() JobSettings {
	fill(&s.Pipeline, "posthog-tracks")
	fill(&s.Attempts, 6)
	fill(&s.FirstRetry, time.Second)
	fill(&s.MostRetry, time.Minute)
	fill(&s.FirstPoll, 100*time.Millisecond)
	fill(&s.MostPoll, 10*time.Second)
	fill(&s.CallTimeout, time.Minute)
	fill(&s.Visible, 30*time.Second)
	fill(&s.StopPatience, 2*time.Minute)
	fill(&s.Price.PerTiB, DefaultPerTiB)
	if s.Abandon == nil {
		s.Abandon = func(context.Context) bool { return false }
	}
	return s
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// jobs runs BigQuery jobs. It is safe for use by many goroutines.
type jobs struct {
	client *bq.Client
	JobSettings
}

func newJobs(client *bq.Client, settings JobSettings) *jobs {
	return &jobs{client: client, JobSettings: settings.withDefaults()}
}

// task says what a job is for, and makes its id.
type task struct {
	// step and window name the work in the job's id and labels: "merge" and
	// "2026-06-12T10", or a day.
	step, window string
	// key tells this piece of work from the next one with the same statement: two
	// calls with one key share one execution, and the second gets the result of the
	// first, however old. Work that must happen once takes a key that lasts, such as
	// the id of a load; a question whose answer must be fresh takes one of its own
	// (rand.Text).
	key string
	// writes is the table that one job at a time may write, "" for jobs that may
	// overlap. It is a label of the job, by which drain finds it.
	writes string
}

// work is what one job does, under whatever id it is submitted.
type work struct {
	task
	// asks is what BigQuery is asked to do, in any fixed encoding, without limits and
	// labels: raising a limit must not do the work twice.
	asks []byte
	// insert submits the job, and does nothing else.
	insert func(ctx context.Context, id bq.JobIDConfig, labels map[string]string) (*bq.Job, error)
}
