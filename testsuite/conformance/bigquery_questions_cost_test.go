//go:build bigquery

package conformance

import (
	"fmt"
	"strings"

	bq "cloud.google.com/go/bigquery"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// leastBilled is what BigQuery bills for each table of a statement, read or not.
const leastBilled = 10 << 20

// priced is what a preview says of a step.
func priced(a *asking, p ledger.Preview, step string) int64 {
	a.t.Helper()
	for _, s := range p.Estimate.Steps {
		if s.Step == step {
			return s.Bytes
		}
	}
	require.Fail(a.t, "no such step", step)
	return 0
}

// threeDays delivers an event on each of three days, and returns news of all of them.
func threeDays(a *asking) []sample.Event {
	a.t.Helper()
	var first, second []sample.Event
	for n := range 3 {
		day := at(noon.AddDate(0, 0, -n))
		first = append(first, event(n+1, day))
		second = append(second, event(n+1, day, content("second"), inserted(60)))
	}
	a.deliver(a.hour(1), first...)
	return second
}

// A merge would otherwise read all of tracks every hour.
func daysPrune(a *asking) {
	news := threeDays(a)
	one := priced(a, a.preview(a.hour(2), news[0]), "merge-change-rows")
	all := priced(a, a.preview(a.hour(2), news...), "merge-change-rows")
	staged := priced(a, a.preview(a.hour(2), news...), "merge-insert-rejects") // none: for the record
	a.t.Logf("one day: %d bytes, three days: %d bytes (%d)", one, all, staged)
	assert.Less(a.t, one, all)
}

func bucketsPrune(a *asking) {
	a.deliver(a.hour(1), event(1, id("01890a5d-ac96-774b-bcce-b302099a8057")), event(2, id("0197a5d0-ac96-774b-bcce-b302099a8057")))
	buckets := a.rows(`SELECT DISTINCT bucket FROM posthog.tracks_keys ORDER BY 1`)
	require.Len(a.t, buckets, 2)
	keys := "SELECT event_id FROM tracks_keys WHERE bucket IN (%s)"
	one := a.estimate(fmt.Sprintf(keys, buckets[0]))
	both := a.estimate(fmt.Sprintf(keys, strings.Join(buckets, ", ")))
	assert.Positive(a.t, one)
	assert.Less(a.t, one, both)
}

// Whether the days that a MERGE names are billed, or those only that it changes, is
// logged; a dry run counts on the first, which is more.
func billedAtMostTheEstimate(a *asking) {
	a.must(`CREATE TABLE wide (id INT64, created_at TIMESTAMP, payload STRING) PARTITION BY DATE(created_at) AS
		SELECT n, TIMESTAMP_ADD(TIMESTAMP '2026-06-10 00:00:00+00', INTERVAL MOD(n, 3) DAY), REPEAT('x', 1000)
		FROM UNNEST(GENERATE_ARRAY(1, 90000)) AS n`)
	const merge = `MERGE INTO wide AS t USING (SELECT 3 AS id) AS s
		ON t.id = s.id AND t.created_at >= TIMESTAMP '2026-06-10 00:00:00+00' AND t.created_at < TIMESTAMP '2026-06-%d 00:00:00+00'
		WHEN MATCHED THEN UPDATE SET payload = 'y'`
	one, two := a.estimate(fmt.Sprintf(merge, 11)), a.estimate(fmt.Sprintf(merge, 12))
	assert.Less(a.t, one, two, "days that are not named are not read")
	done := a.must(fmt.Sprintf(merge, 12))
	billed := queryOf(done).TotalBytesBilled
	a.t.Logf("one day %d bytes, two days %d bytes; billed for two days with a change in one: %d", one, two, billed)
	assert.LessOrEqual(a.t, billed, max(two+1<<20, leastBilled), "BigQuery rounds up to a megabyte")
}

func statementsArePriced(a *asking) {
	news := threeDays(a)
	preview := a.preview(a.hour(2), append(news, event(4), event(5, withoutID))...)
	for _, step := range []string{"commit-window-insert-rows", "merge-state", "merge-classify", "merge-plan", "merge-insert-rows", "merge-change-rows", "merge-verify"} {
		assert.Positive(a.t, priced(a, preview, step), step)
	}
	assert.Positive(a.t, preview.Estimate.USD)
}

func limitHolds(a *asking) {
	a.must(`CREATE TABLE some AS SELECT n FROM UNNEST(GENERATE_ARRAY(1, 100000)) AS n`)
	_, err := a.run(`SELECT COUNT(DISTINCT n) FROM some`, func(q *bq.Query) { q.MaxBytesBilled = 1 })
	require.ErrorContains(a.t, err, "bytes billed")
}

func scriptCosts(a *asking) {
	a.must(`CREATE TABLE some AS SELECT n FROM UNNEST(GENERATE_ARRAY(1, 100000)) AS n`)
	script := a.must(`BEGIN TRANSACTION; INSERT INTO some (n) SELECT n FROM some; SELECT COUNT(DISTINCT n) FROM some; COMMIT TRANSACTION;`)
	var sum int64
	statements := 0
	for children := script.Children(a.t.Context()); ; statements++ {
		child, err := children.Next()
		if err != nil {
			break
		}
		sum += queryOf(child).TotalBytesBilled
	}
	assert.GreaterOrEqual(a.t, statements, 2)
	assert.Positive(a.t, sum)
	assert.Equal(a.t, sum, queryOf(script).TotalBytesBilled)
}
