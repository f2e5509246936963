package datatest

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 6, 12, 12, 0, 0, 0, time.UTC)

func noFiles(string) ([]byte, error) { return nil, errors.New("no such file") }

func TestDeclaredTests(t *testing.T) {
	t.Parallel()
	tests, err := Declared()
	require.NoError(t, err)
	used := make(map[Kind]bool)
	for _, test := range tests {
		used[test.Kind] = true
		assert.Positive(t, test.MaxBytes, test.Name)
		_, err := test.Question(noon)
		require.NoError(t, err, test.Name)
	}
	for _, kind := range []Kind{Unique, NotNull, VolumeAnomalies, DimensionAnomalies, FreshnessAnomalies, UniqueByKeys, Reconciliation, Collisions, KeysDrift, WindowGaps} {
		assert.True(t, used[kind], kind)
	}
}

func TestParseNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ yaml, want string }{
		"unknown field":       {"tests: [{name: a, kind: unique, tabel: x}]", "tabel"},
		"unknown kind":        {"tests: [{name: a, kind: uniq}]", `kind "uniq" does not exist; known are [accepted_values`},
		"no name":             {"tests: [{kind: unique}]", "name must be"},
		"twice":               {"tests: [{name: a, kind: collisions, max_bytes: 1 GB}, {name: a, kind: collisions, max_bytes: 1 GB}]", "declared twice"},
		"missing":             {"tests: [{name: a, kind: unique, table: t, max_bytes: 1 GB}]", "kind unique needs column"},
		"no cap":              {"tests: [{name: a, kind: collisions}]", "max_bytes"},
		"of another kind":     {"tests: [{name: a, kind: collisions, values: [x], max_bytes: 1 GB}]", "kind collisions has no use for values"},
		"anomaly elsewhere":   {"tests: [{name: a, kind: collisions, sensitivity: 3, max_bytes: 1 GB}]", "no use for anomaly"},
		"of the other mode":   {"tests: [{name: a, kind: volume_anomalies, table: t, timestamp: c, fail_on_zero: true, max_bytes: 1 GB}]", "belong to mode elementary"},
		"severity":            {"tests: [{name: a, kind: collisions, severity: bad, max_bytes: 1 GB}]", `severity "bad"`},
		"condition":           {"tests: [{name: a, kind: collisions, warn_if: some, max_bytes: 1 GB}]", `condition "some"`},
		"length of time":      {"tests: [{name: a, kind: collisions, last: soon, max_bytes: 1 GB}]", `"soon" is not a length of time`},
		"size":                {"tests: [{name: a, kind: collisions, max_bytes: much}]", `"much" is not a size`},
		"gate":                {"tests: [{name: a, kind: collisions, gate: x, max_bytes: 1 GB}]", `gate "x"`},
		"thresholds":          {"tests: [{name: a, kind: freshness, table: t, column: c, max_bytes: 1 GB}]", "warn_after"},
		"range without since": {"tests: [{name: a, kind: unique, table: t, column: c, since: 2026-01-01, max_bytes: 1 GB}]", "need timestamp"},
		"no SQL file":         {"tests: [{name: a, kind: sql, sql: x.sql, max_bytes: 1 GB}]", "read x.sql: no such file"},
		"a filter elsewhere":  {"tests: [{name: a, kind: window_gaps, where: x > 1, max_bytes: 1 GB}]", "kind window_gaps has no use for where"},
		"a range elsewhere":   {"tests: [{name: a, kind: volume_anomalies, table: t, timestamp: c, last: 7d, max_bytes: 1 GB}]", "kind volume_anomalies has no use for since and last"},
		"events elsewhere":    {"tests: [{name: a, kind: reconciliation, events: [b], max_bytes: 1 GB}]", "kind reconciliation has no use for events"},
		"no tests":            {"", "no tests are declared"},
		"another's table":     {"tests: [{name: a, kind: unique, table: trakcs, column: c, max_bytes: 1 GB}]", `table "trakcs" is none of the pipeline's`},
		"another's parent":    {"tests: [{name: a, kind: relationships, table: tracks, column: c, to: {table: users, column: id}, max_bytes: 1 GB}]", `table "users"`},
		"seasonality":         {"tests: [{name: a, kind: volume_anomalies, mode: elementary, table: t, timestamp: c, seasonality: hour_of_day, max_bytes: 1 GB}]", "buckets of 1h"},
		"known_bad":           {"tests: [{name: a, kind: volume_anomalies, table: t, timestamp: c, known_bad: [{from: 2026-01-01, to: 2026-01-02}], max_bytes: 1 GB}]", "a reason"},
	} {
		_, err := Parse([]byte(c.yaml), noFiles)
		require.Error(t, err, name)
		assert.ErrorContains(t, err, c.want, name)
	}
}

func TestParseNamesWhatIsWrongInSQL(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]string{
		" \n":                            "x.sql holds no statement",
		"SELECT event_id FROM ${trakcs}": "x.sql names ${trakcs}, which is none of the pipeline's tables",
		"SELECT event_id FROM ${tracks":  "",
	} {
		_, err := Parse([]byte("tests: [{name: a, kind: sql, sql: x.sql, max_bytes: 1 GB}]"), func(string) ([]byte, error) { return []byte(statement), nil })
		if want == "" {
			require.NoError(t, err, "the engine refuses it")
			continue
		}
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "a")
	}
}

func TestACustomTestIsOneFile(t *testing.T) {
	t.Parallel()
	tests, err := Parse([]byte("tests: [{name: a, kind: sql, sql: bad.sql, max_bytes: 1 GB}]"),
		func(file string) ([]byte, error) { return []byte("SELECT event_id FROM ${tracks} -- " + file), nil })
	require.NoError(t, err)
	q, err := tests[0].Question(noon)
	require.NoError(t, err)
	assert.Equal(t, "SELECT event_id FROM ${tracks} -- bad.sql", q.Statement)
	assert.Equal(t, int64(1e9), q.MaxBytes)
}

func TestAmountsRoundTrip(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"14d", "3h", "1m30s"} {
		var p Period
		require.NoError(t, p.UnmarshalText([]byte(text)))
		assert.Equal(t, text, p.String())
	}
	for text, size := range map[string]Size{"10 GB": 1e10, "1.5 TB": 15e11, "500 MB": 5e8, "12 B": 12} {
		var s Size
		require.NoError(t, s.UnmarshalText([]byte(text)))
		assert.Equal(t, size, s)
		assert.Equal(t, text, s.String())
	}
	var s Size
	require.NoError(t, s.UnmarshalText([]byte("2GiB")))
	assert.Equal(t, Size(2<<30), s)
}

func TestThePurchaseFlowIsToBeNamed(t *testing.T) {
	t.Parallel()
	tests, err := Parse([]byte(`tests: [{name: a, kind: not_null, table: tracks, column: user_id, events: [login, "${purchase_flow}"], max_bytes: 1 GB}]`), noFiles)
	require.NoError(t, err)
	bare := tests[0].WithPurchaseFlow(nil, "checks.purchase_flow")
	assert.Equal(t, "checks.purchase_flow", bare.Missing)
	r := bare.Idle(noon)
	assert.Equal(t, NoData, r.Status)
	assert.Equal(t, "not run until checks.purchase_flow is set", r.Message)

	named := tests[0].WithPurchaseFlow([]string{"paid", "it's"}, "checks.purchase_flow")
	assert.Empty(t, named.Missing)
	assert.Equal(t, []string{"login", "paid", "it's"}, named.Events)
	assert.Equal(t, []string{"login", PurchaseFlow}, tests[0].Events, "the declaration stays")
	q, err := named.Question(noon)
	require.NoError(t, err)
	assert.Equal(t, named.Events, q.Scopes["scope"].Events)
}

// What people are told to run next depends on what is wrong.
func TestNext(t *testing.T) {
	t.Parallel()
	tests, err := Declared()
	require.NoError(t, err)
	want := map[string]string{
		"tracks_event_id_unique": "starter dedup plan", "tracks_model_event_id_unique": "starter dedup plan",
		"tracks_event_id_not_null": "starter check --test tracks_event_id_not_null",
		"tracks_keys_drift":        "starter keys verify", "tracks_unique_by_keys": "starter keys verify",
		"tracks_collisions": "starter check --test tracks_collisions",
		"windows_reconcile": "starter reconcile --action report", "windows_complete": "starter reconcile --action report",
		"tracks_volume": "starter status", "tracks_model_clients": "starter check --test tracks_model_clients",
	}
	for _, test := range tests {
		if next, listed := want[test.Name]; listed {
			assert.Equal(t, next, test.Next(Fail), test.Name)
			delete(want, test.Name)
		}
		assert.Equal(t, "starter check --test "+test.Name, test.Next(Error), "it has to run first")
	}
	assert.Empty(t, want)
}
