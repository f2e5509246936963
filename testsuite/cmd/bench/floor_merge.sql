-- The least possible merge: the newest row an event_id, by the fastest statements
-- DuckDB has for it. It keeps no keys, no collisions, no counts and no ledger.
BEGIN;
CREATE TEMP TABLE batch AS
SELECT rowid AS raw_row, event_id, created_at FROM raw_tracks
WHERE window_start = TIMESTAMPTZ '2026-06-12 10:00:00+00' AND created_at >= TIMESTAMPTZ '2026-03-04 00:00:00+00'
QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY event_inserted_at DESC) = 1;
DELETE FROM tracks WHERE event_id IN (SELECT event_id FROM batch);
INSERT INTO tracks
SELECT r.* EXCLUDE (window_start) FROM raw_tracks AS r JOIN batch AS b ON b.raw_row = r.rowid
WHERE r.window_start = TIMESTAMPTZ '2026-06-12 10:00:00+00';
COMMIT;
