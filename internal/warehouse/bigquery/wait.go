package bigquery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	bq "cloud.google.com/go/bigquery"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/googleapi"
)

// wait looks at the job's status until it is done, and returns the error it ended
// with. When ctx ends before, it stops or abandons the job.
//
// It must not be replaced by the client's own Wait: that asks for a query's
// results, gets a failed job's error as the answer, takes reasons such as
// rateLimitExceeded for its own, and asks again for ever.
func (j *jobs) wait(ctx context.Context, started *bq.Job) error {
	pause := gax.Backoff{Initial: j.FirstPoll, Max: j.MostPoll, Multiplier: 1.5}
	// The answer to an insert may say done already, but has no statistics.
	for looked := false; !looked || !statusOf(started).Done(); looked = true {
		err := gax.Sleep(ctx, pause.Pause())
		if err == nil {
			err = j.look(ctx, started)
		}
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return j.stop(ctx, started, err)
		default:
			return explain(started.ID(), err)
		}
	}
	if err := statusOf(started).Err(); err != nil {
		return explain(started.ID(), err)
	}
	return nil
}

func (j *jobs) look(ctx context.Context, started *bq.Job) error {
	return j.find(ctx, func(ctx context.Context) error {
		_, err := started.Status(ctx)
		return err
	})
}

// find calls like insist, and gives a job that cannot be seen yet some time to
// appear.
func (j *jobs) find(ctx context.Context, call func(context.Context) error) error {
	until := time.Now().Add(j.Visible)
	for {
		err := j.insist(ctx, call)
		if !missing(err) || !time.Now().Before(until) {
			return err
		}
		if err := gax.Sleep(ctx, j.FirstRetry); err != nil {
			return err
		}
	}
}

// insist calls until there is a final answer: what BigQuery or the network may get
// over is asked again for as long as ctx lives. Every call has its own deadline,
// since a server that never answers would else never be asked again. When ctx ends
// the error is the last call's, which ended puts into words.
func (j *jobs) insist(ctx context.Context, call func(context.Context) error) error {
	pause := j.retries()
	for {
		err := j.once(ctx, call)
		if err == nil || ctx.Err() != nil || !passing(err) {
			return err
		}
		if gax.Sleep(ctx, pause.Pause()) != nil {
			return err
		}
	}
}

func (j *jobs) once(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, j.CallTimeout)
	defer cancel()
	return call(ctx)
}

func (j *jobs) retries() gax.Backoff {
	return gax.Backoff{Initial: j.FirstRetry, Max: j.MostRetry, Multiplier: 2}
}

// ended is the error of a ctx that has ended, with the answer before that, if any.
func ended(ctx context.Context, before error) error {
	if _, ok := errors.AsType[*googleapi.Error](before); ok {
		return fmt.Errorf("%w (the last answer was: %w)", ctx.Err(), explain("", before))
	}
	return ctx.Err()
}

func missing(err error) bool { return answered(err, http.StatusNotFound) }

func forbidden(err error) bool { return answered(err, http.StatusForbidden) }

func answered(err error, code int) bool {
	answer, ok := errors.AsType[*googleapi.Error](err)
	return ok && answer.Code == code
}
