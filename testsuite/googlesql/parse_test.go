// Package googlesql parses every statement that is sent to BigQuery with GoogleSQL's
// own parser, so that a typing error cannot wait for production. It is a module of its
// own, because the parser takes minutes to compile.
package googlesql

import (
	"path/filepath"
	"strings"
	"testing"

	parser "github.com/goccy/go-googlesql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/sql"
)

// pieces stand for what is put into statements besides names of tables.
var pieces = map[string]string{
	"additions":        "ADD COLUMN IF NOT EXISTS one STRING, ADD COLUMN IF NOT EXISTS two JSON",
	"buckets":          "1, 2",
	"changed_buckets":  "1, 2",
	"statement":        "SELECT event_id FROM tracks",
	"touched_ranges":   "FALSE",
	"rewritten_ranges": "t.created_at >= TIMESTAMP '2026-06-12 00:00:00+00' AND t.created_at < TIMESTAMP '2026-06-13 00:00:00+00'",
	"checked_ranges":   "TRUE",
	"changed_ranges":   "t.created_at >= TIMESTAMP '2026-06-12 00:00:00+00' AND t.created_at < TIMESTAMP '2026-06-13 00:00:00+00'",
}

// tasks are the SQL files that BigQuery is sent statements of: the shared ones and
// its own.
func tasks(t *testing.T) []string {
	t.Helper()
	var names []string
	seen := make(map[string]bool)
	for _, pattern := range []string{"../../sql/*.sql", "../../sql/bigquery/*.sql"} {
		files, err := filepath.Glob(pattern)
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

// options are BigQuery's: all of the language, with QUALIFY as a keyword.
func options(t *testing.T) *parser.ParserOptions {
	t.Helper()
	require.NoError(t, parser.Init())
	language, err := parser.NewLanguageOptionsMaximumFeatures()
	require.NoError(t, err)
	require.NoError(t, language.SetSupportsAllStatementKinds())
	require.NoError(t, language.EnableReservableKeyword("QUALIFY", true))
	parsing, err := parser.NewParserOptions()
	require.NoError(t, err)
	require.NoError(t, parsing.SetLanguageOptions(language))
	return parsing
}

func TestEveryStatementParses(t *testing.T) {
	parsing := options(t)
	tables := warehouse.DefaultTables().Placeholders(func(parts ...string) string {
		return "`project." + strings.Join(parts, ".") + "`"
	})
	parsed := 0
	for _, task := range tasks(t) {
		steps, err := sql.Load("bigquery", task)
		require.NoError(t, err)
		for _, step := range steps {
			fill := make(map[string]string)
			for _, name := range step.Placeholders() {
				switch {
				case pieces[name] != "":
					fill[name] = pieces[name]
				case tables[name] != "":
					fill[name] = tables[name]
				default:
					fill[name] = "`project.posthog." + name + "`"
				}
			}
			filled, err := step.Fill(fill)
			require.NoError(t, err)
			_, err = parser.ParseStatement(filled.Text, parsing)
			assert.NoError(t, err, "step %s of %s:\n%s", step.Name, task, filled.Text)
			parsed++
		}
	}
	t.Logf("%d statements are GoogleSQL", parsed)
	assert.Greater(t, parsed, 30)
}

// The parser refuses what is no GoogleSQL, so that its silence means something.
func TestTypingErrorsAreFound(t *testing.T) {
	parsing := options(t)
	for _, wrong := range []string{
		"SELECT ROW_NUMBER() OVER (PARTITION event_id ORDER BY created_at) FROM t",
		"MERGE INTO t USING s ON t.a = s.a WHEN MATCHED UPDATE SET a = 1",
		"SELECT a, FROM t WHERE",
		"BEGIN TRANSACTIONS",
		"INSERT INTO t (a) SELECT a FROM s ON CONFLICT DO NOTHING x",
	} {
		_, err := parser.ParseStatement(wrong, parsing)
		assert.Error(t, err, wrong)
	}
}
