-- What the data tests ask of tables. Except for "newest", each step returns a few of
-- what fails: a key to show, how many failures there are, and how many rows they
-- stand for. No row is no failure. ${scope} is the part of the table a test sees.

-- step: unique
-- One failure a value that stands in several rows, as in dbt; NULL is none.
SELECT
  sample_key,
  COUNT(*) OVER () AS failures,
  CAST(SUM(n_records - 1) OVER () AS BIGINT) AS excess_rows
FROM (
  SELECT ${column} AS unique_field, COUNT(*) AS n_records, CAST(MIN(${key}) AS STRING) AS sample_key
  FROM ${table}
  WHERE ${scope} AND ${column} IS NOT NULL
  GROUP BY ${column}
  HAVING COUNT(*) > 1
) AS repeated
ORDER BY n_records DESC, sample_key
LIMIT @sampled;

-- step: not_null
SELECT CAST(${key} AS STRING) AS sample_key, COUNT(*) OVER () AS failures, COUNT(*) OVER () AS failing_rows
FROM ${table}
WHERE ${scope} AND ${column} IS NULL
ORDER BY sample_key
LIMIT @sampled;

-- step: accepted_values
-- One failure a value; NULL is accepted, since it is neither in the list nor not.
SELECT
  sample_key,
  COUNT(*) OVER () AS failures,
  CAST(SUM(n_records) OVER () AS BIGINT) AS failing_rows
FROM (
  SELECT ${column} AS value_field, COUNT(*) AS n_records, CAST(MIN(${key}) AS STRING) AS sample_key
  FROM ${table}
  WHERE ${scope}
  GROUP BY ${column}
) AS all_values
WHERE CAST(value_field AS STRING) NOT IN (${values})
ORDER BY n_records DESC, sample_key
LIMIT @sampled;

-- step: relationships
-- One failure a row whose value the parent lacks; NULL refers to nothing.
SELECT child.sample_key, COUNT(*) OVER () AS failures, COUNT(*) OVER () AS failing_rows
FROM (
  SELECT ${column} AS from_field, CAST(${key} AS STRING) AS sample_key
  FROM ${table}
  WHERE ${scope} AND ${column} IS NOT NULL
) AS child
LEFT JOIN (
  SELECT DISTINCT ${parent_column} AS to_field FROM ${parent} WHERE ${parent_column} IS NOT NULL
) AS parent ON parent.to_field = child.from_field
WHERE parent.to_field IS NULL
ORDER BY child.sample_key
LIMIT @sampled;

-- step: custom
-- One failure a row of a statement that somebody has written.
SELECT CAST(${key} AS STRING) AS sample_key, COUNT(*) OVER () AS failures, COUNT(*) OVER () AS failing_rows
FROM (
  ${statement}
) AS failing
ORDER BY sample_key
LIMIT @sampled;

-- step: collisions
SELECT event_id AS sample_key, COUNT(*) OVER () AS failures, COUNT(*) OVER () AS failing_rows
FROM ${table}
WHERE ${scope} AND reason = 'collision'
ORDER BY sample_key
LIMIT @sampled;

-- step: keys_drift
-- One failure a day of which tracks and tracks_keys have different numbers of rows.
SELECT
  CAST(day AS STRING) AS sample_key,
  COUNT(*) OVER () AS failures,
  CAST(SUM(apart) OVER () AS BIGINT) AS failing_rows
FROM (
  SELECT COALESCE(t.day, k.day) AS day, ABS(COALESCE(t.n, 0) - COALESCE(k.n, 0)) AS apart
  FROM (
    SELECT CAST(created_at AS DATE) AS day, COUNT(*) AS n FROM ${tracks} WHERE ${range} GROUP BY 1
  ) AS t
  FULL JOIN (
    SELECT CAST(created_at AS DATE) AS day, COUNT(*) AS n FROM ${tracks_keys} WHERE ${range} GROUP BY 1
  ) AS k ON k.day = t.day
) AS days
WHERE apart > 0
ORDER BY apart DESC, sample_key
LIMIT @sampled;

-- step: newest
-- dbt's source freshness: the largest value, NULL when there is none.
SELECT UNIX_MICROS(MAX(${column})) AS newest FROM ${table} WHERE ${scope};
