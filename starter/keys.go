package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/temporal"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/keys"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func (s *starter) keys() *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "Rebuild tracks_keys, or compare it with tracks"}
	cmd.AddCommand(s.keysRebuild(), s.keysVerify())
	return cmd
}

func (s *starter) keysRebuild() *cobra.Command {
	var in workflows.KeysRebuildInput
	run := oneOff{id: workflows.KeysRebuildID, workflow: workflows.KeysRebuild, summary: "tracks_keys built anew, started by hand"}
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Build tracks_keys anew from tracks",
		Long: `Build tracks_keys anew from tracks and raw_tracks, in slices, and swap the tables at
the end. Nothing else writes tracks meanwhile. A rebuild that was stopped goes on
where it was; until it is finished or thrown away, no merge runs.

Events with more than one row in tracks get one key, for their newest row, and are
counted and named.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runOneOff(cmd.Context(), s, cmd.OutOrStdout(), run, in, printRebuilt)
		},
	}
	cmd.Flags().Int64Var(&in.SliceRows, "slice-rows", 0, "about how many rows of tracks one slice has (default: the warehouse's own)")
	cmd.Flags().BoolVar(&in.Discard, "discard", false, "throw an unfinished rebuild away, and do nothing else")
	run.flags(cmd)
	return cmd
}

func printRebuilt(out io.Writer, r keys.Rebuilt) {
	if r.Discarded {
		fmt.Fprintln(out, "the unfinished rebuild is thrown away")
		return
	}
	fmt.Fprintf(out, "rebuilt in %d slices: %s\n", r.Slices, r)
	fmt.Fprintf(out, "raw_tracks knew of newer deliveries or of the content of %d keys\n", r.Refreshed)
	for _, id := range r.Sample {
		fmt.Fprintln(out, "more than one row:", id)
	}
	if r.Duplicates > 0 {
		fmt.Fprintln(out, "to remove duplicates: starter dedup plan")
	}
}

func (s *starter) keysVerify() *cobra.Command {
	var in workflows.KeysVerifyInput
	run := oneOff{id: workflows.KeysVerifyID, workflow: workflows.KeysVerify, summary: "tracks_keys compared with tracks, started by hand"}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Compare tracks_keys with tracks, day by day",
		Long: `Compare tracks_keys with tracks, day by day of created_at: how many rows and keys there
are, and whether they are of the same events and places. It only reads.

The exit code is 3 when they differ.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := runOneOff(cmd.Context(), s, cmd.OutOrStdout(), run, in, printDrift)
			if failure, ok := errors.AsType[*temporal.ApplicationError](err); ok && failure.Type() == contract.ErrKeysDrift {
				return &attentionError{err}
			}
			return err
		},
	}
	cmd.Flags().StringVar(&in.From, "from", "", "first day of created_at, such as 2026-06-12 (default: the first there is)")
	cmd.Flags().StringVar(&in.To, "to", "", "last day of created_at (default: the last there is)")
	run.flags(cmd)
	return cmd
}

func printDrift(out io.Writer, d keys.Drift) {
	fmt.Fprintf(out, "%d days compared: %d rows, %d keys\n", d.Days, d.Rows, d.Keys)
	if d.Rebuilding {
		fmt.Fprintln(out, "a rebuild of the keys is not finished; \"starter keys rebuild\" goes on with it")
	}
	for _, day := range d.On {
		fmt.Fprintln(out, "differs", day)
	}
	for _, stray := range d.Sample {
		fmt.Fprintln(out, "for example", stray)
	}
	if d.Drifted == 0 {
		fmt.Fprintln(out, "no difference")
	}
}
