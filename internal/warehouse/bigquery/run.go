package bigquery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	bq "cloud.google.com/go/bigquery"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/googleapi"
)

// mostIDs bounds the search for an id that is not spent. Every failed run of the
// same work spends up to Attempts of them.
const mostIDs = 200

// run makes sure that the work is done once, and returns the result of the job that
// did it, now or in an earlier run.
//
// A job that failed for a passing reason is started again, up to Attempts times,
// under the next id. Jobs that an earlier run saw fail count for nothing: what was
// wrong may have been mended since. Errors are *Error, *StoppedError (which wraps
// ctx's error) or what a law's message stands for, see Error.
func (j *jobs) run(ctx context.Context, w work) (*result, error) {
	r := &result{step: w.step, jobs: j}
	pause := j.retries()
	failures := 0
	for number := 1; number <= mostIDs; number++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		started, found, err := j.submit(ctx, w, number)
		if err == nil {
			r.job = started
			if found && failed(started) {
				r.count(started)
				continue
			}
			err = j.wait(ctx, started)
			r.count(started)
			j.bill(w.step, started)
		}
		if err == nil {
			return r, nil
		}
		failures++
		if failure, ok := errors.AsType[*Error](err); !ok || failure.class != again || failures >= j.Attempts {
			return nil, err
		}
		if gax.Sleep(ctx, pause.Pause()) != nil {
			return nil, fmt.Errorf("%w before the next attempt (%w)", ctx.Err(), err)
		}
	}
	return nil, &Error{
		JobID: j.id(w, mostIDs).JobID, class: permanent, Reason: "duplicate",
		Text: fmt.Sprintf("%d jobs for this work have failed", mostIDs), Mend: "look at the last of them, and run the work under a new key",
	}
}

// submit inserts the work's numbered attempt, or finds the job that has its id
// already: of an earlier run, or of this one when the answer was lost.
func (j *jobs) submit(ctx context.Context, w work, number int) (started *bq.Job, found bool, err error) {
	id, labels := j.id(w, number), j.labels(w, number)
	err = j.insist(ctx, func(ctx context.Context) (err error) {
		started, err = w.insert(ctx, id, labels)
		return err
	})
	if taken(err) {
		found = true
		err = j.find(ctx, func(ctx context.Context) (err error) {
			started, err = j.client.JobFromIDLocation(ctx, id.JobID, id.Location)
			return err
		})
	}
	switch {
	case err == nil && found && labelsOf(started)[digestLabel] != w.digest():
		return nil, true, &Error{
			JobID: id.JobID, class: permanent, Reason: "duplicate", Text: "the job of this id does other work",
			Mend: "run the work under a new key",
		}
	case err == nil:
		return started, found, nil
	case ctx.Err() != nil:
		return nil, found, j.stopUnsure(ctx, id, err)
	default:
		return nil, found, explain(id.JobID, err)
	}
}

// taken reports that there is a job with the id. Tables that exist already are
// answered with the same code.
func taken(err error) bool {
	answer, ok := errors.AsType[*googleapi.Error](err)
	return ok && answer.Code == http.StatusConflict &&
		(strings.Contains(answer.Message, "Already Exists: Job") || !strings.Contains(answer.Message, "Already Exists: "))
}

func failed(done *bq.Job) bool {
	status := statusOf(done)
	return status.Done() && status.Err() != nil
}

// statusOf is what the last look at a job saw, never nil.
func statusOf(seen *bq.Job) *bq.JobStatus {
	status := bq.JobStatus{}
	if seen.LastStatus() != nil {
		status = *seen.LastStatus()
	}
	if status.Statistics == nil {
		status.Statistics = &bq.JobStatistics{}
	}
	return &status
}
