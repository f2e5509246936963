-- Turns some rows of the last committed hour into re-deliveries: each gets the
-- identity of an event that tracks holds, and keeps its own content. Variables
-- (BIGINT): from_ms and seed of the hour; half, how many are recent and how many old;
-- end_ms, where history ends; per_day, its rows a day.

-- step: recent
-- Half of them from the last day.
CREATE OR REPLACE TEMP TABLE known AS
SELECT event_id, created_at FROM posthog.tracks_keys
WHERE created_at >= make_timestamptz((getvariable('end_ms') - 86400000) * 1000)
  AND created_at < make_timestamptz(getvariable('end_ms') * 1000)
ORDER BY hash(event_id, getvariable('seed'))
LIMIT getvariable('half');

-- step: scattered
-- The other half months old, every one from another place.
INSERT INTO known
SELECT event_id, created_at FROM posthog.tracks_keys
WHERE created_at < make_timestamptz((getvariable('end_ms') - 14 * 86400000) * 1000)
  AND hash(event_id, getvariable('seed')) % (getvariable('per_day') * 86 // getvariable('half')) = 0
LIMIT getvariable('half');

-- step: flushed
-- The other half months old, from some forty days: of each a stretch that arrived
-- together, as a device sends its queue again or a part of the store is exported again.
INSERT INTO known
SELECT event_id, created_at
FROM (
  SELECT
    event_id, created_at, epoch_ms(event_inserted_at) % 86400000 AS clock,
    hash(epoch_ms(event_inserted_at) // 86400000, getvariable('seed')) AS luck
  FROM posthog.tracks_keys
  WHERE event_inserted_at < make_timestamptz((getvariable('end_ms') - 14 * 86400000) * 1000)
)
WHERE luck % 2 = 0 AND clock >= luck % 80000000
  AND clock < luck % 80000000 + getvariable('half') * 86400000 // (43 * getvariable('per_day'))
LIMIT getvariable('half');

-- step: apply
UPDATE posthog.raw_tracks AS r
SET event_id = k.event_id, created_at = k.created_at, event_name = k.event_name, user_id = k.user_id,
  event_inserted_at = r.bq_ingested_timestamp
FROM (
  SELECT t.event_id, t.created_at, t.event_name, t.user_id, (row_number() OVER ()) * 19 AS place
  FROM posthog.tracks AS t JOIN known USING (event_id, created_at)
) AS k
WHERE r.window_start = make_timestamptz(getvariable('from_ms') * 1000) AND r.source_row = k.place;
