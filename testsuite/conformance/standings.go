package conformance

import (
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// standings reads where the hours [from, until) stand.
func (l *lab) standings(from, until int) []ledger.Standing {
	l.t.Helper()
	standings, err := l.warehouse.Standings(l.t.Context(), l.hour(from), l.hour(until))
	require.NoError(l.t, err)
	return standings
}

func standingsOfLoads(l *lab) {
	assert.Empty(l.t, l.standings(0, 10))
	l.deliver(l.hour(1), event(1))
	l.deliver(l.hour(2), event(2))
	l.deliver(l.hour(1), event(1), event(3))
	l.load(l.hour(3), event(4))
	l.deliver(l.hour(9), event(5))
	standings := l.standings(1, 9)
	require.Len(l.t, standings, 3, "from is in the range, until is not")
	for i, want := range []struct {
		hour       int
		status     ledger.Status
		generation int64
	}{{1, ledger.Merged, 3}, {2, ledger.Merged, 2}, {3, ledger.Loaded, 4}} {
		got := standings[i]
		assert.Equal(l.t, l.hour(want.hour), got.Window)
		assert.Equal(l.t, want.status, got.Status)
		assert.False(l.t, got.LoadedAt.IsZero())
		assert.Empty(l.t, got.Outcome)
		require.Len(l.t, got.Objects, 1)
		assert.Equal(l.t, want.generation, got.Objects[0].Generation, "of the newest load")
		assert.Positive(l.t, got.Objects[0].Size)
	}
}

func standingsOfOutcomes(l *lab) {
	w := l.hour(1)
	for i, status := range []ledger.Status{ledger.Failed, ledger.Empty} {
		id := string(rune('a' + i))
		require.NoError(l.t, l.warehouse.RecordOutcome(l.t.Context(), ledger.Outcome{
			Window: w, ID: id, Status: status, Run: ledger.Run{WorkflowID: "hourly", RunID: id},
		}))
	}
	standings := l.standings(0, 5)
	require.Len(l.t, standings, 1)
	assert.Equal(l.t, ledger.Standing{Window: w, Outcome: ledger.Empty}, standings[0])

	commit := l.commit(w, l.stage(w, event(1)))
	commit.Ignored = []string{"exports/foreign.parquet"}
	_, err := l.warehouse.CommitWindow(l.t.Context(), commit)
	require.NoError(l.t, err)
	standings = l.standings(0, 5)
	require.Len(l.t, standings, 1)
	assert.Equal(l.t, ledger.Loaded, standings[0].Status)
	assert.Equal(l.t, ledger.Empty, standings[0].Outcome)
	assert.Equal(l.t, commit.Ignored, standings[0].Ignored)
}
