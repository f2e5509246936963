-- How late rows arrive, bucket by bucket of their arrival.

-- step: event_freshness
-- The longest lag and the one that nine of ten rows keep below, in microseconds.
WITH lags AS (
  SELECT
    DIV((UNIX_MICROS(${update_timestamp}) - @first), @width) AS bucket,
    UNIX_MICROS(${update_timestamp}) - UNIX_MICROS(${timestamp}) AS late
  FROM ${table}
  WHERE ${scope} AND ${timestamp} IS NOT NULL
),
placed AS (
  SELECT
    bucket,
    late,
    ROW_NUMBER() OVER (PARTITION BY bucket ORDER BY late) AS place,
    COUNT(*) OVER (PARTITION BY bucket) AS places
  FROM lags
)
SELECT bucket, MAX(late) AS longest, MIN(IF(10 * place >= 9 * places, late, NULL)) AS usual
FROM placed
GROUP BY 1
ORDER BY 1;
