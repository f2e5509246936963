-- What dbt's source freshness asks of raw_tracks. The age is judged in Go.

-- step: freshness
-- The newest stamp of raw_tracks, from the loads that put it there: the table's own
-- column would cost eight bytes a row of all history, every hour.
SELECT MAX(ingested_at) AS newest
FROM (
  SELECT ingested_at, rows_loaded
  FROM ${window_ledger}
  WHERE status IN ('loaded', 'merged')
  QUALIFY ROW_NUMBER() OVER (PARTITION BY window_start ORDER BY recorded_at DESC) = 1
)
WHERE rows_loaded > 0;
