package main

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
)

func TestTheEndOfARunSaysWhatWentWrong(t *testing.T) {
	t.Parallel()
	failed := temporal.NewNonRetryableApplicationError("no object by 13:05", "ExportMissing", nil)
	require.EqualError(t, ending(t.Context(), "hourly-1", failed), "hourly-1 failed: no object by 13:05 (ExportMissing, see docs/runbook.md)")
	var cause *temporal.ApplicationError
	require.ErrorAs(t, ending(t.Context(), "hourly-1", failed), &cause)
	require.EqualError(t, ending(t.Context(), "hourly-1", temporal.NewCanceledError()), "hourly-1 was cancelled")
	require.EqualError(t, ending(t.Context(), "hourly-1", errors.New("no route")), "hourly-1: no route")

	stopped, stop := context.WithCancel(t.Context())
	stop()
	require.ErrorContains(t, ending(stopped, "hourly-1", stopped.Err()), "hourly-1 goes on")
}
