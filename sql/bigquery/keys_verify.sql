-- Compares tracks with tracks_keys by the day of created_at: how many there are, and
-- a sum over which event lies where.

-- step: rebuilding
SELECT COUNT(*) > 0 AS rebuilding FROM ${tracks_keys_slices} WHERE swapped_at IS NULL;

-- step: days
WITH sides AS (
  SELECT created_at, event_id, 1 AS in_rows, 0 AS in_keys
  FROM ${tracks}
  WHERE created_at >= @from AND created_at < @until
  UNION ALL
  SELECT created_at, event_id, 0 AS in_rows, 1 AS in_keys
  FROM ${tracks_keys}
  WHERE created_at >= @from AND created_at < @until
),
placed AS (
  SELECT
    DATE(created_at) AS day, in_rows, in_keys,
    CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(
      CONCAT(IFNULL(event_id, ''), ' ', CAST(UNIX_MICROS(created_at) AS STRING))
    )), 1, 15)) AS INT64) AS place
  FROM sides
)
-- A sum of 60 bits would overflow: it is taken in two halves.
SELECT
  FORMAT_DATE('%F', day) AS day,
  SUM(in_rows) AS row_count,
  SUM(in_keys) AS key_count,
  SUM((in_rows - in_keys) * MOD(place, 1073741824)) = 0
    AND SUM((in_rows - in_keys) * DIV(place, 1073741824)) = 0
    AND SUM(in_rows) = SUM(in_keys) AS agrees
FROM placed
GROUP BY day
ORDER BY day;

-- step: strays
-- On days that differ: the places that have not as many rows as keys.
WITH sides AS (
  SELECT event_id, created_at, 1 AS in_rows, 0 AS in_keys
  FROM ${tracks}
  WHERE ${drifted_ranges}
  UNION ALL
  SELECT event_id, created_at, 0 AS in_rows, 1 AS in_keys
  FROM ${tracks_keys}
  WHERE ${drifted_ranges}
)
SELECT
  IFNULL(event_id, '') AS event_id,
  FORMAT_TIMESTAMP('%F', created_at) AS day,
  SUM(in_rows) AS row_count,
  SUM(in_keys) AS key_count
FROM sides
GROUP BY event_id, created_at
HAVING SUM(in_rows) != 1 OR SUM(in_keys) != 1
ORDER BY created_at, event_id
LIMIT ${sample_size};
