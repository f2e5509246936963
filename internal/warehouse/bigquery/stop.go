package bigquery

import (
	"context"
	"fmt"

	bq "cloud.google.com/go/bigquery"
	"github.com/googleapis/gax-go/v2"
)

// Outcome is what became of a job whose caller gave up.
type Outcome string

// The outcomes.
const (
	// Left means that the job was abandoned: it goes on, and the next attempt under
	// the same key waits for it.
	Left Outcome = "was left running"
	// Cancelled means that the job ended without a result.
	Cancelled Outcome = "was cancelled"
	// Finished means that the job succeeded before the cancellation reached it: its
	// work is done and stays, and the next attempt under the same key gets its result.
	Finished Outcome = "finished before it could be cancelled"
	// Unstarted means that BigQuery has no such job, although it was asked for one.
	Unstarted Outcome = "was not started"
	// Unknown means that the job had not ended, or could not be seen, when patience
	// ran out. The next attempt under the same key finds it.
	Unknown Outcome = "was asked to stop and may still be running"
)

// StoppedError says that the context ended before the job did, and what became of
// the job. It wraps the context's error. A result is never returned with it, even
// when the job finished: who cancels wants nothing more to happen, and whoever asks
// again under the same key gets the result.
type StoppedError struct {
	JobID   string
	Outcome Outcome
	// Err wraps the context's error, and BigQuery's last answer if that was a refusal.
	Err error
}

func (e *StoppedError) Error() string {
	return fmt.Sprintf("BigQuery job %s %s: %v", e.JobID, e.Outcome, e.Err)
}

func (e *StoppedError) Unwrap() error { return e.Err }

// stop cancels a running job, or leaves it to the next attempt, when ctx has ended.
// A cancelled job is waited for: until it is done it may still write.
func (j *jobs) stop(ctx context.Context, started *bq.Job, before error) error {
	stopped := &StoppedError{JobID: started.ID(), Outcome: Left, Err: ended(ctx, before)}
	if j.Abandon(ctx) {
		return stopped
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), j.StopPatience)
	defer cancel()
	stopped.Outcome = j.cancel(ctx, started)
	return stopped
}

// stopUnsure does the same when it is not known whether BigQuery took the job.
func (j *jobs) stopUnsure(ctx context.Context, id bq.JobIDConfig, before error) error {
	stopped := &StoppedError{JobID: id.JobID, Outcome: Left, Err: ended(ctx, before)}
	if j.Abandon(ctx) {
		return stopped
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), j.StopPatience)
	defer cancel()
	var started *bq.Job
	err := j.find(ctx, func(ctx context.Context) (err error) {
		started, err = j.client.JobFromIDLocation(ctx, id.JobID, id.Location)
		return err
	})
	switch {
	case err == nil:
		stopped.Outcome = j.cancel(ctx, started)
	case missing(err):
		stopped.Outcome = Unstarted
	default:
		stopped.Outcome = Unknown
	}
	return stopped
}

// cancel asks BigQuery to cancel the job, which is only a request, and waits until
// the job is done.
func (j *jobs) cancel(ctx context.Context, started *bq.Job) Outcome {
	asked := j.insist(ctx, started.Cancel)
	pause := gax.Backoff{Initial: j.FirstPoll, Max: j.MostPoll, Multiplier: 1.5}
	for {
		err := j.look(ctx, started)
		switch status := statusOf(started); {
		case err != nil:
			return Unknown
		case status.Done() && status.Err() == nil:
			return Finished
		case status.Done():
			return Cancelled
		case asked != nil:
			return Unknown
		}
		if gax.Sleep(ctx, pause.Pause()) != nil {
			return Unknown
		}
	}
}
