package overview

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

func TestHoursAreJudged(t *testing.T) {
	t.Parallel()
	w, err := window.Parse("2026-06-12T10")
	require.NoError(t, err)
	judge := Judge{Now: w.End().Add(24 * time.Hour), Late: 3 * time.Hour}
	merged := func(after time.Duration) Load {
		return Load{Window: w, Status: ledger.Merged, MergedAt: w.End().Add(after)}
	}
	booked := func(status ledger.Status) Load { return Load{Window: w, Status: status} }
	for name, c := range map[string]struct {
		loads []Load
		want  State
	}{
		"in time":                      {[]Load{merged(time.Hour)}, OK},
		"just in time":                 {[]Load{merged(3 * time.Hour)}, OK},
		"late":                         {[]Load{merged(3*time.Hour + 1)}, Late},
		"in time after a failure":      {[]Load{booked(ledger.Failed), merged(2 * time.Hour)}, OK},
		"good, whatever failed later":  {[]Load{merged(time.Hour), booked(ledger.Failed)}, OK},
		"merged twice":                 {[]Load{merged(time.Hour), merged(9 * time.Hour)}, Reloaded},
		"loaded":                       {[]Load{booked(ledger.Loaded)}, Unmerged},
		"loaded again and not merged":  {[]Load{merged(time.Hour), booked(ledger.Loaded)}, Unmerged},
		"missing":                      {[]Load{booked(ledger.Missing)}, Missing},
		"empty after it was missing":   {[]Load{booked(ledger.Missing), booked(ledger.Empty)}, Empty},
		"failed":                       {[]Load{booked(ledger.Failed)}, Failed},
		"cancelled":                    {[]Load{booked(ledger.Missing), booked(ledger.Cancelled)}, Failed},
		"nothing was ever booked":      {nil, Unknown},
		"what belongs to another hour": {[]Load{{Window: w.Next(), Status: ledger.Failed}}, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hours := judge.Hours(w, w.Next(), c.loads)
			require.Len(t, hours, 1)
			assert.Equal(t, c.want, hours[0].State)
		})
	}
	soon := Judge{Now: w.End().Add(time.Hour), Late: judge.Late}
	assert.Equal(t, Due, soon.Hours(w, w.Next(), nil)[0].State, "an hour that may still come is not unknown")
}

// rows answers every step with the same rows.
type rows [][]string

func (r rows) Inspect(_ context.Context, _, _ string, _ map[string]any, row func([]string) error) error {
	for _, columns := range r {
		if err := row(columns); err != nil {
			return err
		}
	}
	return nil
}

func TestLoadsAreRead(t *testing.T) {
	t.Parallel()
	loads, err := Loads(t.Context(), rows{{
		"2026-06-12 10:00:00Z", "load", "merged", "", "", "10", "9", "1", "4", "3", "1", "1", "0", "1000", "", "0.25",
		"hourly", "run", "2026-06-12 11:31:00Z", "2026-06-12 11:32:00.5Z", "2026-06-12 11:33:00Z",
	}}, time.Time{})
	require.NoError(t, err)
	require.Len(t, loads, 1)
	load := loads[0]
	assert.Equal(t, "2026-06-12T10", load.Window.String())
	assert.Equal(t, ledger.Merge{Inserted: 4, Updated: 3, Unchanged: 1, Collided: 1}, load.Merge)
	assert.Equal(t, 33*time.Minute, load.Lag())
	assert.Zero(t, load.BytesBilled)
	assert.InDelta(t, 0.25, load.USD, 1e-9)
	assert.Equal(t, ledger.Run{WorkflowID: "hourly", RunID: "run"}, load.Run)

	_, err = Loads(t.Context(), rows{{"yesterday"}}, time.Time{})
	require.ErrorContains(t, err, "look up loads of overview: column 1:")
}

func TestVerdictOfAStory(t *testing.T) {
	t.Parallel()
	cutover := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	before, after := cutover.Add(-time.Hour), cutover.Add(time.Hour)
	for name, c := range map[string]struct {
		story  Story
		says   string
		broken bool
	}{
		"unknown":        {Story{}, "no table knows", false},
		"whole":          {Story{Key: []Key{{}}, Rows: []Row{{}}, Deliveries: []Delivery{{}, {}}}, "has it, once", false},
		"collided":       {Story{Key: []Key{{}}, Rows: []Row{{}}, Refused: []Rejection{{}}}, "another event with the same id", false},
		"twice":          {Story{Key: []Key{{}}, Rows: []Row{{}, {}}}, "more than one row", true},
		"a row without":  {Story{Rows: []Row{{}}}, "do not agree", true},
		"a key without":  {Story{Key: []Key{{}}}, "do not agree", true},
		"rejected":       {Story{Rejects: []Rejection{{}}}, "rejected", false},
		"before cutover": {Story{Deliveries: []Delivery{{CreatedAt: before}}}, "backfill", false},
		"not merged":     {Story{Deliveries: []Delivery{{CreatedAt: before}, {CreatedAt: after}}}, "not merged yet", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			says, broken := c.story.Verdict(cutover)
			assert.Contains(t, says, c.says)
			assert.Equal(t, c.broken, broken)
		})
	}
}

type failing struct{}

func (failing) Inspect(context.Context, string, string, map[string]any, func([]string) error) error {
	return errors.New("the file is held")
}

func TestWhatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	_, err := Tell(t.Context(), failing{}, "id", false)
	require.EqualError(t, err, "look up key of explain: the file is held")
}
