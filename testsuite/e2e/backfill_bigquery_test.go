//go:build bigquery

package e2e

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// legacyOnBigQuery is a small history in BigQuery's SQL: six days of twenty events, of
// which two have a newer row three days later and two a row of another user.
const legacyOnBigQuery = `INSERT INTO posthog.backfill_tracks
	(event_id, created_at, event_name, user_id, person_id, event_payload, bq_ingested_timestamp, event_inserted_at)
WITH events AS (
	SELECT
		CONCAT('0196', LPAD(CAST(d AS STRING), 4, '0'), '-0000-7000-8000-', LPAD(CAST(n AS STRING), 12, '0')) AS event_id,
		TIMESTAMP_ADD(TIMESTAMP '2025-05-01 00:00:00+00', INTERVAL d * 1440 + n MINUTE) AS created_at,
		n
	FROM UNNEST(GENERATE_ARRAY(0, 5)) AS d, UNNEST(GENERATE_ARRAY(0, 19)) AS n
),
history AS (
	SELECT event_id, created_at, 'user' AS user_id, 0 AS version FROM events
	UNION ALL
	SELECT event_id, TIMESTAMP_ADD(created_at, INTERVAL 3 DAY), 'user', 1 FROM events WHERE MOD(n, 10) = 3
	UNION ALL
	SELECT event_id, created_at, 'somebody else', 2 FROM events WHERE MOD(n, 10) = 4
)
SELECT
	event_id, created_at, '$pageview', user_id, CONCAT('version ', CAST(version AS STRING)), PARSE_JSON('{"made": "long ago"}'),
	TIMESTAMP '2026-04-01 00:00:00+00', TIMESTAMP_ADD(TIMESTAMP '2026-03-20 00:00:00+00', INTERVAL version SECOND)
FROM history`

// inheritedOnBigQuery opens a lab whose warehouse has legacy history, and an hour.
func inheritedOnBigQuery(t *testing.T) *lab {
	t.Helper()
	l := open(t, onBigQuery)
	l.upload(hour(t, 1), ordinary(2))
	l.load(hour(t, 1)) // the worker makes the tables at its first work
	l.change(legacyOnBigQuery)
	return l
}

// A backfill on BigQuery under kills, with an hour in the middle, ends in the same
// tables as one that was left alone.
func TestBackfillOnBigQuerySurvivesKills(t *testing.T) {
	t.Parallel()
	calm := inheritedOnBigQuery(t).withAnHour()
	require.NoError(t, calm.oneOff(workflows.BackfillID, workflows.BackfillTracks, really()).Get(calm.ctx, nil))
	want, err := calm.Contents(calm.ctx)
	require.NoError(t, err)

	l := inheritedOnBigQuery(t)
	l.upload(hour(t, 0), ordinary(1))
	result := l.backfillThroughKills(killsWanted)
	assert.Equal(t, ledger.Backfilled{Read: 144, Inserted: 120, Duplicate: 12, Collided: 12}, counted(result.Rows))
	l.prove()
	got, err := l.Contents(l.ctx)
	require.NoError(t, err)
	assert.Empty(t, slices.DeleteFunc(want, isBooking).Compare(slices.DeleteFunc(got, isBooking)))
}

func TestCancelledBackfillOnBigQuery(t *testing.T) {
	t.Parallel()
	inheritedOnBigQuery(t).cancelBackfills(120, 9)
}
