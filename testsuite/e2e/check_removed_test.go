package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
)

// An incident of a test that is taken out of the file ends with the next run of others.
func TestIncidentsEndWithTheirTest(t *testing.T) {
	t.Parallel()
	incidentEndsWithItsTest(t)
}

func incidentEndsWithItsTest(t *testing.T, change ...func(*harness.Options)) {
	t.Helper()
	const (
		stays = "tests:\n  - {name: stays, kind: keys_drift, max_bytes: 1 GB}\n"
		goes  = "  - {name: goes, kind: freshness, table: tracks, column: created_at, error_after: 1h, max_bytes: 1 GB}\n"
	)
	file := filepath.Join(t.TempDir(), "tests.yaml")
	require.NoError(t, os.WriteFile(file, []byte(stays+goes), 0o600))
	pager, told := openPager(t)
	l := open(t, append(change, told, set("TRACKS_CHECKS_FILE="+file))...)
	l.upload(hour(t, 0), ordinary(1))
	l.load(hour(t, 0))
	assert.Equal(t, []string{"goes"}, l.checks(1).Opened)
	assert.Equal(t, []string{"goes fail"}, alerts(pager.read()))

	require.NoError(t, os.WriteFile(file, []byte(stays), 0o600))
	require.NoError(t, l.worker.Stop())
	l.startWorker()
	assert.Equal(t, []string{"goes"}, l.checks(0).Resolved)
	texts := pager.read()
	assert.Equal(t, []string{"goes closed"}, alerts(texts))
	for _, text := range texts {
		assert.Contains(t, text, "because the test was removed")
	}
	assert.Empty(t, l.checks(0).Resolved)
	assert.Empty(t, pager.read(), "it is told once")
	said, err := l.Answer(l.ctx, "query", `SELECT message FROM posthog.test_results_incidents WHERE test = 'goes'`)
	require.NoError(t, err)
	assert.Contains(t, said, "; closed because the test was removed")
}
