package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
)

// asOf is when data tests are run unless a test says otherwise.
var asOf = time.Date(2026, 6, 12, 6, 0, 0, 0, time.UTC)

// declare reads one test, for example "kind: unique, column: event_id".
func (l *lab) declare(fields string) datatest.Test {
	l.t.Helper()
	tests, err := datatest.Parse([]byte("tests: [{name: it, max_bytes: 100 MB, "+fields+"}]"),
		func(string) ([]byte, error) { return []byte("SELECT event_id FROM posthog.cases WHERE n > 1"), nil })
	require.NoError(l.t, err)
	return tests[0]
}

// check runs one test.
func (l *lab) check(fields string, now time.Time) datatest.Result {
	l.t.Helper()
	test := l.declare(fields)
	question, err := test.Question(now)
	require.NoError(l.t, err)
	answer, err := l.warehouse.Ask(l.t.Context(), question)
	require.NoError(l.t, err)
	result, err := test.Judge(now, answer)
	require.NoError(l.t, err)
	return result
}

// cases makes a table to test: each row is an id, a time, a text and a number, in
// SQL; no row makes an empty table.
func (l *lab) cases(rows ...string) {
	l.t.Helper()
	l.sabotage(`CREATE TABLE posthog.cases (event_id STRING, made TIMESTAMP, word STRING, n INT64, arrived TIMESTAMP)`)
	l.addCases(rows...)
}

func (l *lab) addCases(rows ...string) {
	l.t.Helper()
	if len(rows) > 0 {
		l.sabotage(`INSERT INTO posthog.cases (event_id, made, word, n, arrived) VALUES (` + strings.Join(rows, "), (") + `)`)
	}
}

func timestamp(at time.Time) string {
	return "TIMESTAMP '" + at.UTC().Format("2006-01-02 15:04:05.999999") + "+00'"
}

func row(id string, at time.Time, word string) string {
	return fmt.Sprintf("%s, %s, %s, 1, NULL", id, timestamp(at), word)
}

func (l *lab) requireResult(r datatest.Result, status datatest.Status, failures int64, sample ...string) {
	l.t.Helper()
	assert.Equal(l.t, status, r.Status, r.Message)
	assert.Equal(l.t, failures, r.Failures, r.Message)
	assert.Equal(l.t, sample, r.Sample)
}

// unique counts values, not rows; NULL is no value; and a range hides the other copy.
func checkUnique(l *lab) {
	const fields = "kind: unique, table: posthog.cases, column: event_id"
	l.cases()
	l.requireResult(l.check(fields, asOf), datatest.Pass, 0)
	march := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	l.addCases(row("'a'", march, "'x'"), row("'b'", march, "'x'"), row("NULL", march, "'x'"), row("NULL", march, "'x'"))
	l.requireResult(l.check(fields, asOf), datatest.Pass, 0)
	l.addCases(row("'a'", march, "'x'"), row("'a'", march, "'x'"), row("'b'", march.Add(-time.Microsecond), "'y'"))
	r := l.check(fields, asOf)
	l.requireResult(r, datatest.Fail, 2, "a", "b")
	assert.Contains(l.t, r.Message, "2 values of event_id in more than one row of posthog.cases, 3 rows too many")
	l.requireResult(l.check(fields+", timestamp: made, since: 2026-03-04", asOf), datatest.Fail, 1, "a")
	l.requireResult(l.check(fields+`, where: "word = 'y' OR event_id = 'b'"`, asOf), datatest.Fail, 1, "b")
	l.requireResult(l.check(fields+`, error_if: "> 2"`, asOf), datatest.Warn, 2, "a", "b")
	l.requireResult(l.check(fields+`, severity: warn`, asOf), datatest.Warn, 2, "a", "b")
	l.requireResult(l.check(fields+`, error_if: "> 2", warn_if: ">2"`, asOf), datatest.Pass, 0, "a", "b")
}

func checkNotNull(l *lab) {
	const fields = "kind: not_null, table: posthog.cases, column: word"
	l.cases()
	l.requireResult(l.check(fields, asOf), datatest.Pass, 0)
	l.addCases(row("'a'", asOf, "''"))
	l.requireResult(l.check(fields, asOf), datatest.Pass, 0)
	l.addCases(row("'b'", asOf, "NULL"), row("NULL", asOf, "NULL"))
	l.requireResult(l.check(fields, asOf), datatest.Fail, 2, "b")
}

// A value that is not accepted is one failure, however many rows have it; NULL is
// neither in the list nor not.
func checkAcceptedValues(l *lab) {
	const fields = "kind: accepted_values, table: posthog.cases, column: word, values: [web, \"it's\"]"
	l.cases(row("'a'", asOf, "'web'"), row("'b'", asOf, "NULL"), row("'c'", asOf, "'it''s'"))
	if l.check(fields, asOf).Status != datatest.Pass { // BigQuery has another escape
		l.sabotage(`DELETE FROM posthog.cases WHERE event_id = 'c'`)
	}
	l.requireResult(l.check(fields, asOf), datatest.Pass, 0)
	l.addCases(row("'d'", asOf, "'WEB'"), row("'e'", asOf, "'WEB'"), row("'f'", asOf, "'tv'"))
	r := l.check(fields, asOf)
	l.requireResult(r, datatest.Fail, 2, "d", "f")
	assert.Contains(l.t, r.Message, "in 3 rows")
}

func checkRelationships(l *lab) {
	l.deliver(l.hour(1), event(1), event(2))
	l.cases(row("NULL", asOf, "'x'"))
	const fields = "kind: relationships, table: posthog.cases, column: event_id, to: {table: tracks, column: event_id}"
	l.requireResult(l.check(fields, asOf), datatest.Pass, 0)
	known := "'019eb700-0000-7000-8000-000000000001'"
	l.addCases(row(known, asOf, "'x'"), row(known, asOf, "'x'"), row("'gone'", asOf, "'x'"), row("'gone'", asOf, "'x'"))
	l.requireResult(l.check(fields, asOf), datatest.Fail, 2, "gone", "gone")
}

// A test of some events sees only these, whatever their names.
func checkEvents(l *lab) {
	l.deliver(l.hour(1), event(1, named(`it's "paid" \ 100 %`)), event(2, named("login")), event(3, named("login")))
	const fields = "kind: accepted_values, table: tracks, column: event_name, values: [none]"
	r := l.check(fields, asOf)
	assert.Equal(l.t, int64(2), r.Failures)
	r = l.check(fields+`, events: ['it''s "paid" \ 100 %', other]`, asOf)
	assert.Equal(l.t, int64(1), r.Failures)
	assert.Contains(l.t, r.Message, "in 1 row of tracks")
}

// The thresholds are strict, an empty table is infinitely old, and the future is young.
func checkFreshness(l *lab) {
	const fields = "kind: freshness, table: posthog.cases, column: made, "
	const both = fields + "warn_after: 2h, error_after: 4h"
	l.cases()
	l.requireResult(l.check(both, asOf), datatest.Fail, 1)
	l.requireResult(l.check(fields+"warn_after: 2h", asOf), datatest.Warn, 1)
	assert.Greater(l.t, *l.check(both, asOf).Value, 6.3e10)
	l.addCases(row("'a'", asOf, "'x'"), row("'b'", asOf.AddDate(0, 0, -9), "'old'"))
	for after, want := range map[time.Duration]datatest.Status{
		-time.Hour: datatest.Pass, 2 * time.Hour: datatest.Pass, 2*time.Hour + time.Microsecond: datatest.Warn,
		4 * time.Hour: datatest.Warn, 4*time.Hour + time.Microsecond: datatest.Fail,
	} {
		assert.Equal(l.t, want, l.check(both, asOf.Add(after)).Status, after)
	}
	assert.Equal(l.t, datatest.Fail, l.check(both+`, where: "word = 'old'"`, asOf).Status)
	assert.Equal(l.t, datatest.Fail, l.check(both+`, where: "word = 'none'"`, asOf).Status, "a filter that matches nothing")
	assert.Equal(l.t, datatest.Warn, l.check(both+", severity: warn, where: word = 'old'", asOf).Status)
}

func checkCustom(l *lab) {
	l.cases(row("'a'", asOf, "'x'"))
	l.requireResult(l.check("kind: sql, sql: more.sql", asOf), datatest.Pass, 0)
	l.addCases("'b', NULL, 'x', 2, NULL", "'c', NULL, 'x', 3, NULL")
	l.requireResult(l.check("kind: sql, sql: more.sql", asOf), datatest.Fail, 2, "b", "c")
}
