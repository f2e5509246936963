package main

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// now is when both sides look at the data, but for source freshness, which dbt
// always measures by the clock.
var now = time.Date(2026, 6, 12, 6, 0, 0, 0, time.UTC)

// comparison is one test, as both sides declare it, on a table of its own.
type comparison struct {
	name string
	// rows makes the table: event_id and created_at.
	rows string
	// ours are the fields of our declaration, theirs dbt's test and its arguments; no
	// theirs is source freshness.
	ours   string
	theirs map[string]any
	// freshness are the thresholds of source freshness, in minutes; 0 is none.
	warnAfter, errorAfter int
}

// elementary reports whether dbt needs Elementary's package for it.
func (c comparison) elementary() bool {
	_, needs := c.theirs["elementary.volume_anomalies"]
	return needs
}

func comparisons() []comparison {
	all := append(dbtTests(), freshnesses()...)
	return append(all, volumes()...)
}

// dbtTests are unique and not_null on what could be counted in different ways.
func dbtTests() []comparison {
	var all []comparison
	for name, rows := range map[string]string{
		"empty":   "SELECT NULL::VARCHAR, NULL::TIMESTAMP WHERE FALSE",
		"clean":   "SELECT i::VARCHAR, TIMESTAMP '2026-06-01' FROM range(100) r(i)",
		"doubled": "SELECT (i % 60)::VARCHAR, TIMESTAMP '2026-06-01' + to_days(i::INTEGER // 50) FROM range(100) r(i)",
		"tripled": "SELECT (i % 33)::VARCHAR, TIMESTAMP '2026-06-01' FROM range(100) r(i)",
		"nulls":   "SELECT IF(i % 10 = 0, NULL, i::VARCHAR), TIMESTAMP '2026-06-01' FROM range(100) r(i)",
	} {
		for _, kind := range []string{"unique", "not_null"} {
			all = append(all, comparison{
				name: kind + "_" + name, rows: rows, ours: "kind: " + kind + ", column: event_id",
				theirs: map[string]any{kind: map[string]any{"column_name": "event_id"}},
			})
		}
	}
	const doubled = "SELECT (i % 60)::VARCHAR, TIMESTAMP '2026-06-01' + to_days(i::INTEGER // 50) FROM range(100) r(i)"
	for name, c := range map[string]struct {
		ours  string
		their map[string]any
	}{
		"where":    {"where: created_at >= '2026-06-02'", map[string]any{"where": "created_at >= '2026-06-02'"}},
		"error_if": {`error_if: "> 40"`, map[string]any{"error_if": "> 40"}},
		"warn_if":  {`error_if: "> 40", warn_if: "> 40"`, map[string]any{"error_if": "> 40", "warn_if": "> 40"}},
		"severity": {"severity: warn", map[string]any{"severity": "warn"}},
	} {
		all = append(all, comparison{
			name: "unique_" + name, rows: doubled, ours: "kind: unique, column: event_id, " + c.ours,
			theirs: map[string]any{"unique": map[string]any{"column_name": "event_id", "config": c.their}},
		})
	}
	return all
}

func freshnesses() []comparison {
	var all []comparison
	for name, rows := range map[string]string{
		"empty":  "SELECT NULL::VARCHAR, NULL::TIMESTAMP WHERE FALSE",
		"fresh":  "SELECT 'a', (now() AT TIME ZONE 'UTC') - INTERVAL 30 MINUTE",
		"old":    "SELECT 'a', (now() AT TIME ZONE 'UTC') - INTERVAL 150 MINUTE",
		"stale":  "SELECT 'a', (now() AT TIME ZONE 'UTC') - INTERVAL 10 HOUR",
		"future": "SELECT 'a', (now() AT TIME ZONE 'UTC') + INTERVAL 10 HOUR",
	} {
		for limits, after := range map[string][2]int{"both": {120, 240}, "warn": {120, 0}} {
			ours := fmt.Sprintf("kind: freshness, column: created_at, warn_after: %dm", after[0])
			if after[1] > 0 {
				ours += fmt.Sprintf(", error_after: %dm", after[1])
			}
			all = append(all, comparison{name: "freshness_" + name + "_" + limits, rows: rows, ours: ours, warnAfter: after[0], errorAfter: after[1]})
		}
	}
	return all
}

// volumes are days with so many rows each, the last of which is yesterday.
func volumes() []comparison {
	series := func(last ...int) []int { return append(repeated(14-len(last), 30), last...) }
	all := []comparison{
		volume("lower", series(25), "", nil),
		volume("barely_lower", series(29), "", nil),
		volume("steady", series(30), "", nil),
		volume("few", []int{10, 12, 11, 13, 30}, "", nil),
		volume("higher", series(100), "", nil),
		volume("higher_excluded", series(100), "exclude_detection_period_from_training: true", map[string]any{"exclude_detection_period_from_training": true}),
		volume("drop_only", series(100), "direction: drop", map[string]any{"anomaly_direction": "drop"}),
		volume("spike_only", series(100), "direction: spike", map[string]any{"anomaly_direction": "spike"}),
		volume("insensitive", series(25), "sensitivity: 4", map[string]any{"sensitivity": 4}),
		volume("small_change", series(25), "ignore_small_changes: {spike_failure_percent_threshold: 30, drop_failure_percent_threshold: 30}",
			map[string]any{"ignore_small_changes": map[string]any{"spike_failure_percent_threshold": 30, "drop_failure_percent_threshold": 30}}),
		volume("zero", append(repeated(6, 20, 40), 0), "fail_on_zero: true", map[string]any{"fail_on_zero": true}),
		volume("month", append(repeated(27, 30, 31), 12), "training: 28d", map[string]any{"training_period": map[string]any{"period": "day", "count": 28}}),
		volume("weekends", append(repeated(13, 50, 50, 50, 50, 50, 20, 20), 0), "", nil),
	}
	for day := 1; day <= 4; day++ {
		all = append(all, volume(fmt.Sprintf("outage_day_%d", day), append(repeated(14-day, 30), make([]int, day)...), "", nil))
	}
	return all
}

func repeated(n int, values ...int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = values[i%len(values)]
	}
	return all
}

func volume(name string, counts []int, ours string, theirs map[string]any) comparison {
	var days []string
	for i, n := range counts {
		day := now.AddDate(0, 0, i-len(counts)).Format(time.DateOnly)
		days = append(days, fmt.Sprintf("SELECT '%s-' || i, TIMESTAMP '%s' + to_minutes(i) FROM range(%d) r(i)", day, day, n))
	}
	if ours != "" {
		ours = ", " + ours
	}
	arguments := map[string]any{"timestamp_column": "created_at"}
	maps.Copy(arguments, theirs)
	return comparison{
		name: "volume_" + name, rows: strings.Join(days, " UNION ALL "),
		ours:   "kind: volume_anomalies, mode: elementary, timestamp: created_at" + ours,
		theirs: map[string]any{"elementary.volume_anomalies": arguments},
	}
}
