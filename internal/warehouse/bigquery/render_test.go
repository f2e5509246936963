package bigquery

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bq "cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/keys"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// rendered is where the statements are written to, for testsuite/googlesql to analyse.
var rendered = flag.String("rendered", "", "file to write every statement to, as JSON")

// someDay, and what stands for the other values that statements are given.
var (
	someDay   = time.Date(2026, 6, 12, 10, 0, 0, 0, time.UTC)
	someDates = []civil.Date{{Year: 2026, Month: 6, Day: 9}, {Year: 2026, Month: 6, Day: 11}, {Year: 2026, Month: 6, Day: 12}}
	times     = "cutover ingested_at begins ends rejects_at checked_at opened_at resolved_at told_at expires_at ordered_at"
	numbers   = `fence inserted updated unchanged collided before_cutover present duplicate rejected bytes bytes_read bytes_limit
		rows_read rows_loaded rows_rejected slice slice_rows keys_written first width most sampled failures bytes_billed
		approved fence_before fingerprint_before keys_mended removed rewritten rows_after rows_before source_generation`
	texts = `load_id run_id workflow_id backfill_id rebuild_id incident_id event_id day source reason detail status objects ignored
		id days snapshot source_object rejected_by mended outcome steps last_job test kind table_name severity expectation message sample`
	floats = "value no_value cost_usd"
	// spans are times, unless the task says otherwise.
	spans = "from to until created_at"
)

// samples are values for @names, of the types that the product binds.
func samples(task string) map[string]any {
	bind := make(map[string]any)
	for _, group := range []struct {
		names string
		value any
	}{
		{times, someDay},
		{numbers, int64(7)},
		{texts, `{"it's": "text"}`},
		{floats, 0.25},
		{spans, someDay},
	} {
		for name := range strings.FieldsSeq(group.names) {
			bind[name] = group.value
		}
	}
	if task == "backfill" { // days go by name there
		bind["from"], bind["to"] = "2026-06-12", ""
	}
	return bind
}

// pieces are what is put into statements besides tables, made as the product makes it.
func pieces(w *Warehouse) map[string]string {
	fill := map[string]string{
		"buckets": numberList([]int64{1, 9001}), "changed_buckets": numberList(nil),
		"changed_ranges": dayRanges("t.created_at", someDates), "drifted_ranges": onDays("created_at", []keys.DayDrift{{Day: "2026-06-12"}}),
		"touched_ranges": dayRanges("t.created_at", someDates), "rewritten_ranges": dayRanges("t.created_at", someDates),
		"of_the_day": dayRanges("b.created_at", someDates[:1]), "sample_size": "10",
		"additions": "ADD COLUMN IF NOT EXISTS one STRING, ADD COLUMN IF NOT EXISTS two JSON",
		"scope":     "(n > 0) AND `made` >= TIMESTAMP '2026-06-12 00:00:00+00'", "range": "TRUE", "values": quoteText("it's") + ", 'b'",
		"statement": "SELECT event_id FROM " + w.tables["tracks"],
		"column":    "`word`", "key": "`event_id`", "parent_column": "`event_id`", "dimension": "`word`", "timestamp": "`made`", "update_timestamp": "`arrived`",
		"parent": w.tables["tracks"],
	}
	_, fill["table"] = w.table("cases")
	for name := range strings.FieldsSeq(`staged_events staged_rejects window_preview merge_verdict backfill_verdict
		slice_rows slice_rivals slice_deliveries slice_learned
		snapshot keys_snapshot dedup_events dedup_rows dedup_drifted dedup_keys dedup_expected dedup_restored`) {
		_, fill[name] = w.table(name + "_20260612T10_0a1b2c3d4e5f")
	}
	fill["source"], fill["checked_ranges"] = fill["snapshot"], "TRUE"
	d := &deduping{script: &script{fill: fill}}
	d.checksum(map[string]bq.FieldType{"created_at": bq.TimestampFieldType, "event_payload": bq.JSONFieldType, "locale": bq.StringFieldType})
	return fill
}

// statement is one that is sent to BigQuery.
type renderedStatement struct {
	Task string `json:"task"`
	Step string `json:"step"`
	SQL  string `json:"sql"`
}

// Every step of every SQL file can be written with what the product fills in, and
// nothing is left to fill in afterwards.
func TestEveryStatementIsRendered(t *testing.T) {
	t.Parallel()
	w, err := Open(t.Context(), Options{Project: "my-project", Tables: warehouse.DefaultTables(), Endpoint: "http://127.0.0.1:1"})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, w.Close()) })
	win, err := window.Parse("2026-06-12T10")
	require.NoError(t, err)
	var statements []renderedStatement
	for _, task := range tasks(t) {
		require.NotEmpty(t, w.scripts[task], "sql/%s.sql is not among the tasks that Open loads", task)
		for _, step := range w.scripts[task] {
			s := w.script(task, win)
			maps.Copy(s.fill, pieces(w))
			if step.Name == "newest" { // of a column of times
				s.fill["column"] = "`made`"
			}
			maps.Copy(s.bind, samples(task))
			text, err := s.text(step.Name)
			require.NoError(t, err, "step %s of %s", step.Name, task)
			assert.NotContains(t, text, "${")
			statements = append(statements, renderedStatement{Task: task, Step: step.Name, SQL: text})
		}
		if task == "schema" { // which comes first
			statements = append(statements, made(w)...)
		}
	}
	assert.Greater(t, len(statements), 100)
	if *rendered == "" {
		return
	}
	content, err := json.MarshalIndent(statements, "", " ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(*rendered, content, 0o600))
}

// tasks are the SQL files that BigQuery is sent statements of: the shared ones and its
// own.
func tasks(t *testing.T) []string {
	t.Helper()
	var names []string
	seen := make(map[string]bool)
	for _, pattern := range []string{"schema.sql", "*.sql", "../*.sql"} {
		files, err := filepath.Glob(filepath.Join("../../../sql/bigquery", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".sql")
			if !seen[name] {
				names = append(names, name)
			}
			seen[name] = true
		}
	}
	return names
}

// made are tables that the statements speak of and that no statement makes with its
// columns: those that are loaded, snapshots, and the one that data tests are about.
func made(w *Warehouse) []renderedStatement {
	_, cases := w.table("cases")
	all := []renderedStatement{{Task: "made", Step: "cases", SQL: "CREATE TABLE " + cases +
		" (event_id STRING, made TIMESTAMP, word STRING, n INT64, arrived TIMESTAMP, reason STRING)"}}
	for _, snapshot := range []struct{ name, of string }{{"snapshot", "tracks"}, {"keys_snapshot", "tracks_keys"}} {
		all = append(all, renderedStatement{
			Task: "made", Step: snapshot.name,
			SQL: "CREATE TABLE " + pieces(w)[snapshot.name] + " AS SELECT * FROM " + w.tables[snapshot.of], //nolint:unqueryvet // a snapshot has them all
		})
	}
	for name, schema := range map[string]bq.Schema{"staged_events": stagedEvents, "staged_rejects": stagedRejects} {
		columns := make([]string, len(schema))
		for i, field := range schema {
			columns[i] = fmt.Sprintf("%s %s", field.Name, map[bq.FieldType]string{
				bq.StringFieldType: "STRING", bq.IntegerFieldType: "INT64", bq.TimestampFieldType: "TIMESTAMP",
			}[field.Type])
		}
		all = append(all, renderedStatement{Task: "made", Step: name, SQL: "CREATE TABLE " + pieces(w)[name] + " (" + strings.Join(columns, ", ") + ")"})
	}
	return all
}
