// Command starter is the pipeline's command line: it starts runs, declares
// schedules and looks into the tables.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "starter:", err)
		os.Exit(exitCode(err))
	}
}

// The exit codes.
const (
	exitFailed = 1 // the run or the check failed
	exitUsage  = 2 // what was typed makes no sense
	// exitAttention: the command did its work, and what it found needs somebody.
	exitAttention = 3
)

// usageError is a mistake of the person who typed the command.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// attentionError says that a command has done its work, and that what it found is
// not as it should be.
type attentionError struct{ err error }

func (e *attentionError) Error() string { return e.err.Error() }
func (e *attentionError) Unwrap() error { return e.err }

func exitCode(err error) int {
	if _, ok := errors.AsType[*attentionError](err); ok {
		return exitAttention
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	return exitFailed
}

func root() *cobra.Command {
	s := &starter{}
	cmd := &cobra.Command{
		Use:   "starter",
		Short: "Start, schedule and look into the posthog-tracks pipeline",
		Long: `Start, schedule and look into the posthog-tracks pipeline.

How to reach Temporal comes from TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and Temporal's
other environment variables or profile file; everything else from one YAML file.

Exit codes: 0 done, 1 failed, 2 the command line makes no sense, 3 done, and what was
found needs somebody (see "starter help exit-codes").`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.PersistentFlags().StringVar(&s.file, "config", "", "configuration file (default $TRACKS_CONFIG, else tracks.yaml)")
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	cmd.AddCommand(s.hourly(), s.reload(), s.reconcile(), s.backfill(), s.keys(), s.schedules(), s.query())
	cmd.AddCommand(s.dedup(), s.check())

	// What only looks.
	cmd.AddCommand(s.status(), s.explain(), s.doctor(), s.replay(), s.report(), exitCodes())
	mistyped(cmd)
	return cmd
}
