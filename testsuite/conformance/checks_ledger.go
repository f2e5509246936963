package conformance

import (
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// evening is after the hours that the tests below deliver.
var evening = time.Date(2026, 6, 12, 18, 0, 0, 0, time.UTC)

func checkKeys(l *lab) {
	l.deliver(l.hour(1), event(1), event(2))
	l.deliver(l.hour(2), event(2, named("other"), inserted(60)))
	l.requireResult(l.check("kind: unique_by_keys", evening), datatest.Pass, 0)
	l.requireResult(l.check("kind: keys_drift", evening), datatest.Pass, 0)
	r := l.check("kind: collisions, severity: warn", evening)
	l.requireResult(r, datatest.Warn, 1, "019eb700-0000-7000-8000-000000000002")
	l.requireResult(l.check("kind: collisions", evening.AddDate(0, 0, 8)), datatest.Pass, 0)

	l.sabotage(`DELETE FROM posthog.tracks WHERE event_id LIKE '%0001'`)
	r = l.check("kind: keys_drift", evening)
	l.requireResult(r, datatest.Fail, 1, "2026-06-12")
	l.requireResult(l.check("kind: keys_drift, since: 2026-06-13", evening), datatest.Pass, 0)
	l.sabotage(`INSERT INTO posthog.tracks_keys SELECT * FROM posthog.tracks_keys WHERE event_id LIKE '%0002'`)
	l.requireResult(l.check("kind: unique_by_keys", evening), datatest.Fail, 1, "019eb700-0000-7000-8000-000000000002")
}

// Every row of every object is somewhere, exactly.
func checkReconciliation(l *lab) {
	r := l.check("kind: reconciliation", evening)
	assert.Equal(l.t, datatest.NoData, r.Status)
	l.deliver(l.hour(1), event(1), event(2), event(3, withoutID))
	l.deliver(l.hour(2), event(4), event(4), event(1, named("other"), inserted(60)))
	l.deliver(l.hour(3))
	l.requireResult(l.check("kind: reconciliation", evening), datatest.Pass, 0)

	l.load(l.hour(4), event(5))
	r = l.check("kind: reconciliation", evening)
	l.requireResult(r, datatest.Fail, 1, "2026-06-12T04")
	assert.Contains(l.t, r.Message, "loaded and never merged")
	l.requireResult(l.check("kind: reconciliation, lag: 14h", evening), datatest.Pass, 0)
	l.sabotage(`DELETE FROM posthog.raw_tracks WHERE event_id LIKE '%0002'`)
	l.sabotage(`DELETE FROM posthog.merge_rejects WHERE event_id LIKE '%0001'`)
	r = l.check("kind: reconciliation", evening)
	l.requireResult(r, datatest.Fail, 3, "2026-06-12T01", "2026-06-12T02", "2026-06-12T04")
	assert.Contains(l.t, r.Message, "rows in raw_tracks 1, not 2")
	assert.Contains(l.t, r.Message, "rows in merge_rejects 0, not 1")
	l.sabotage(`DELETE FROM posthog.window_ledger WHERE TRUE`)
	r = l.check("kind: reconciliation", evening)
	assert.Contains(l.t, r.Message, "raw_tracks has 1 rows and the ledger no load")
}

func checkGaps(l *lab) {
	r := l.check("kind: window_gaps", evening)
	l.requireResult(r, datatest.NoData, 0)
	assert.Equal(l.t, "insufficient data: no window was loaded yet", r.Message)
	l.outcome(l.hour(0), ledger.Missing)
	r = l.check("kind: window_gaps", evening)
	l.requireResult(r, datatest.NoData, 0)
	assert.Equal(l.t, "insufficient data: no window was loaded yet, of 1 window tried", r.Message)
	for hour := 1; hour <= 14; hour++ {
		if hour != 5 && hour != 9 {
			l.deliver(l.hour(hour), event(hour))
		}
	}
	l.outcome(l.hour(5), ledger.Missing)
	l.outcome(l.hour(9), ledger.Empty)
	r = l.check("kind: window_gaps", evening)
	l.requireResult(r, datatest.Fail, 1, "2026-06-12T05")
	l.requireResult(l.check("kind: window_gaps, lag: 1h", evening), datatest.Fail, 3, "2026-06-12T05", "2026-06-12T15", "2026-06-12T16")
	l.deliver(l.hour(5), event(99))
	l.requireResult(l.check("kind: window_gaps", evening), datatest.Pass, 0)
}

func (l *lab) outcome(w window.Window, status ledger.Status) {
	l.t.Helper()
	require.NoError(l.t, l.warehouse.RecordOutcome(l.t.Context(), ledger.Outcome{
		Window: w, ID: "run-of-" + w.String(), Status: status, Run: ledger.Run{WorkflowID: "w", RunID: "r"},
	}))
}

// A result is written once a run; the last verdict before it is found; an incident is
// opened once, told of once, and told of once more when it is over.
func checkResults(l *lab) {
	tell := func(step string, bind map[string]any) {
		l.t.Helper()
		require.NoError(l.t, l.warehouse.Tell(l.t.Context(), warehouse.Question{Task: "test_results", Step: step, Bind: bind}))
	}
	ask := func(step string, bind map[string]any) [][]any {
		l.t.Helper()
		answer, err := l.warehouse.Ask(l.t.Context(), warehouse.Question{Task: "test_results", Step: step, Bind: bind})
		require.NoError(l.t, err)
		return answer.Rows
	}
	record := func(run string, status datatest.Status, at time.Time) {
		l.t.Helper()
		r := datatest.Result{
			Test: "it's", Kind: datatest.Unique, Table: "tracks", Severity: datatest.SeverityError, Status: status,
			Message: "a \"message\"\nof two lines", Sample: []string{"a", "b"}, CheckedAt: at,
		}
		bind, err := datatest.Record(ledger.Run{WorkflowID: "check", RunID: run}, r)
		require.NoError(l.t, err)
		tell("record", bind)
	}
	record("run-1", datatest.Fail, asOf)
	record("run-1", datatest.Pass, asOf)
	record("run-2", datatest.Error, asOf.Add(time.Hour))
	assert.Equal(l.t, []string{"fail|[\"a\",\"b\"]|", "error|[\"a\",\"b\"]|"},
		l.rows(`SELECT status, sample, value FROM posthog.test_results ORDER BY checked_at`))
	previous := ask("previous", map[string]any{"test": "it's", "run_id": "run-3", "checked_at": asOf.Add(2 * time.Hour)})
	assert.Equal(l.t, [][]any{{"fail"}}, previous, "an error is no verdict")

	incident := map[string]any{"incident_id": "run-1/it", "test": "it", "status": "fail", "message": "m", "opened_at": asOf}
	tell("open_incident", incident)
	tell("open_incident", incident)
	incident["incident_id"] = "run-2/it"
	tell("open_incident", incident)
	assert.Len(l.t, ask("open_incidents", nil), 1)
	assert.Equal(l.t, [][]any{{"run-1/it", "it", "fail", "m", asOf, nil, nil}}, ask("untold", nil))
	told := map[string]any{"incident_id": "run-1/it", "told_at": evening}
	tell("told", told)
	assert.Empty(l.t, ask("untold", nil))
	tell("resolve_incident", map[string]any{"incident_id": "run-1/it", "message": "m; removed", "resolved_at": evening})
	assert.Empty(l.t, ask("open_incidents", nil))
	assert.Equal(l.t, [][]any{{"run-1/it", "it", "fail", "m; removed", asOf, evening, evening}}, ask("untold", nil))
	tell("told", told)
	assert.Empty(l.t, ask("untold", nil))
}
