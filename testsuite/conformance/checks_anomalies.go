package conformance

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
)

// dayBefore is midnight, some days before the day of asOf.
func dayBefore(days int) time.Time { return asOf.Truncate(24*time.Hour).AddDate(0, 0, -days) }

// days are n rows of a day, beginning at its first microsecond and
// ending with its last.
func days(day time.Time, n int, word string) []string {
	rows := make([]string, n)
	for i := range rows {
		at := day.Add(time.Duration(i) * 24 * time.Hour / time.Duration(n))
		if i == n-1 && n > 1 {
			at = day.Add(24*time.Hour - time.Microsecond)
		}
		rows[i] = fmt.Sprintf("'%s-%d', %s, %s, 1, NULL", day.Format("0102"), i, timestamp(at), word)
	}
	return rows
}

// The oracle: 13 days of 30 rows and one of 25, on the borders of UTC days. What lies
// before, after, in the future or nowhere counts for nothing.
func checkVolume(l *lab) {
	const fields = "kind: volume_anomalies, mode: elementary, table: posthog.cases, timestamp: made"
	l.cases()
	r := l.check(fields, asOf)
	l.requireResult(r, datatest.Pass, 0)
	var rows []string
	for day := 2; day <= 14; day++ {
		rows = append(rows, days(dayBefore(day), 30, "'x'")...)
	}
	rows = append(rows, days(dayBefore(1), 25, "'x'")...)
	rows = append(rows, row("'early'", dayBefore(14).Add(-time.Microsecond), "'x'"), row("'today'", dayBefore(0), "'x'"),
		row("'future'", asOf.AddDate(1, 0, 0), "'x'"), "'never', NULL, 'x', 1, NULL")
	l.addCases(rows...)
	r = l.check(fields, asOf)
	l.requireResult(r, datatest.Fail, 1, dayBefore(1).Format(time.DateOnly))
	assert.InDelta(l.t, 25, *r.Value, 1e-9)
	assert.Equal(l.t, "26 to 34 rows", r.Expectation, "29.642857 and three times 1.336306")
	l.requireResult(l.check(fields+`, where: "word = 'x'"`, asOf.Add(-time.Hour*24)), datatest.Pass, 0)
	l.requireResult(l.check(fields+", severity: warn", asOf), datatest.Warn, 1, dayBefore(1).Format(time.DateOnly))

	l.requireResult(l.check(fields+`, where: "word = 'y'"`, asOf), datatest.Pass, 0)
	l.sabotage("DELETE FROM posthog.cases WHERE made >= " + timestamp(dayBefore(1)))
	r = l.check(fields, asOf)
	l.requireResult(r, datatest.Fail, 1, dayBefore(1).Format(time.DateOnly))
	assert.InDelta(l.t, 0, *r.Value, 1e-9, "a missing bucket is one without rows")

	robust := "kind: volume_anomalies, table: posthog.cases, timestamp: made, bucket: 1d"
	assert.Equal(l.t, datatest.NoData, l.check(robust, asOf).Status, "one earlier Thursday is too little to tell")
	rows = nil
	for day := 15; day <= 35; day++ {
		rows = append(rows, days(dayBefore(day), 30, "'x'")...)
	}
	l.addCases(rows...)
	r = l.check(robust, asOf)
	l.requireResult(r, datatest.Fail, 1, dayBefore(1).Format(time.DateOnly))
	l.sabotage(fmt.Sprintf("DELETE FROM posthog.cases WHERE made < %s OR made IS NULL", timestamp(dayBefore(5))))
	r = l.check(robust, asOf)
	assert.Equal(l.t, datatest.NoData, r.Status, "four days are too little to tell")
}

// In mode elementary a value's history begins with its first row, and NULL is never
// filled up; in mode robust a new value had no rows before.
func checkDimensions(l *lab) {
	const fields = "kind: dimension_anomalies, table: posthog.cases, timestamp: made, dimension: word, bucket: 1d"
	l.cases()
	l.requireResult(l.check(fields+", mode: elementary", asOf), datatest.Pass, 0)
	assert.Equal(l.t, datatest.NoData, l.check(fields, asOf).Status)
	var rows []string
	for day := 1; day <= 28; day++ {
		rows = append(rows, days(dayBefore(day), 40, "'web'")...)
		if day > 1 {
			rows = append(rows, days(dayBefore(day), 30, "'ios'")...)
		}
	}
	rows = append(rows, days(dayBefore(1), 2, "NULL")...)
	rows = append(rows, days(dayBefore(1), 30, "'tv'")...)
	l.addCases(rows...)
	yesterday := dayBefore(1).Format(time.DateOnly)
	l.requireResult(l.check(fields+", mode: elementary, training: 28d", asOf), datatest.Fail, 1, yesterday+" ios")
	r := l.check(fields, asOf)
	assert.Equal(l.t, datatest.Fail, r.Status, r.Message)
	assert.Equal(l.t, []string{yesterday + " ios"}, r.Sample)
	assert.Empty(l.t, r.Discreet().Sample, "values of the data stay in the warehouse")
	assert.NotContains(l.t, r.Message, "ios")
	r = l.check(fields+", max_values: 1", asOf)
	assert.Equal(l.t, datatest.Pass, r.Status, "only the largest value: %s", r.Message)
}

// The metric is the longest gap that ends in a bucket, or that is open at its end.
func checkFreshnessAnomalies(l *lab) {
	const fields = "kind: freshness_anomalies, mode: elementary, table: posthog.cases, timestamp: made"
	l.cases()
	l.requireResult(l.check(fields, asOf), datatest.Pass, 0)
	var rows []string
	for day := 2; day <= 20; day++ {
		for hour := range 24 {
			rows = append(rows, row("'a'", dayBefore(day).Add(time.Duration(hour)*time.Hour), "'x'"))
		}
	}
	rows = append(rows, row("'b'", dayBefore(1), "'x'"), row("'c'", dayBefore(1).Add(10*time.Hour), "'x'"),
		row("'d'", dayBefore(1).Add(10*time.Hour), "'x'"), row("'future'", asOf.AddDate(0, 1, 0), "'x'"))
	l.addCases(rows...)
	r := l.check(fields, asOf)
	l.requireResult(r, datatest.Fail, 1, dayBefore(1).Format(time.DateOnly))
	require.NotNil(l.t, r.Value)
	assert.InDelta(l.t, 14*3600, *r.Value, 1e-6, "the open gap until midnight")
	l.addCases(row("'e'", dayBefore(1).Add(23*time.Hour), "'x'"))
	r = l.check(fields, asOf)
	assert.InDelta(l.t, 13*3600, *r.Value, 1e-6, "the gap that ended at 23:00")
}

func checkEventFreshness(l *lab) {
	const fields = "kind: event_freshness_anomalies, table: posthog.cases, timestamp: made, update_timestamp: arrived, bucket: 1d, mode: "
	l.cases()
	l.requireResult(l.check(fields+"elementary", asOf), datatest.Pass, 0)
	var rows []string
	late := func(day, n int, lag time.Duration) {
		for i := range n {
			arrived := dayBefore(day).Add(time.Duration(i+1) * time.Minute)
			rows = append(rows, fmt.Sprintf("'a', %s, 'x', 1, %s", timestamp(arrived.Add(-lag)), timestamp(arrived)))
		}
	}
	for day := 1; day <= 34; day++ {
		late(day, 20, 10*time.Minute)
	}
	late(1, 1, 90*24*time.Hour) // an old event, delivered again
	l.addCases(rows...)
	r := l.check(fields+"elementary", asOf)
	l.requireResult(r, datatest.Fail, 1, dayBefore(1).Format(time.DateOnly))
	assert.InDelta(l.t, 90*86400, *r.Value, 1e-6)
	r = l.check(fields+"robust", asOf)
	l.requireResult(r, datatest.Pass, 0)
	assert.InDelta(l.t, 600, *r.Value, 1e-6)
	rows = nil
	late(1, 100, 7*time.Hour)
	l.addCases(rows...)
	l.requireResult(l.check(fields+"robust", asOf), datatest.Fail, 1, dayBefore(1).Format(time.DateOnly))
}
