package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/connect"
	"github.com/posthog-tracks/posthog-tracks/internal/overview"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

func (s *starter) status() *cobra.Command {
	var days int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show on one screen how the pipeline stands, and what to do next",
		Long: `Show on one screen how the pipeline stands, and what to do next: the last good
hour and its lag, hours that need somebody, runs at work and waiting for their turn
to write, schedules with the runs they missed, workers, and the cost of today.

Exit code 3 means that something needs somebody; the end of the screen says what.`,
		Example: "  starter status\n  starter status --json | jq '.next'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, err := s.config()
			if err != nil {
				return err
			}
			found := s.standing(cmd.Context(), settings, time.Now().UTC(), days)
			if asJSON {
				if err := printJSON(cmd.OutOrStdout(), found); err != nil {
					return err
				}
			} else {
				printStatus(cmd.OutOrStdout(), found)
			}
			if len(found.Next) > 0 {
				return &attentionError{fmt.Errorf("%d things need somebody", len(found.Next))}
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&days, "days", 7, "how many days to look back for hours that need somebody")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// standing is how the pipeline stands. What could not be found out is among the
// problems.
type standing struct {
	At    time.Time `json:"at"`
	Table string    `json:"table"`
	// LastGood is the newest hour that is done, Lag how long ago it ended.
	LastGood window.Window `json:"lastGood"`
	Lag      string        `json:"lag,omitempty"`
	// Newest is the newest stamp of raw_tracks, Fresh dbt's verdict on its age.
	Newest time.Time `json:"newest,omitzero"`
	Fresh  string    `json:"fresh,omitempty"`
	// Hours counts the hours looked at by their state.
	Hours map[overview.State]int `json:"hours"`
	// Trouble are the hours that need somebody, oldest first.
	Trouble   []trouble      `json:"trouble"`
	Running   []running      `json:"running"`
	Schedules []schedule     `json:"schedules"`
	Workers   map[string]int `json:"workers"`
	Today     overview.Spent `json:"today"`
	// Tests counts data tests by their newest status, Failing are those that fail.
	Tests   map[string]int        `json:"tests"`
	Failing []overview.TestResult `json:"failing"`
	// Problems are what could not be found out.
	Problems []string `json:"problems"`
	// Next is what to do, the most pressing first.
	Next []string `json:"next"`
}

// trouble is an hour that needs somebody.
type trouble struct {
	Window window.Window  `json:"window"`
	State  overview.State `json:"state"`
	Reason string         `json:"reason,omitempty"`
}

// standing finds out how the pipeline stands.
func (s *starter) standing(ctx context.Context, settings config.Config, now time.Time, days int) *standing {
	found := &standing{
		At: now, Table: settings.Tables.Name(), Hours: make(map[overview.State]int), Workers: make(map[string]int),
		Tests: make(map[string]int), Failing: []overview.TestResult{},
		Trouble: []trouble{}, Running: []running{}, Schedules: []schedule{}, Problems: []string{}, Next: []string{},
	}
	if err := found.lookIntoTables(ctx, settings, days); err != nil {
		found.Problems = append(found.Problems, err.Error())
	}
	if err := found.askTemporal(ctx, s, settings); err != nil {
		found.Problems = append(found.Problems, err.Error())
	}
	found.Next = found.next()
	return found
}

func (f *standing) lookIntoTables(ctx context.Context, settings config.Config, days int) error {
	tables, err := openTables(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { _ = tables.Close() }()
	if f.LastGood, err = overview.LastGood(ctx, tables); err != nil {
		return err
	}
	if !f.LastGood.IsZero() {
		f.Lag = f.At.Sub(f.LastGood.End()).Round(time.Minute).String()
	}
	newest, ok, err := tables.Newest(ctx)
	if err != nil {
		return err
	}
	if ok {
		f.Newest, f.Fresh = newest, freshnessOf(f.At.Sub(newest), settings)
	}
	spent, err := overview.SpentSince(ctx, tables, f.At.Truncate(24*time.Hour))
	if err != nil {
		return err
	}
	f.Today = withTests(spent, settings.Warehouse)
	if err := f.lookAtTests(ctx, tables, days); err != nil {
		return err
	}
	return f.judgeHours(ctx, tables, settings, days)
}

func (f *standing) lookAtTests(ctx context.Context, tables tables, days int) error {
	tests, err := overview.Tests(ctx, tables, f.At.AddDate(0, 0, -days))
	for i := range tests {
		f.Tests[tests[i].Status]++
		if tests[i].Bad() {
			f.Failing = append(f.Failing, tests[i])
		}
	}
	return err
}

// judgeHours looks at the hours of the last days, from the first one on that
// anything was booked for.
func (f *standing) judgeHours(ctx context.Context, tables tables, settings config.Config, days int) error {
	from := window.Before(f.At.AddDate(0, 0, -days))
	loads, err := overview.Loads(ctx, tables, from.Start())
	if err != nil || len(loads) == 0 {
		return err
	}
	first := loads[0].Window
	for i := range loads {
		if loads[i].Window.Start().Before(first.Start()) {
			first = loads[i].Window
		}
	}
	judge := overview.Judge{Now: f.At, Late: settings.LateAfter()}
	hours := judge.Hours(first, window.Before(f.At).Next(), loads)
	for i := range hours {
		h := &hours[i]
		f.Hours[h.State]++
		switch h.State {
		case overview.Unmerged, overview.Missing, overview.Failed, overview.Unknown:
			t := trouble{Window: h.Window, State: h.State}
			if newest := h.Newest(); newest != nil {
				t.Reason = newest.Reason
			}
			f.Trouble = append(f.Trouble, t)
		}
	}
	return nil
}

// withTests adds the data tests to the bill. DuckDB has none.
func withTests(spent overview.Spent, from config.Warehouse) overview.Spent {
	if from.Kind != config.KindBigQuery {
		return spent
	}
	return spent.WithTests(connect.Price(from.BigQuery).OfBytes(spent.TestsRead))
}

func freshnessOf(age time.Duration, settings config.Config) string {
	switch {
	case age > settings.Freshness.Error:
		return "error"
	case age > settings.Freshness.Warn:
		return "warn"
	default:
		return "pass"
	}
}
