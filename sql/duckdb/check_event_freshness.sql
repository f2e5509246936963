-- How late rows arrive, bucket by bucket of their arrival.

-- step: event_freshness
-- The longest lag and the one that nine of ten rows keep below, in microseconds.
SELECT bucket, MAX(late) AS longest, CAST(quantile_disc(late, 0.9) AS BIGINT) AS usual
FROM (
  SELECT
    DIV(UNIX_MICROS(${update_timestamp}) - @first, @width) AS bucket,
    UNIX_MICROS(${update_timestamp}) - UNIX_MICROS(${timestamp}) AS late
  FROM ${table}
  WHERE ${scope} AND ${timestamp} IS NOT NULL
) AS lags
GROUP BY 1
ORDER BY 1;
