-- Reading and writing window_ledger.

-- step: latest
-- The newest load of a window; outcomes that loaded nothing are left out.
SELECT load_id, status, workflow_id, run_id, ingested_at,
  rows_read, rows_loaded, rows_rejected, bytes_read,
  rows_inserted, rows_updated, rows_unchanged, rows_collided, rows_before_cutover
FROM ${window_ledger}
WHERE window_start = @window AND status IN ('loaded', 'merged')
ORDER BY recorded_at DESC
LIMIT 1;

-- step: load
SELECT load_id, status, workflow_id, run_id, ingested_at,
  rows_read, rows_loaded, rows_rejected, bytes_read,
  rows_inserted, rows_updated, rows_unchanged, rows_collided, rows_before_cutover
FROM ${window_ledger}
WHERE window_start = @window AND load_id = @load_id AND status IN ('loaded', 'merged');

-- step: record_outcome
-- A run has one outcome, however often it is told.
INSERT INTO ${window_ledger} (window_start, load_id, status, reason, detail, workflow_id, run_id, recorded_at)
SELECT @window, @load_id, @status, @reason, @detail, @workflow_id, @run_id, CURRENT_TIMESTAMP
FROM (SELECT 1 AS one)
WHERE NOT EXISTS (
  SELECT 1 FROM ${window_ledger} WHERE window_start = @window AND load_id = @load_id
);
