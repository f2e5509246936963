-- What anomaly tests measure, bucket by bucket. Buckets are counted from @first, in
-- @width microseconds; those without rows are left out.

-- step: volume
SELECT DIV((UNIX_MICROS(${timestamp}) - @first), @width) AS bucket, COUNT(*) AS n
FROM ${table}
WHERE ${scope}
GROUP BY 1
ORDER BY 1;

-- step: dimension
-- The rows of each value of a column, for the values with the most rows.
WITH counted AS (
  SELECT
    CAST(${dimension} AS STRING) AS dimension_value,
    DIV((UNIX_MICROS(${timestamp}) - @first), @width) AS bucket,
    COUNT(*) AS n
  FROM ${table}
  WHERE ${scope}
  GROUP BY 1, 2
),
largest AS (
  SELECT dimension_value FROM counted
  GROUP BY dimension_value
  ORDER BY SUM(n) DESC, dimension_value
  LIMIT @most
)
SELECT c.bucket, c.n, c.dimension_value
FROM counted AS c
JOIN largest ON largest.dimension_value IS NOT DISTINCT FROM c.dimension_value
ORDER BY 3, 1;

-- step: freshness
-- The longest time without a row that ends in the bucket, and the bucket's last row,
-- in microseconds. Rows are first put together by the minute, so gaps of less than a
-- minute may count as shorter than they are.
WITH minutes AS (
  SELECT MIN(UNIX_MICROS(${timestamp})) AS first_row, MAX(UNIX_MICROS(${timestamp})) AS last_row
  FROM ${table}
  WHERE ${scope}
  GROUP BY DIV((UNIX_MICROS(${timestamp}) - @first), 60000000)
),
gaps AS (
  SELECT first_row, last_row, first_row - LAG(last_row) OVER (ORDER BY first_row) AS gap FROM minutes
)
SELECT DIV((first_row - @first), @width) AS bucket, MAX(gap) AS longest, MAX(last_row) AS last_row
FROM gaps
GROUP BY 1
ORDER BY 1;
