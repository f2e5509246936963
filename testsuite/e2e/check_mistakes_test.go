package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// mistaken are tests that only the warehouse can refuse, by their name, each with what
// its result must say. Their SQL files are named like them.
var mistaken = map[string]struct{ declared, sql, says string }{
	"syntax":         {"kind: sql, sql: syntax.sql", "SELECT event_id FORM ${tracks}", "syntax error"},
	"two_statements": {"kind: sql, sql: two_statements.sql", "SELECT event_id FROM ${tracks}; SELECT 1", "syntax error"},
	"operator":       {"kind: sql, sql: operator.sql", "SELECT event_id FROM ${tracks} WHERE event_name + 1 > 2", "No function matches"},
	"types":          {"kind: sql, sql: types.sql", "SELECT event_id FROM ${tracks} WHERE CAST(event_name AS BIGINT) > 2", "Conversion Error"},
	"regexp":         {"kind: sql, sql: regexp.sql", "SELECT event_id FROM ${tracks} WHERE regexp_matches(event_name, '(')", `read the text by running its SQL with "starter query"`},
	"no_key":         {"kind: sql, sql: no_key.sql", "SELECT event_name FROM ${tracks}", "event_id"},
	"column":         {"kind: not_null, table: tracks, column: evnt_id", "", "evnt_id"},
	"absent":         {"kind: not_null, table: posthog.trakcs, column: event_id", "", "trakcs"},
	"filter":         {"kind: unique, table: tracks, column: event_id, where: event_name ==== 'a'", "", "===="},
	"not_a_time":     {"kind: volume_anomalies, table: tracks, timestamp: client", "", "compare the test with the table"},
	"greedy":         {"kind: unique, table: tracks, column: event_id, max_bytes: 1 B", "", "raise its max_bytes"},
}

// Mistakes in a file of one's own are named where they are: those that the file shows
// keep the worker from starting, the others are the result of the test that has them,
// and keep no other test from running.
func TestMistakesInDataTestsAreNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "tests.yaml")
	lines := []string{"tests:", "  - {name: fine, kind: keys_drift, tags: [good], max_bytes: 1 GB}"}
	for name, m := range mistaken {
		if !strings.Contains(m.declared, "max_bytes") {
			m.declared += ", max_bytes: 1 GB"
		}
		lines = append(lines, "  - {name: "+name+", "+m.declared+"}")
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".sql"), []byte(m.sql), 0o600))
	}
	content := []byte(strings.Join(lines, "\n"))
	require.NoError(t, os.WriteFile(file, content, 0o600))
	l := open(t, set("TRACKS_CHECKS_FILE="+file))
	l.upload(hour(t, 0), ordinary(1))
	l.load(hour(t, 0))

	said, err := l.Starter(l.ctx, "check", "--list")
	require.NoError(t, err)
	assert.Contains(t, said, "two_statements")
	results := l.checks(1).Results
	require.Len(t, results, len(mistaken)+1)
	for _, r := range results {
		if r.Test == "fine" {
			assert.Equal(t, datatest.Pass, r.Status, r.Message)
			continue
		}
		assert.Equal(t, datatest.Error, r.Status, r.Test)
		assert.Contains(t, r.Message, mistaken[r.Test].says, r.Test)
		t.Logf("%s: %s", r.Test, r.Message)
	}
	var one workflows.CheckResult
	l.command(&one, "check", "--tag", "good")
	assert.Equal(t, "1 pass", one.Summary)
	for want, arguments := range map[string][]string{
		`there is no test "fin"; known are fine`: {"--test", "fin"}, "no test has one of the tags [god]": {"--tag", "god"},
	} {
		said, err := l.Starter(l.ctx, append([]string{"check"}, arguments...)...)
		assert.Equal(t, 1, exitCode(err))
		assert.Contains(t, said, want)
	}

	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(content), "max_bytes", "max_byts", 1)), 0o600))
	said, err = l.Starter(l.ctx, "check", "--list")
	assert.Equal(t, 1, exitCode(err))
	assert.Contains(t, said, file)
	assert.Contains(t, said, "max_byts")
	require.NoError(t, l.worker.Stop())
	worker, err := l.StartWorker()
	require.NoError(t, err)
	<-worker.Ended()
	require.Error(t, worker.Stop(), "a worker without the tests it is to run")
	assert.Contains(t, strings.Join(l.said(40), "\n"), "max_byts")
	require.NoError(t, os.WriteFile(file, content, 0o600))
	l.startWorker()
}
