package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
)

// isType reports whether err came from an activity as an error of this type.
func isType(err error, kind string) bool {
	var application *temporal.ApplicationError
	return errors.As(err, &application) && application.Type() == kind
}

// named puts the type and text of an activity's error at the head of the run's
// own, where the UI and alerts show it; the activity's stays as the cause.
// Cancellations and everything untyped pass as they are.
func named(doing string, err error) error {
	var application *temporal.ApplicationError
	if err == nil || temporal.IsCanceledError(err) || !errors.As(err, &application) || application.Type() == "" {
		return err
	}
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf("%s: %s", doing, application.Message()), application.Type(), err)
}

// reason is the type and the text of a failure, for the ledger.
func reason(err error) (kind, detail string) {
	if application, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return application.Type(), application.Message()
	}
	return "", err.Error()
}
