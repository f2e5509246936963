package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/posthog-tracks/posthog-tracks/internal/replay"
)

// replayed is a run and whether this build would go on with it.
type replayed struct {
	ID    string `json:"id"`
	RunID string `json:"runId"`
	Type  string `json:"type"`
	// Breaks says where this build parts from what the run has done; empty is good.
	Breaks string `json:"breaks,omitempty"`
}

func (s *starter) replay() *cobra.Command {
	var query string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Check that this build can go on with the runs at work, before it is deployed",
		Long: `Check that this build can go on with the runs at work, before it is deployed: the
history of each is replayed against the workflows of this build. Nothing is changed.

Exit code 3 means that a run would break. Gate the change (docs/patterns.md), or let
the run end before the new worker starts.`,
		Example: `  starter replay
  starter replay --query "WorkflowType = 'HourlyTracks' AND StartTime > '2026-06-12T00:00:00Z'"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.replayAll(cmd.Context(), cmd.OutOrStdout(), query, asJSON)
		},
	}
	cmd.Flags().StringVar(&query, "query", "", "which runs, as a query of Temporal's list of runs (default: those at work on the task queue)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (s *starter) replayAll(ctx context.Context, out io.Writer, query string, asJSON bool) error {
	settings, err := s.config()
	if err != nil {
		return err
	}
	if query == "" {
		query = atWorkOn(settings.TaskQueue)
	}
	server, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	runs, err := replayRuns(ctx, server, query)
	if err != nil {
		return err
	}
	breaks := 0
	for _, run := range runs {
		if run.Breaks != "" {
			breaks++
		}
	}
	if asJSON {
		if err := printJSON(out, runs); err != nil {
			return err
		}
	} else {
		printReplayed(out, runs)
	}
	if breaks > 0 {
		return &attentionError{fmt.Errorf("%d of %d runs would break", breaks, len(runs))}
	}
	return nil
}

func replayRuns(ctx context.Context, server *server, query string) ([]replayed, error) {
	replayer, err := replay.New(worker.WorkflowReplayerOptions{DataConverter: server.payloads})
	if err != nil {
		return nil, err
	}
	infos, err := listRuns(ctx, server, query)
	if err != nil {
		return nil, err
	}
	runs := []replayed{}
	for _, info := range infos {
		run := replayed{ID: info.GetExecution().GetWorkflowId(), RunID: info.GetExecution().GetRunId(), Type: info.GetType().GetName()}
		events, err := historyOf(ctx, server, run.ID, run.RunID)
		if err != nil {
			return nil, err
		}
		if err := replayer.History(events); err != nil {
			run.Breaks = err.Error()
		}
		runs = append(runs, run)
	}
	return runs, nil
}

func historyOf(ctx context.Context, server client.Client, id, runID string) (*history.History, error) {
	events := &history.History{}
	pages := server.GetWorkflowHistory(ctx, id, runID, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for pages.HasNext() {
		event, err := pages.Next()
		if err != nil {
			return nil, fmt.Errorf("read history of %s: %w", id, err)
		}
		events.Events = append(events.Events, event)
	}
	return events, nil
}

func printReplayed(out io.Writer, runs []replayed) {
	for _, run := range runs {
		if run.Breaks == "" {
			fmt.Fprintf(out, "goes on  %s (run %s)\n", run.ID, run.RunID)
			continue
		}
		fmt.Fprintf(out, "BREAKS   %s (run %s)\n         %s\n", run.ID, run.RunID, run.Breaks)
	}
	if len(runs) == 0 {
		fmt.Fprintln(out, "no run is at work")
	}
}
