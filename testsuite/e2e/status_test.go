package e2e

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// ask runs a command that prints JSON and returns its exit code.
func (l *lab) ask(into any, arguments ...string) int {
	l.t.Helper()
	said, err := l.Answer(l.ctx, append(arguments, "--json")...)
	require.NoError(l.t, json.Unmarshal([]byte(said), into), said)
	if err == nil {
		return 0
	}
	return exitCode(err)
}

// On-call breaks things, asks what is wrong, does what the answer says, and is told
// that nothing is left to do.
func TestStatusLeadsToTheMend(t *testing.T) {
	t.Parallel()
	l := open(t)
	var status struct {
		LastGood string         `json:"lastGood"`
		Hours    map[string]int `json:"hours"`
		Workers  map[string]int `json:"workers"`
		Running  []struct {
			ID    string `json:"id"`
			Waits bool   `json:"waits"`
		} `json:"running"`
		Next []string `json:"next"`
	}
	assert.Equal(t, 3, l.ask(&status, "status"), "there is no schedule yet")
	_, err := l.Starter(l.ctx, "schedules", "apply")
	require.NoError(t, err)

	release := l.holdLock()
	first := l.upload(hour(t, 0), ordinary(1))
	run := l.start(workflows.HourlyInput{Window: hour(t, 0)})
	l.awaitsTurn(run)
	l.ask(&status, "status")
	require.Len(t, status.Running, 1, "whoever holds the lock is on another queue")
	assert.True(t, status.Running[0].Waits)
	release()
	l.result(run)
	l.fails(l.start(workflows.HourlyInput{Window: hour(t, 1)}), "ExportMissing")

	assert.Equal(t, 3, l.ask(&status, "status", "--days", "100000"))
	assert.Equal(t, "2026-06-12T00:00:00Z", status.LastGood)
	assert.Equal(t, 1, status.Hours["late"])
	assert.Equal(t, 1, status.Hours["missing"])
	assert.Equal(t, map[string]int{"posthog-tracks": 1, "posthog-tracks-load": 1}, status.Workers)
	assert.Contains(t, status.Next[0], "hour 2026-06-12T01 has no export")
	assert.Contains(t, status.Next[0], "starter hourly --window 2026-06-12T01")

	said, err := l.Answer(l.ctx, "doctor")
	require.NoError(t, err, said)
	assert.Contains(t, said, "bucket: posthog-exports")
	assert.Contains(t, said, "window_ledger 2")

	event := first.Events()[0]
	said, err = l.Answer(l.ctx, "explain", event.UUID.V)
	require.NoError(t, err)
	assert.Contains(t, said, "delivered in hour 2026-06-12T00: "+first.Objects[0].Name)
	assert.Contains(t, said, "merged")
	assert.Contains(t, said, "tracks has it, once.")
	assert.NotContains(t, said, event.Properties.V)
	said, err = l.Answer(l.ctx, "explain", "--payload", event.UUID.V)
	require.NoError(t, err)
	assert.Contains(t, said, event.Properties.V)
	_, err = l.Answer(l.ctx, "explain", "00000000-0000-0000-0000-000000000000")
	assert.Equal(t, 3, exitCode(err))
	_, err = l.Answer(l.ctx, "explain", "abc")
	assert.Equal(t, 2, exitCode(err))
}

// A reject is found by the id it was sent with.
func TestExplainFindsRejects(t *testing.T) {
	t.Parallel()
	l := open(t)
	w := hour(t, 0)
	uploaded := l.upload(w, sample.Options{Seed: 1, Events: 60, Traps: sample.Traps{sample.NullEvent}})
	l.load(w)
	found := false
	for _, row := range uploaded.Events() {
		if row.Trap != sample.NullEvent {
			continue
		}
		said, err := l.Answer(l.ctx, "explain", row.UUID.V)
		require.NoError(t, err, said)
		assert.Contains(t, said, "event_missing")
		found = true
	}
	assert.True(t, found)
}

// The runs at work are replayed against this build, which wrote them.
func TestReplayOfRunsAtWork(t *testing.T) {
	t.Parallel()
	l := open(t)
	w := hour(t, 0)
	l.upload(w, ordinary(1))
	release := l.holdLock()
	run := l.start(workflows.HourlyInput{Window: w})
	l.awaitsTurn(run)
	said, err := l.Answer(l.ctx, "replay")
	require.NoError(t, err)
	assert.Contains(t, said, "goes on  "+run.GetID())
	said, err = l.Answer(l.ctx, "replay", "--query", "WorkflowType = 'SomebodyElse'")
	assert.Equal(t, 3, exitCode(err), "nobody here knows that workflow")
	assert.Contains(t, said, "BREAKS   write:posthog.tracks")
	release()
	l.result(run)
}
