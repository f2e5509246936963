package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// contents say of every table what must be the same after two runs over the same
// exports: everything but stamps, ids of runs, and generations, which the bucket
// makes up. A row is its key and a hash of all of it.
var contents = []struct{ table, key, columns string }{
	{"raw_tracks", "concat_ws(' ', source_object, source_row)", "* EXCLUDE (bq_ingested_timestamp, source_generation)"},
	{"tracks", "event_id", "* EXCLUDE (bq_ingested_timestamp)"},
	{"tracks_keys", "event_id", "* EXCLUDE (bq_ingested_timestamp, row_ingested_at)"},
	{"raw_rejects", "concat_ws(' ', source_object, source_row)", "* EXCLUDE (source_generation)"},
	{
		"merge_rejects", "concat_ws(' ', source_object, source_row)",
		`* EXCLUDE (source_generation) REPLACE (
			json_merge_patch(row_json, '{"bq_ingested_timestamp": null, "source_generation": null}') AS row_json)`,
	},
	{"backfill_ledger", "concat_ws(' ', day, rows_inserted, rows_present)", "* EXCLUDE (backfill_id, run_id, recorded_at)"},
	{
		"window_ledger", "concat_ws(' ', window_start, status, rows_inserted, rows_updated, rows_unchanged, rows_collided)",
		"* EXCLUDE (load_id, run_id, objects, ingested_at, recorded_at, merged_at, bytes_billed, cost_usd, job_ids)",
	},
}

// Contents is what the tables hold, stamps aside: sorted lines, a line a row, that
// begin with the table's name.
type Contents []string

// Contents reads what the tables hold.
func (r *Rig) Contents(ctx context.Context) (Contents, error) {
	return r.contents(ctx, func(string) string { return "*" })
}

// jsonColumns are those whose text is not the same on all warehouses.
var jsonColumns = map[string][]string{
	"raw_tracks":    {"active_feature_flags", "feature_flags_values", "lib_values", "event_payload"},
	"tracks":        {"active_feature_flags", "feature_flags_values", "lib_values", "event_payload"},
	"raw_rejects":   {"row_json"},
	"merge_rejects": {"row_json"},
}

// Values reads what the tables hold as far as warehouses must agree: JSON counts by
// its value, since BigQuery keeps no text of it (12345.50 is 12345.5 there), and keys
// count without their bucket, which each warehouse chooses for itself.
func (r *Rig) Values(ctx context.Context) (Contents, error) {
	return r.contents(ctx, func(table string) string {
		if table == "tracks_keys" {
			return "* EXCLUDE (bucket)"
		}
		var byValue []string
		for _, column := range jsonColumns[table] {
			// A merge writes its result anew from the values.
			byValue = append(byValue, fmt.Sprintf("json_merge_patch(json_object('value', %[1]s), '{}') AS %[1]s", column))
		}
		if byValue == nil {
			return "*"
		}
		return "* REPLACE (" + strings.Join(byValue, ", ") + ")"
	})
}

// contents reads the tables; seen is how a table's columns are looked at.
func (r *Rig) contents(ctx context.Context, seen func(table string) string) (Contents, error) {
	statements := make([]string, len(contents))
	for i, c := range contents {
		statements[i] = fmt.Sprintf(`
			SELECT '%[1]s ' || %[2]s || ' ' || md5(CAST(t AS VARCHAR))
			FROM (SELECT %[4]s FROM (SELECT %[3]s FROM posthog.%[1]s)) AS t`, c.table, c.key, c.columns, seen(c.table))
	}
	rows, err := r.Query(ctx, strings.Join(statements, " UNION ALL "))
	if err != nil {
		return nil, fmt.Errorf("read contents: %w", err)
	}
	lines := make(Contents, len(rows))
	for i, row := range rows {
		lines[i] = row[0]
	}
	slices.Sort(lines)
	return lines, nil
}

// shown is how many differences a person reads before the rest is only counted.
const shown = 10

// Compare says what other has in excess and what it lacks, a line each; the last
// line counts what is left out.
func (c Contents) Compare(other Contents) []string {
	count := make(map[string]int, len(c))
	for _, line := range other {
		count[line]++
	}
	for _, line := range c {
		count[line]--
	}
	var differences []string
	for line, n := range count {
		switch {
		case n > 0:
			differences = append(differences, fmt.Sprintf("%d more: %s", n, line))
		case n < 0:
			differences = append(differences, fmt.Sprintf("%d less: %s", -n, line))
		}
	}
	slices.Sort(differences)
	if len(differences) > shown {
		differences = append(differences[:shown], fmt.Sprintf("and %d more differences", len(differences)-shown))
	}
	return differences
}
