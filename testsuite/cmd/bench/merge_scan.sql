-- A merge that finds known events by reading every event_id of tracks, and else does
-- the least possible: delete, insert. It keeps no order of deliveries and no counts.

-- step: begin
BEGIN;

-- step: batch
CREATE TEMP TABLE batch AS
SELECT rowid AS raw_row, event_id, created_at FROM posthog.raw_tracks
WHERE window_start = make_timestamptz(getvariable('from_ms') * 1000) AND created_at >= TIMESTAMPTZ '2026-03-04 00:00:00+00'
QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY event_inserted_at DESC, bq_ingested_timestamp DESC) = 1;

-- step: found
CREATE TEMP TABLE found AS
SELECT t.rowid AS row, t.event_id, t.created_at FROM posthog.tracks AS t JOIN batch AS b ON b.event_id = t.event_id;

-- step: remove
DELETE FROM posthog.tracks WHERE rowid IN (SELECT row FROM found);

-- step: insert
INSERT INTO posthog.tracks
SELECT r.* EXCLUDE (window_start, source_object, source_generation, source_row, content_hash)
  REPLACE (IFNULL(f.created_at, r.created_at) AS created_at)
FROM posthog.raw_tracks AS r
JOIN batch AS b ON b.raw_row = r.rowid
LEFT JOIN found AS f ON f.event_id = b.event_id
WHERE r.window_start = make_timestamptz(getvariable('from_ms') * 1000);

-- step: commit
COMMIT;
