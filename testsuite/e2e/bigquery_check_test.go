//go:build bigquery

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The life of an incident on BigQuery: found, told once, mended, resolved.
func TestDataTestsOnBigQueryFindAndTellOnce(t *testing.T) {
	t.Parallel()
	pager, told := openPager(t)
	l := open(t, onBigQuery, told)
	hours := recent(t, 4)
	for i, w := range hours {
		l.upload(w, ordinary(uint64(i)))
		l.load(w)
	}
	assert.Equal(t, "5 no data, 1 gated, 8 pass", l.checks(0).Summary)
	assert.Empty(t, pager.read())

	lost := hours[1].Start().Format(time.RFC3339)
	for _, statement := range []string{
		`INSERT INTO posthog.tracks SELECT * FROM posthog.tracks ORDER BY event_id LIMIT 8`,
		`DELETE FROM posthog.window_ledger WHERE window_start = TIMESTAMP '%s'`,
		`DELETE FROM posthog.raw_tracks WHERE window_start = TIMESTAMP '%s'`,
	} {
		if statement[:6] == "DELETE" {
			statement = fmt.Sprintf(statement, lost)
		}
		_, err := l.OnBigQuery(l.ctx, statement)
		require.NoError(t, err)
	}
	failed := l.checks(1)
	assert.Equal(t, "4 fail, 5 no data, 1 gated, 4 pass", failed.Summary)
	assert.Equal(t, each("fail")[1:], alerts(pager.read()))
	assert.Equal(t, verdicts(failed.Results), verdicts(l.checks(1).Results))
	assert.Empty(t, pager.read(), "an incident is told once")

	l.mendTracks(hours[1])
	assert.Equal(t, "5 no data, 9 pass", l.checks(0).Summary, "the gate has opened")
	assert.Equal(t, each("resolved")[1:], alerts(pager.read()))
	said, err := l.Answer(l.ctx, "query", `SELECT COUNT(*) AS n, COUNT(DISTINCT run_id) AS runs FROM posthog.test_results WHERE workflow_id LIKE 'check-%'`)
	require.NoError(t, err)
	assert.Regexp(t, `56\s+4`, said, "14 results of each of 4 runs")
}

func TestIncidentsOnBigQueryEndWithTheirTest(t *testing.T) {
	t.Parallel()
	incidentEndsWithItsTest(t, onBigQuery)
}
