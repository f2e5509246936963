package main

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
)

// endedError is the end of a run that was waited for, in words for people; the cause
// is there for errors.As.
type endedError struct {
	text  string
	cause error
}

func (e *endedError) Error() string { return e.text }
func (e *endedError) Unwrap() error { return e.cause }

// ending says how the run id ended: what went wrong and its type, under which
// docs/runbook.md says more, and not where Temporal met it. When only the wait was
// stopped, the run goes on.
func ending(ctx context.Context, id string, err error) error {
	failure, typed := errors.AsType[*temporal.ApplicationError](err)
	var text string
	switch {
	case ctx.Err() != nil:
		text = id + " goes on, only the wait for it has ended: `starter status` shows it"
	case typed && failure.Type() != "":
		text = fmt.Sprintf("%s failed: %s (%s, see docs/runbook.md)", id, failure.Message(), failure.Type())
	case temporal.IsCanceledError(err):
		text = id + " was cancelled"
	case temporal.IsTerminatedError(err):
		text = id + " was terminated: what it had begun is whole, and it can be started again"
	default:
		text = fmt.Sprintf("%s: %v", id, err)
	}
	return &endedError{text, err}
}
