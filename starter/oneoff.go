package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// oneOff is a run that a person starts by hand. Its id is fixed, so that there is one
// of its kind at a time.
type oneOff struct {
	id, workflow, summary string
	// detach and json are what was typed: do not wait, and print for programs.
	detach, json bool
}

// flags are those that all one-off commands have.
func (o *oneOff) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.detach, "detach", false, "start the run and do not wait for it")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the result as JSON")
}

// started is what a detached start says as JSON.
type started struct {
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
}

// runOneOff starts the run, waits for it unless told not to, and shows its result. A
// run that failed with a result in its error's details shows it too. Whoever
// interrupts the wait leaves the run as it is.
func runOneOff[R any](ctx context.Context, s *starter, out io.Writer, o oneOff, in any, show func(io.Writer, R)) error { //nolint:cyclop // one way out after the other
	settings, err := s.config()
	if err != nil {
		return err
	}
	server, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	run, err := server.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                                       o.id,
		TaskQueue:                                settings.TaskQueue,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            o.summary,
	}, o.workflow, in)
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return fmt.Errorf("workflow %s is running already; wait for it, or cancel it first", o.id)
	}
	if err != nil {
		return fmt.Errorf("start %s: %w", o.id, err)
	}
	if o.detach && o.json {
		return printJSON(out, started{run.GetID(), run.GetRunID()})
	}
	if !o.json {
		fmt.Fprintf(out, "started %s (run %s)\n", run.GetID(), run.GetRunID())
	}
	if o.detach {
		return nil
	}
	var result R
	ended := run.Get(ctx, &result)
	var failure *temporal.ApplicationError
	if ended != nil && (!errors.As(ended, &failure) || !failure.HasDetails() || failure.Details(&result) != nil) {
		return ending(ctx, o.id, ended)
	}
	if o.json {
		if err := printJSON(out, result); err != nil {
			return err
		}
	} else {
		show(out, result)
	}
	if ended != nil {
		return ending(ctx, o.id, ended)
	}
	return nil
}
