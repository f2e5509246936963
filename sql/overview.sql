-- What the ledger knows of many hours at once: for people who look.

-- step: loads
-- Every load and every run that loaded nothing, of the hours from @from on, in the
-- order they were booked.
SELECT
  window_start, load_id, status, reason, detail,
  rows_read, rows_loaded, rows_rejected,
  rows_inserted, rows_updated, rows_unchanged, rows_collided, rows_before_cutover,
  bytes_read, bytes_billed, cost_usd, workflow_id, run_id, ingested_at, recorded_at, merged_at
FROM ${window_ledger}
WHERE window_start >= @from
ORDER BY recorded_at, load_id;

-- step: last_good
-- The newest hour that is done.
SELECT MAX(window_start) AS last_good FROM ${window_ledger} WHERE status IN ('merged', 'empty');

-- step: spent
-- What loads and merges have cost since @from, and what data tests have read.
SELECT
  SUM(bytes_billed) AS bytes_billed,
  SUM(cost_usd) AS cost_usd,
  (SELECT SUM(bytes) FROM ${test_results} WHERE checked_at >= @from) AS tests_read
FROM ${window_ledger}
WHERE recorded_at >= @from OR merged_at >= @from;

-- step: counts
-- How many rows each table has.
SELECT 'raw_tracks' AS name, COUNT(*) AS n FROM ${raw_tracks}
UNION ALL SELECT 'tracks', COUNT(*) FROM ${tracks}
UNION ALL SELECT 'tracks_keys', COUNT(*) FROM ${tracks_keys}
UNION ALL SELECT 'raw_rejects', COUNT(*) FROM ${raw_rejects}
UNION ALL SELECT 'merge_rejects', COUNT(*) FROM ${merge_rejects}
UNION ALL SELECT 'window_ledger', COUNT(*) FROM ${window_ledger}
ORDER BY name;

-- step: tests
-- The newest result of every data test since @from, and what all its runs read.
SELECT
  test, kind, table_name, severity, status, failures, message, bytes, checked_at, workflow_id, run_id,
  COUNT(*) OVER (PARTITION BY test) AS runs,
  SUM(bytes) OVER (PARTITION BY test) AS bytes_all
FROM ${test_results}
WHERE checked_at >= @from
QUALIFY ROW_NUMBER() OVER (PARTITION BY test ORDER BY checked_at DESC, recorded_at DESC) = 1
ORDER BY test;
