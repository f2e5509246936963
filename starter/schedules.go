package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
)

func (s *starter) schedules() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedules",
		Short: "Create, compare, pause and remove the schedules in Temporal",
		Long: `Create, compare, pause and remove the schedules in Temporal. Which there are is
said by the configuration, under schedules.`,
	}
	cmd.AddCommand(
		s.applySchedules(), s.diffSchedules(),
		s.changeSchedules("pause", "Pause schedules; running runs go on", "paused with starter", (*server).pause),
		s.changeSchedules("resume", "Let paused schedules go on; what they missed is not started", "resumed with starter", (*server).resume),
		s.changeSchedules("delete", "Remove schedules; running runs go on", "", (*server).remove),
	)
	return cmd
}

func (s *starter) applySchedules() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Create the schedules, or bring them up to the configuration",
		Long: `Create the schedules, or bring them up to the configuration, after saying what
that changes. A schedule that somebody paused stays paused, and one that is no
longer in the configuration is named and left alone. Doing it twice changes nothing.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.runSchedules(cmd.Context(), cmd.OutOrStdout(), asJSON, true)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (s *starter) diffSchedules() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diff",
		Short: "Say what apply would change; exit code 3 if anything",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.runSchedules(cmd.Context(), cmd.OutOrStdout(), asJSON, false)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// runSchedules shows the difference and, to apply it, makes it go away.
func (s *starter) runSchedules(ctx context.Context, out io.Writer, asJSON, apply bool) error {
	settings, err := s.config()
	if err != nil {
		return err
	}
	temporal, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer temporal.Close()
	changes, err := temporal.compare(ctx, settings)
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(out, changes)
	} else {
		printChanges(out, changes)
	}
	n := differences(changes)
	switch {
	case err != nil || n == 0:
		return err
	case !apply:
		return &attentionError{fmt.Errorf("%d schedules differ; bring them up with: starter schedules apply", n)}
	}
	if asJSON {
		out = io.Discard // the changes are all there is to say
	}
	return temporal.bring(ctx, out, settings, changes)
}

// changeSchedules is a command that does one thing to schedules that are named.
func (s *starter) changeSchedules(verb, short, note string, change func(*server, context.Context, string, string) (scheduleState, error)) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:       verb + " NAME...",
		Short:     short,
		Long:      short + ". The names are: " + scheduleChoices() + ".",
		ValidArgs: scheduleNames,
		Args:      onlySchedules,
		RunE: func(cmd *cobra.Command, names []string) error {
			return s.runChange(cmd, names, asJSON, func(temporal *server, id string) (scheduleState, error) {
				return change(temporal, cmd.Context(), id, note)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	if note != "" {
		cmd.Flags().StringVar(&note, "note", note, "why, for whoever looks at the schedule next")
	}
	return cmd
}

func (s *starter) runChange(cmd *cobra.Command, names []string, asJSON bool, change func(*server, string) (scheduleState, error)) error {
	temporal, err := s.connect(cmd.Context())
	if err != nil {
		return err
	}
	defer temporal.Close()
	var states []scheduleState
	for _, name := range names {
		state, err := change(temporal, scheduleID(name))
		if err != nil {
			return err
		}
		states = append(states, state)
		if !asJSON {
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s%s\n", state.ID, state.State, inBrackets(state.Note))
		}
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), states)
	}
	return nil
}

func inBrackets(note string) string {
	if note == "" {
		return ""
	}
	return " (" + note + ")"
}

// onlySchedules asks for at least one name of a schedule.
func onlySchedules(_ *cobra.Command, names []string) error {
	if len(names) == 0 {
		return &usageError{fmt.Errorf("name the schedules: %s", scheduleChoices())}
	}
	for _, name := range names {
		if !slices.Contains(scheduleNames, name) {
			return &usageError{fmt.Errorf("%q is no schedule; there are: %s", name, scheduleChoices())}
		}
	}
	return nil
}
