-- Everything that the tables know of one event.

-- step: key
SELECT bucket, created_at, event_inserted_at, bq_ingested_timestamp, content_hash, identity_hash
FROM ${tracks_keys}
WHERE event_id = @event_id;

-- step: row
-- The row of tracks, where the key says that it is.
SELECT created_at, event_name, user_id, bq_ingested_timestamp, event_inserted_at
FROM ${tracks}
WHERE event_id = @event_id AND created_at = @created_at;

-- step: rows
-- Rows of tracks wherever they are: this reads the event_ids of all history.
SELECT created_at, event_name, user_id, bq_ingested_timestamp, event_inserted_at
FROM ${tracks}
WHERE event_id = @event_id
ORDER BY created_at;

-- step: deliveries
SELECT
  window_start, source_object, source_generation, source_row,
  created_at, event_name, user_id, event_inserted_at, bq_ingested_timestamp, content_hash
FROM ${raw_tracks}
WHERE event_id = @event_id
ORDER BY window_start, source_object, source_row;

-- step: merge_rejects
SELECT window_start, source_object, source_generation, source_row, reason, detail
FROM ${merge_rejects}
WHERE event_id = @event_id
ORDER BY window_start, source_object, source_row;

-- step: loads
-- What was booked for a window.
SELECT
  window_start, load_id, status, reason, detail,
  rows_read, rows_loaded, rows_rejected,
  rows_inserted, rows_updated, rows_unchanged, rows_collided, rows_before_cutover,
  bytes_read, bytes_billed, cost_usd, workflow_id, run_id, ingested_at, recorded_at, merged_at
FROM ${window_ledger}
WHERE window_start = @window
ORDER BY recorded_at, load_id;

-- step: tests
-- Data tests that named the event among what failed.
SELECT test, kind, table_name, severity, status, failures, message, bytes, checked_at, workflow_id, run_id, 1 AS runs, bytes AS bytes_all
FROM ${test_results}
WHERE STRPOS(sample, @event_id) > 0
ORDER BY checked_at;
