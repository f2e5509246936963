package sample_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// tracks is the law of the merge in the smallest form there is: one row an event,
// the first identity, the first created_at, the newest content.
type tracks map[string]*state

type state struct {
	created time.Time
	row     sample.Row
}

// position is where a row stands.
type position struct {
	object string
	row    int
}

// merge loads one export and returns what became of the rows whose event stands in
// it once; of several in one window only the final state is law.
func (all tracks) merge(h *sample.Hour) map[position]sample.Outcome {
	type placed struct {
		sample.Row

		at position
	}
	skip := map[position]bool{}
	for _, truth := range h.Truth {
		skip[position{truth.Object, truth.Row}] = truth.Outcome == sample.Rejected || truth.Outcome == sample.NotLoaded
	}
	var rows []placed
	times := map[string]int{}
	for _, object := range h.Objects {
		for i, row := range object.Rows {
			if at := (position{object.Name, i}); !skip[at] {
				rows = append(rows, placed{row, at})
				times[strings.ToLower(row.UUID.V)]++
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b placed) int { return int(max(-1, min(1, stored(a.Row)-stored(b.Row)))) })
	outcomes := map[position]sample.Outcome{}
	for _, row := range rows {
		outcome := all.deliver(row.Row)
		if times[strings.ToLower(row.UUID.V)] == 1 {
			outcomes[row.at] = outcome
		}
	}
	return outcomes
}

func (all tracks) deliver(row sample.Row) sample.Outcome {
	if time.UnixMicro(row.Timestamp.V).Before(sample.DefaultCutover) {
		return sample.BeforeCutover
	}
	id := strings.ToLower(row.UUID.V)
	known, ok := all[id]
	switch {
	case !ok:
		all[id] = &state{created: time.UnixMicro(row.Timestamp.V).UTC(), row: row}
		return sample.Inserted
	case known.row.Name != row.Name || known.row.DistinctID != row.DistinctID:
		return sample.Collided
	case known.row.Properties == row.Properties && known.row.PersonID == row.PersonID:
		return sample.Unchanged
	case stored(row) > stored(known.row):
		known.row = row
		return sample.Updated
	default:
		return sample.Older
	}
}

func stored(row sample.Row) int64 {
	if !row.InsertedAt.Valid {
		return math.MinInt64 / 2
	}
	return row.InsertedAt.V
}

// check compares a truth with what the law made of its event.
func (all tracks) check(t *testing.T, truth sample.Truth, outcomes map[position]sample.Outcome) {
	t.Helper()
	if outcome, single := outcomes[position{truth.Object, truth.Row}]; single {
		require.Contains(t, []sample.Outcome{truth.Outcome, truth.Or}, outcome, "%s: %s", truth.Trap, truth.Case)
	}
	known, ok := all[truth.EventID]
	if !ok {
		require.Empty(t, truth.Finals, "%s: %s", truth.Trap, truth.Case)
		return
	}
	got := sample.Final{
		EventName: known.row.Name.V, DistinctID: known.row.DistinctID.V, CreatedAt: known.created, Marker: known.row.Marker,
	}
	matches := slices.ContainsFunc(truth.Finals, func(final sample.Final) bool {
		if final.CreatedAt.IsZero() {
			final.CreatedAt = got.CreatedAt
		}
		return final == got
	})
	require.True(t, matches, "%s: %s: %+v is none of %+v", truth.Trap, truth.Case, got, truth.Finals)
}

// The truth of every trap must be what the law makes of the rows.
func TestTruthFollowsFromTheLaw(t *testing.T) {
	t.Parallel()
	for name, from := range map[string]string{
		"over midnight":   "2026-06-12T20",
		"at the cutover":  "2026-03-03T21",
		"before it":       "2026-02-10T05",
		"the day after":   "2026-03-04T22",
		"a year later":    "2027-03-01T00",
		"end of the year": "2026-12-31T20",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := hours(t, from, 8, sample.Options{Seed: 7, Events: 40, Traps: sample.AllTraps()})
			merged := tracks{}
			outcomes := make([]map[position]sample.Outcome, len(all))
			for i, h := range all {
				outcomes[i] = merged.merge(h)
			}
			checked := 0
			for i, h := range all[3:5] { // all deliveries of these events are within the eight
				for _, truth := range h.Truth {
					if truth.EventID == "" || truth.Outcome == sample.Rejected {
						require.Empty(t, truth.Finals)
						continue
					}
					merged.check(t, truth, outcomes[3+i])
					checked++
				}
			}
			assert.Greater(t, checked, 100)
		})
	}
}

// A retry is merged into what the live run left: what it drops stays in tracks.
func TestTruthOfARetry(t *testing.T) {
	t.Parallel()
	o := sample.Options{Seed: 7, Events: 300, Traps: sample.Traps{sample.OverwrittenHour}}
	live := generate(t, "2026-06-12T10", o)
	o.Run = sample.Retry
	retry := generate(t, "2026-06-12T10", o)
	merged := tracks{}
	outcomes := merged.merge(live)
	for _, truth := range live.Truth {
		merged.check(t, truth, outcomes)
	}
	outcomes = merged.merge(retry)
	for _, truth := range retry.Truth {
		merged.check(t, truth, outcomes)
	}
	for _, truth := range live.Truth {
		if truth.Case == "the retry drops it" {
			merged.check(t, truth, nil)
		}
	}
}
