-- Compares tracks with tracks_keys by the day of created_at: how many there are, and
-- a sum over which event lies where.

-- step: rebuilding
SELECT EXISTS (SELECT 1 FROM ${tracks_keys_slices} WHERE swapped_at IS NULL);

-- step: days
WITH sides AS (
  SELECT created_at, 1 AS in_rows, 0 AS in_keys, hash(event_id, created_at, bq_ingested_timestamp) AS place
  FROM ${tracks}
  WHERE created_at >= @from AND created_at < @until
  UNION ALL
  SELECT created_at, 0, 1, hash(event_id, created_at, row_ingested_at)
  FROM ${tracks_keys}
  WHERE created_at >= @from AND created_at < @until
)
SELECT
  CAST(FLOOR(epoch_us(created_at) / 86400000000) AS BIGINT) AS day,
  SUM(in_rows) AS row_count,
  SUM(in_keys) AS key_count,
  SUM(in_rows * place::HUGEINT) = SUM(in_keys * place::HUGEINT) AS agrees
FROM sides
GROUP BY day
ORDER BY day;

-- step: strays
-- On days that differ: the places that have not as many rows as keys.
WITH sides AS (
  SELECT event_id, created_at, bq_ingested_timestamp AS place, 1 AS in_rows, 0 AS in_keys
  FROM ${tracks}
  WHERE ${drifted_ranges}
  UNION ALL
  SELECT event_id, created_at, row_ingested_at, 0, 1
  FROM ${tracks_keys}
  WHERE ${drifted_ranges}
)
SELECT
  IFNULL(event_id, ''),
  CAST(FLOOR(epoch_us(created_at) / 86400000000) AS BIGINT) AS day,
  SUM(in_rows) AS row_count,
  SUM(in_keys) AS key_count
FROM sides
GROUP BY event_id, created_at, place
HAVING SUM(in_rows) <> 1 OR SUM(in_keys) <> 1
ORDER BY created_at, event_id, row_count
LIMIT @sample_size;
