// Package googlesql analyses every statement that is sent to BigQuery with GoogleSQL's
// own front end, so that no typing error, misspelled column or wrong type waits for
// production. It is a module of its own, because the front end takes minutes to compile.
package googlesql

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/sql"
)

// analyzed is an analyzer that has accepted every statement.
func analyzed(t *testing.T) (*analyzer, []statement) {
	t.Helper()
	a, statements := newAnalyzer(t), rendered(t)
	for _, s := range statements {
		assert.NoError(t, a.analyze(s.SQL), "step %s of %s:\n%s", s.Step, s.Task, s.SQL)
	}
	return a, statements
}

func TestEveryStatementIsGoogleSQL(t *testing.T) {
	a, statements := analyzed(t)
	seen := make(map[string]bool)
	for _, s := range statements {
		seen[s.Task+"/"+s.Step] = true
	}
	steps := make(map[string]bool)
	for _, pattern := range []string{"../../sql/*.sql", "../../sql/bigquery/*.sql"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			task := strings.TrimSuffix(filepath.Base(file), ".sql")
			loaded, err := sql.Load("bigquery", task)
			require.NoError(t, err)
			for _, step := range loaded {
				steps[task+"/"+step.Name] = true
				assert.True(t, seen[task+"/"+step.Name], "step %s of %s was left out", step.Name, task)
			}
		}
	}
	t.Logf("%d statements for %d steps, over %d tables, are GoogleSQL", len(statements), len(steps), len(a.tables))
}

// What is wrong is found: in statements that are sent, each spoilt in one place.
func TestMistakesAreFound(t *testing.T) {
	a, statements := analyzed(t)
	for what, c := range map[string]struct{ task, step, right, wrong, says string }{
		"a misspelled column":        {"merge", "insert_rows", "r.session_id", "r.sesion_id", "sesion_id"},
		"a misspelled target":        {"merge", "change_rows", "locale = s.locale", "local = s.locale", "local"},
		"a column too few":           {"merge", "insert_keys", "SELECT event_id, ", "SELECT ", "column count"},
		"a number given text":        {"merge", "record", "rows_inserted = 7", "rows_inserted = 'seven'", "STRING"},
		"a time and a number":        {"merge", "state", "created_at < TIMESTAMP '2026-06-12 10:00:00+00'", "created_at < 5", "No matching signature"},
		"an unknown function":        {"merge", "classify", "ROW_NUMBER()", "ROW_NUMBERS()", "ROW_NUMBERS"},
		"another engine's function":  {"merge", "days", "FORMAT_TIMESTAMP('%Y-%m-%d', created_at)", "strftime(created_at, '%Y-%m-%d')", "strftime"},
		"an unknown table":           {"merge", "state", "posthog.write_fence", "posthog.write_fences", "write_fences"},
		"JSON that is compared":      {"merge", "insert_rejects", "v.outcome = 'collided'", "r.event_payload = r.event_payload", "JSON"},
		"a column that is not alone": {"merge", "days", "GROUP BY day", "GROUP BY outcome", "neither grouped nor aggregated"},
		"no GoogleSQL at all":        {"merge", "insert_rows", "JOIN ", "JOINED ", ""},
		"a keyword too much":         {"merge", "begin", "TRANSACTION", "TRANSACTIONS", ""},
	} {
		t.Run(what, func(t *testing.T) {
			for _, s := range statements {
				if s.Task != c.task || s.Step != c.step {
					continue
				}
				require.Contains(t, s.SQL, c.right)
				require.ErrorContains(t, a.analyze(strings.Replace(s.SQL, c.right, c.wrong, 1)), c.says)
				return
			}
			t.Fatalf("there is no step %s of %s", c.step, c.task)
		})
	}
}

// columnUse is a place where a statement speaks of a column that its tables have.
var columnUse = regexp.MustCompile(`\b(event_id|created_at|window_start|load_id|bucket|seq|rebuild_id|test|run_id|day)\b`)

// Every statement that reads or writes a column is refused when that is misspelled, so
// that none of them is analysed for show.
func TestAMisspelledColumnIsFoundInEveryStatement(t *testing.T) {
	a, statements := analyzed(t)
	spoilt := 0
	for _, s := range statements {
		if s.Task == "schema" || s.Task == "made" || strings.HasPrefix(s.SQL, "CREATE TABLE") && !strings.Contains(s.SQL, "SELECT") {
			continue // they say which columns there are
		}
		for _, at := range columnUse.FindAllStringIndex(s.SQL, -1) {
			if strings.HasSuffix(s.SQL[:at[0]], "AS ") || strings.HasSuffix(s.SQL[:at[0]], "'") || strings.HasSuffix(s.SQL[:at[0]], "@") {
				continue // a name that the statement gives itself, or text
			}
			spoilt++
			assert.Error(t, a.analyze(s.SQL[:at[1]]+"x"+s.SQL[at[1]:]), "step %s of %s, at %d:\n%s", s.Step, s.Task, at[0], s.SQL)
			break
		}
	}
	t.Logf("%d statements refuse a misspelled column", spoilt)
	assert.Greater(t, spoilt, len(statements)/2)
}
