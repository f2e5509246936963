package conformance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// What a test has to read is told, follows columns and range, and is refused beyond
// the limit before anything is read.
func TestDuckDBReadSize(t *testing.T) {
	t.Parallel()
	w := openDuckDB(t)
	do := func(statement string) {
		require.NoError(t, w.Look(t.Context(), statement, func([]string) error { return nil }))
	}
	ask := func(fields string) (warehouse.Answer, error) {
		tests, err := datatest.Parse([]byte("tests: [{name: it, "+fields+"}]"), func(string) ([]byte, error) {
			return []byte("SELECT event_id FROM posthog.cases WHERE made >= TIMESTAMP '2026-06-11' AND payload = ''"), nil
		})
		require.NoError(t, err)
		q, err := tests[0].Question(time.Date(2026, 6, 12, 0, 0, 0, 0, time.UTC))
		require.NoError(t, err)
		return w.Ask(t.Context(), q)
	}
	size := func(fields string) int64 {
		answer, err := ask("max_bytes: 1 TB, " + fields)
		require.NoError(t, err)
		return answer.Bytes
	}
	const ids = "kind: unique, table: posthog.cases, column: event_id"
	const payloads = "kind: accepted_values, table: posthog.cases, column: payload, key: payload, values: [x]"
	do(`CREATE TABLE posthog.cases (event_id VARCHAR, made TIMESTAMPTZ, payload VARCHAR)`)
	assert.Zero(t, size(ids), "an empty table")
	do(`INSERT INTO posthog.cases SELECT CAST(i AS VARCHAR), NULL, 'x' FROM range(100) AS r(i)`)
	assert.Equal(t, int64(1600), size(ids), "rows that are not in the file yet")

	// Four row groups, a day each, with more payload than ids, kept as those of tracks.
	do(`CREATE OR REPLACE TABLE posthog.cases (event_id VARCHAR, made TIMESTAMPTZ, payload VARCHAR USING COMPRESSION ZSTD)`)
	do(`INSERT INTO posthog.cases
		SELECT CAST(i AS VARCHAR) AS event_id, TIMESTAMPTZ '2026-06-08' + to_days(CAST(i // 122880 AS INTEGER)) AS made,
			sha256(CAST(i AS VARCHAR)) || sha256(CAST(-i AS VARCHAR)) AS payload
		FROM range(491520) AS r(i)`)
	do(`CHECKPOINT`)
	const day = ", timestamp: made, since: 2026-06-11"
	all, one := size(payloads), size(payloads+day)
	t.Logf("all payloads %d bytes, those of a day %d, all ids %d, those of a day %d", all, one, size(ids), size(ids+day))
	assert.InDelta(t, float64(all)/4, float64(one), float64(all)/16)
	assert.Greater(t, all, 10*size(ids))
	assert.Equal(t, one, size(payloads+day+", where: payload <> 'none' OR made > TIMESTAMP '2026-01-01'"), "a condition widens nothing")
	assert.Equal(t, all, size(payloads+", where: payload <> 'none' OR made > TIMESTAMP '2026-06-11'"), "an alternative bounds nothing")
	assert.Equal(t, all, size("kind: unique, table: posthog.cases, column: payload, key: payload"))
	assert.Equal(t, all, size("kind: relationships, table: posthog.cases, column: payload, key: payload, to: {table: posthog.cases, column: payload}"),
		"scanned twice, read once")
	assert.Zero(t, size("kind: not_null, table: posthog.cases, column: payload"), "statistics answer that")
	custom := size("kind: sql, sql: it.sql")
	assert.Greater(t, custom, one, "ids and payloads of the day")
	assert.Less(t, custom, all/2, "literal bounds of a person's own prune too")

	began := time.Now()
	answer, err := ask("max_bytes: 1 MB, " + payloads)
	var refused *warehouse.TooLargeError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, warehouse.TooLargeError{Bytes: all, MaxBytes: 1e6}, *refused)
	assert.Empty(t, answer.Rows)
	require.ErrorContains(t, err, "raise its max_bytes")
	t.Logf("refused after %s", time.Since(began))
}
