package conformance

import (
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/overview"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

func overviewOfHours(l *lab) {
	last, err := overview.LastGood(l.t.Context(), l.warehouse)
	require.NoError(l.t, err)
	assert.True(l.t, last.IsZero(), "nothing is done yet")

	l.deliver(l.hour(1), event(1), event(2), event(3, withoutID))
	l.load(l.hour(2), event(1, content("newer"), inserted(60)))
	require.NoError(l.t, l.warehouse.RecordOutcome(l.t.Context(), ledger.Outcome{
		Window: l.hour(3), ID: "run", Status: ledger.Missing, Reason: "ExportMissing", Detail: "no object", Run: ledger.Run{WorkflowID: "hourly", RunID: "run"},
	}))
	loads, err := overview.Loads(l.t.Context(), l.warehouse, l.hour(1).Start())
	require.NoError(l.t, err)
	require.Len(l.t, loads, 3)
	merged, loaded, missing := loads[0], loads[1], loads[2]
	assert.Equal(l.t, ledger.Merged, merged.Status)
	assert.Equal(l.t, []int64{3, 2, 1}, []int64{merged.Read, merged.Loaded, merged.Rejected})
	assert.Equal(l.t, ledger.Merge{Inserted: 2}, merged.Merge)
	assert.False(l.t, merged.MergedAt.IsZero())
	assert.Equal(l.t, ledger.Loaded, loaded.Status)
	assert.True(l.t, loaded.MergedAt.IsZero())
	assert.Equal(l.t, "ExportMissing", missing.Reason)
	assert.Equal(l.t, l.hour(3), missing.Window)

	judge := overview.Judge{Now: time.Now(), Late: 365 * 24 * time.Hour}
	var states []overview.State
	for _, h := range judge.Hours(l.hour(1), l.hour(4), loads) {
		states = append(states, h.State)
	}
	assert.Equal(l.t, []overview.State{overview.OK, overview.Unmerged, overview.Missing}, states)
	last, err = overview.LastGood(l.t.Context(), l.warehouse)
	require.NoError(l.t, err)
	assert.Equal(l.t, l.hour(1), last)
	before, err := overview.SpentSince(l.t.Context(), l.warehouse, l.hour(0).Start())
	require.NoError(l.t, err)
	for _, r := range []datatest.Result{{Test: "a", Bytes: 5, CheckedAt: evening}, {Test: "b", Bytes: 2, CheckedAt: evening}, {Test: "c", Bytes: 9, CheckedAt: evening.AddDate(0, 0, -1)}} {
		recording, err := datatest.Recording(ledger.Run{WorkflowID: "check", RunID: "run"}, r)
		require.NoError(l.t, err)
		require.NoError(l.t, l.warehouse.Tell(l.t.Context(), recording))
	}
	spent, err := overview.SpentSince(l.t.Context(), l.warehouse, l.hour(0).Start())
	require.NoError(l.t, err)
	before.TestsRead = 7
	assert.Equal(l.t, before, spent)
	require.NoError(l.t, l.warehouse.Inspect(l.t.Context(), "overview", "counts", nil, func(row []string) error {
		if row[0] == "tracks" {
			assert.Equal(l.t, "2", row[1])
		}
		return nil
	}))
}

func storyOfAnEvent(l *lab) {
	l.deliver(l.hour(1), event(1), event(2))
	l.deliver(l.hour(2), event(1, content("newer"), inserted(60)), event(1, named("purchase"), inserted(90)))
	l.deliver(l.hour(3), event(4), event(5, func(e *sample.Event) { e.Timestamp = sample.Micros{} }))
	tell := func(id string, everywhere bool) *overview.Story {
		story, err := overview.Tell(l.t.Context(), l.warehouse, id, everywhere)
		require.NoError(l.t, err)
		return story
	}

	for _, everywhere := range []bool{false, true} {
		story := tell(event(1).UUID.V, everywhere)
		require.Len(l.t, story.Deliveries, 3)
		assert.Equal(l.t, []string{"$pageview", "$pageview", "purchase"}, []string{
			story.Deliveries[0].Event, story.Deliveries[1].Event, story.Deliveries[2].Event,
		})
		assert.Equal(l.t, l.hour(2), story.Deliveries[2].Window)
		assert.Equal(l.t, int64(1), story.Deliveries[2].Row)
		require.Len(l.t, story.Rows, 1)
		assert.Equal(l.t, noon, story.Rows[0].CreatedAt)
		assert.Equal(l.t, noon.Add(time.Hour), story.Rows[0].InsertedAt, "the newest delivery's")
		require.Len(l.t, story.Key, 1)
		require.Len(l.t, story.Refused, 1)
		assert.Equal(l.t, "collision", story.Refused[0].Reason)
		assert.Len(l.t, story.Loads, 2, "one a window")
		verdict, broken := story.Verdict(Cutover)
		assert.Contains(l.t, verdict, "another event with the same id was refused")
		assert.False(l.t, broken)
	}
	rejected := tell(event(5).UUID.V, false)
	require.Len(l.t, rejected.Rejects, 1)
	assert.Equal(l.t, "timestamp_missing", rejected.Rejects[0].Reason)
	assert.False(l.t, tell(event(9).UUID.V, false).Known())

	payloads, err := overview.Payloads(l.t.Context(), l.warehouse, event(4).UUID.V)
	require.NoError(l.t, err)
	require.Len(l.t, payloads, 1)
	assert.JSONEq(l.t, event(4).Properties.V, payloads[0].Payload)
}
