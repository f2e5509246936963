package datatest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/reconcile"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

func result(status Status) []Result {
	return []Result{{Test: "a", Status: status, Message: "m", CheckedAt: noon}}
}

func TestIncidentsOpenOnceAndEnd(t *testing.T) {
	t.Parallel()
	open := func(status Status) []Incident {
		return []Incident{{ID: "earlier/a", Test: "a", Status: status, OpenedAt: noon.Add(-time.Hour)}, {ID: "x", Test: "other", Status: Fail}}
	}
	for name, c := range map[string]struct {
		now                        Status
		open                       []Incident
		opened, resolved, replaced int
	}{
		"first failure":          {Fail, nil, 1, 0, 0},
		"first warning":          {Warn, nil, 1, 0, 0},
		"first error":            {Error, nil, 1, 0, 0},
		"a pass":                 {Pass, nil, 0, 0, 0},
		"no data":                {NoData, nil, 0, 0, 0},
		"fails on":               {Fail, open(Fail), 0, 0, 0},
		"an error while failing": {Error, open(Fail), 0, 0, 0},
		"gets better":            {Warn, open(Fail), 0, 0, 0},
		"gets worse":             {Fail, open(Warn), 1, 0, 1},
		"recovers":               {Pass, open(Fail), 0, 1, 0},
		"no data is no recovery": {NoData, open(Fail), 0, 0, 0},
		"gated is no recovery":   {Gated, open(Fail), 0, 0, 0},
	} {
		changes := Incidents("run", result(c.now), c.open)
		assert.Len(t, changes.Open, c.opened, name)
		assert.Len(t, changes.Resolve, c.resolved, name)
		assert.Len(t, changes.Supersede, c.replaced, name)
	}
}

func TestAlertsEndInACommand(t *testing.T) {
	t.Parallel()
	i := Incident{Test: "a", Status: Fail, Message: "3 rows", OpenedAt: noon}
	assert.Equal(t, ":red_circle: data test *a*: fail\n3 rows\nSince 2026-06-12T12:00:00Z. Next: `starter check --test a`", i.Text("starter check --test a"))
	i.ResolvedAt = noon.Add(90 * time.Minute)
	assert.Empty(t, i.Text("starter check --test a"), "nobody heard of it")
	i.AlertedAt = noon
	assert.Contains(t, i.Text("starter check --test a"), "resolved after 1h 30m; it was: fail")
	assert.Contains(t, i.Text("starter check --test a"), "`starter check --test a`")
}

func TestIncidentsEndWithTheirTest(t *testing.T) {
	t.Parallel()
	open := []Incident{{ID: "1", Test: "declared"}, {ID: "2", Test: "in the run"}, {ID: "3", Test: "gone", Status: Fail, Message: "m", OpenedAt: noon.Add(-time.Hour), AlertedAt: noon}}
	removed := Removed(open, []Test{{Name: "declared"}}, []Result{{Test: "in the run"}}, noon)
	require.Len(t, removed, 1)
	assert.Equal(t, "3", removed[0].ID)
	assert.Equal(t, "m; closed because the test was removed", removed[0].Message)
	assert.Equal(t, noon, removed[0].ResolvedAt)
	assert.Contains(t, removed[0].Text(""), "closed after 1h because the test was removed; it was: fail")
	assert.Contains(t, open[2].Text(""), "`starter check --list`", "until it is closed")
}

func TestFailedResults(t *testing.T) {
	t.Parallel()
	results := []Result{
		{Test: "a", Status: Pass},
		{Test: "b", Status: Fail, Severity: SeverityError},
		{Test: "c", Status: Error, Severity: SeverityWarn},
		{Test: "d", Status: Error, Severity: SeverityError},
		{Test: "e", Status: Warn},
		{Test: "f", Status: NoData},
		{Test: "g", Status: Gated},
	}
	failed := Failed(results)
	require.Len(t, failed, 2)
	assert.Equal(t, []string{"b", "d"}, []string{failed[0].Test, failed[1].Test})
	assert.Equal(t, "1 fail, 2 error, 1 warn, 1 no data, 1 gated, 1 pass", Summary(results))
	assert.Contains(t, Table(results), "| fail | b |")
}

// Tests travel in histories.
func TestTestsSurviveJSON(t *testing.T) {
	t.Parallel()
	tests, err := Declared()
	require.NoError(t, err)
	for _, test := range tests {
		text, err := json.Marshal(test)
		require.NoError(t, err)
		var back Test
		require.NoError(t, json.Unmarshal(text, &back))
		assert.Equal(t, test, back, test.Name)
	}
}

func TestReconcileWithTheBucket(t *testing.T) {
	t.Parallel()
	tests, err := Parse([]byte("tests: [{name: r, kind: reconciliation, export: true, last: 4h, lag: 1h, max_bytes: 1 GB}]"), noFiles)
	require.NoError(t, err)
	test := tests[0]
	from, until, ok := test.Windows(noon)
	require.True(t, ok)
	assert.Equal(t, "2026-06-12T07", from.String())
	assert.Equal(t, "2026-06-12T11", until.String())

	whole := Books{Window: from, Known: true, Load: ledger.Load{Status: ledger.Merged, Merge: &ledger.Merge{}}}
	for state, fails := range map[reconcile.State]bool{
		reconcile.Late: true, reconcile.Rewritten: true, reconcile.Unloaded: true, reconcile.Vanished: false, reconcile.Absent: false,
	} {
		for _, w := range []window.Window{from, from.Next()} {
			v := Reconcile(test, noon, []Books{whole}, []reconcile.Finding{{Window: w, State: state, Objects: 2}})
			assert.Equal(t, fails, v.Failures == 1, "%s of %s: %s", state, w, v.Message)
		}
	}
	assert.Zero(t, Reconcile(test, noon, []Books{whole}, nil).Failures)
	assert.Equal(t, NoData, Reconcile(test, noon, nil, nil).Status)
}

// A lost hour is found exactly, whatever the traffic.
func TestReconciliationFindsALostHour(t *testing.T) {
	t.Parallel()
	tests, err := Parse([]byte("tests: [{name: r, kind: reconciliation, max_bytes: 1 GB}, {name: g, kind: window_gaps, last: 1d, max_bytes: 1 GB}]"), noFiles)
	require.NoError(t, err)
	w := window.Before(noon.Add(-5 * time.Hour))
	receipt := ledger.Receipt{Read: 1000, Loaded: 1000}
	books := Books{
		Window: w, Known: true, Raw: 0, Receipts: []ledger.Receipt{receipt},
		Load: ledger.Load{Status: ledger.Merged, Rows: ledger.Rows{Read: 1000, Loaded: 1000}, Merge: &ledger.Merge{Inserted: 1000}},
	}
	v := Reconcile(tests[0], noon, []Books{books}, nil)
	assert.EqualValues(t, 1, v.Failures)
	assert.Contains(t, v.Message, "rows in raw_tracks 0, not 1000")
	books.Raw = 1000
	assert.Zero(t, Reconcile(tests[0], noon, []Books{books}, nil).Failures)

	var rows [][]any
	first := noon.AddDate(0, 0, -2)
	for at := first; at.Before(noon); at = at.Add(time.Hour) {
		if !at.Equal(w.Start()) {
			rows = append(rows, []any{at, int64(1), first})
		}
	}
	v, err = windowGaps{}.judge(tests[1], noon, rows)
	require.NoError(t, err)
	assert.Equal(t, []string{w.String()}, v.Sample)
}
