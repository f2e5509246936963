-- What the data tests ask of windows: the ledger beside the tables.

-- step: done
-- Which windows before an instant are merged or empty, and the first one that was
-- loaded: what was only tried before it is no gap, for nothing had begun.
SELECT
  window_start,
  MAX(CASE WHEN status IN ('merged', 'empty') THEN 1 ELSE 0 END) AS done,
  MIN(MIN(CASE WHEN status IN ('loaded', 'merged', 'empty') THEN window_start END)) OVER () AS first_window
FROM ${window_ledger}
WHERE window_start < @to
GROUP BY window_start
ORDER BY window_start;

-- step: books
-- The newest load of each window of a range, with what the tables hold of it.
WITH loads AS (
  SELECT
    window_start, status, rows_read, rows_loaded, rows_rejected,
    rows_inserted, rows_updated, rows_unchanged, rows_collided, rows_before_cutover, objects
  FROM ${window_ledger}
  WHERE window_start >= @from AND window_start < @to AND status IN ('loaded', 'merged')
  QUALIFY ROW_NUMBER() OVER (PARTITION BY window_start ORDER BY recorded_at DESC) = 1
),
raw AS (
  SELECT window_start, COUNT(*) AS n FROM ${raw_tracks}
  WHERE window_start >= @from AND window_start < @to GROUP BY window_start
),
rejects AS (
  SELECT window_start, COUNT(*) AS n FROM ${raw_rejects}
  WHERE window_start >= @from AND window_start < @to GROUP BY window_start
),
refused AS (
  SELECT window_start, COUNT(*) AS n FROM ${merge_rejects}
  WHERE window_start >= @from AND window_start < @to GROUP BY window_start
)
SELECT
  COALESCE(l.window_start, raw.window_start) AS window_start,
  l.status, l.rows_read, l.rows_loaded, l.rows_rejected,
  l.rows_inserted, l.rows_updated, l.rows_unchanged, l.rows_collided, l.rows_before_cutover,
  COALESCE(raw.n, 0), COALESCE(rejects.n, 0), COALESCE(refused.n, 0),
  TO_JSON_STRING(l.objects)
FROM loads AS l
FULL JOIN raw ON raw.window_start = l.window_start
LEFT JOIN rejects ON rejects.window_start = l.window_start
LEFT JOIN refused ON refused.window_start = l.window_start
ORDER BY 1;
