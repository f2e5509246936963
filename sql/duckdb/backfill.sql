-- Takes the legacy history of backfill_tracks into tracks, a day at a time, each in
-- one transaction with tracks_keys, merge_rejects and backfill_ledger. It only
-- inserts: what tracks has already stays as it is.
--
-- An event is new when no key of all history is its own. Of an event with several
-- rows in backfill_tracks, on whatever days, the first by the order of deliveries
-- decides created_at, event_name and user_id, the newest everything else, and it is
-- inserted with the day of its created_at. So the result does not depend on the
-- order in which days are done.

-- step: repeats
-- The events with several rows, each as it has to stand in tracks.
CREATE OR REPLACE TABLE ${backfill_repeats} AS
WITH repeated AS (
  SELECT LOWER(event_id) AS event_id
  FROM ${backfill_tracks}
  WHERE event_id <> '' AND event_name <> '' AND user_id IS NOT NULL AND created_at IS NOT NULL
  GROUP BY ALL
  HAVING COUNT(*) > 1
),
deliveries AS (
  SELECT
    * REPLACE (LOWER(event_id) AS event_id),
    IFNULL(event_inserted_at, TIMESTAMPTZ '-infinity') AS inserted_order,
    IFNULL(bq_ingested_timestamp, TIMESTAMPTZ '-infinity') AS ingested_order,
    content_hash(event_name, user_id, person_id, event_payload) AS content_hash,
    identity_hash(event_name, user_id) AS identity_hash
  FROM ${backfill_tracks}
  WHERE LOWER(event_id) IN (SELECT event_id FROM repeated)
    AND event_name <> '' AND user_id IS NOT NULL AND created_at IS NOT NULL
),
compared AS (
  SELECT
    *,
    FIRST_VALUE(identity_hash) OVER oldest AS first_identity,
    FIRST_VALUE(created_at) OVER oldest AS first_created_at
  FROM deliveries
  WINDOW oldest AS (PARTITION BY event_id ORDER BY inserted_order, ingested_order, content_hash, created_at, identity_hash)
)
SELECT * EXCLUDE (inserted_order, ingested_order, first_identity)
FROM compared
WHERE identity_hash = first_identity
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY event_id
  ORDER BY inserted_order DESC, ingested_order DESC, content_hash DESC, created_at DESC
) = 1;

-- step: count_repeats
SELECT COUNT(*) FROM ${backfill_repeats};

-- step: days
-- Days and their rows. Rows without created_at are a day of their own. A day is done
-- when it was backfilled with as many rows as it has now.
WITH found AS (
  SELECT IFNULL(strftime(created_at, '%Y-%m-%d'), 'undated') AS day, COUNT(*) AS n
  FROM ${backfill_tracks}
  GROUP BY ALL
)
SELECT
  day,
  n,
  EXISTS (SELECT 1 FROM ${backfill_ledger} AS l WHERE l.day = found.day AND l.rows_read = found.n) AS done
FROM found
WHERE (@from = '' OR day >= @from) AND (@to = '' OR day <= @to)
ORDER BY day;

-- step: guard
-- Keys of another event_bucket would never be found, so they are none. One key tells:
-- they are all of one kind.
SELECT
  EXISTS (SELECT 1 FROM ${tracks}) AS has_rows,
  IFNULL((SELECT bucket = event_bucket(event_id) FROM ${tracks_keys} LIMIT 1), FALSE) AS has_keys,
  EXISTS (SELECT 1 FROM ${tracks_keys_slices} WHERE swapped_at IS NULL) AS rebuilding;

-- step: booked
SELECT rows_read, rows_inserted, rows_present, rows_duplicate, rows_collided, rows_rejected, bytes_inserted
FROM ${backfill_ledger}
WHERE backfill_id = @backfill_id AND day = @day;

-- step: rows
-- The day's rows, narrow: everything but the columns that only get copied.
CREATE OR REPLACE TEMP TABLE backfill_rows AS
SELECT
  rowid AS source_row,
  LOWER(event_id) AS event_id,
  event_bucket(LOWER(event_id)) AS bucket,
  created_at,
  event_inserted_at,
  bq_ingested_timestamp,
  content_hash(event_name, user_id, person_id, event_payload) AS content_hash,
  identity_hash(event_name, user_id) AS identity_hash,
  CASE
    WHEN IFNULL(event_id, '') = '' THEN 'uuid_missing'
    WHEN IFNULL(event_name, '') = '' THEN 'event_missing'
    WHEN user_id IS NULL THEN 'distinct_id_missing'
    WHEN created_at IS NULL THEN 'timestamp_missing'
  END AS refused
FROM ${backfill_tracks} AS b
WHERE ${of_the_day};

-- step: known
-- The keys these events have already. The subquery's filter is always true; it is
-- there because DuckDB hands a filtered list of buckets down to the scan, which
-- then skips all other columns wherever no bucket of the day is.
CREATE OR REPLACE TEMP TABLE backfill_known AS
WITH near AS MATERIALIZED (
  SELECT event_id, identity_hash FROM ${tracks_keys}
  WHERE bucket IN (SELECT bucket FROM backfill_rows WHERE length(event_id) > 0)
)
SELECT * FROM near WHERE event_id IN (SELECT event_id FROM backfill_rows WHERE refused IS NULL);

-- step: classify
-- What becomes of each row. Of an event with several rows, one of its first day is
-- inserted or present, and all others are duplicates, on whatever day they are.
-- Refused rows find nothing because their id is NULL in the joins: a condition beside
-- the equality would make DuckDB compare every row with every other.
CREATE OR REPLACE TEMP TABLE backfill_verdict AS
WITH faced AS (
  SELECT
    d.*,
    k.event_id IS NOT NULL AS is_known,
    r.event_id IS NOT NULL AS is_repeated,
    d.identity_hash <> COALESCE(k.identity_hash, r.identity_hash, d.identity_hash) AS collides,
    r.first_created_at
  FROM (SELECT *, IF(refused IS NULL, event_id, NULL) AS accepted_id FROM backfill_rows) AS d
  LEFT JOIN backfill_known AS k ON k.event_id = d.accepted_id
  LEFT JOIN ${backfill_repeats} AS r ON r.event_id = d.accepted_id
),
ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY event_id, collides ORDER BY created_at <> first_created_at, source_row) AS place
  FROM faced
)
SELECT
  * EXCLUDE (accepted_id, collides, place),
  CASE
    WHEN refused IS NOT NULL THEN 'rejected'
    WHEN collides THEN 'collided'
    WHEN is_repeated AND (place > 1 OR created_at <> first_created_at) THEN 'duplicate'
    WHEN is_known THEN 'present'
    ELSE 'inserted'
  END AS outcome
FROM ranked;

-- step: count
SELECT
  COUNT(*) AS rows_read,
  COUNT(*) FILTER (outcome = 'inserted') AS inserted,
  COUNT(*) FILTER (outcome = 'present') AS present,
  COUNT(*) FILTER (outcome = 'duplicate') AS duplicate,
  COUNT(*) FILTER (outcome = 'collided') AS collided,
  COUNT(*) FILTER (outcome = 'rejected') AS rejected
FROM backfill_verdict;

-- step: bytes
-- The size of the rows to insert, as JSON text.
SELECT IFNULL(SUM(strlen(CAST(to_json(b) AS VARCHAR))), 0)::BIGINT
FROM ${backfill_tracks} AS b
JOIN backfill_verdict AS v ON v.source_row = b.rowid
WHERE ${of_the_day} AND v.outcome = 'inserted';

-- step: insert_rows
INSERT INTO ${tracks}
SELECT
  v.event_id, b.created_at, b.event_name, b.user_id, b.person_id, b.session_id,
  b.active_feature_flags, b.feature_flags_values, b.lib_values,
  b.device_model, b.device_type, b.device_os, b.ip_address, b.client,
  b.geoip_city_name, b.geoip_continent_name, b.geoip_continent_code,
  b.geoip_country_name, b.geoip_country_code, b.geoip_time_zone,
  b.app_version, b.locale, b.event_payload, b.bq_ingested_timestamp, b.event_inserted_at
FROM ${backfill_tracks} AS b
JOIN backfill_verdict AS v ON v.source_row = b.rowid
WHERE ${of_the_day} AND v.outcome = 'inserted' AND NOT v.is_repeated
UNION ALL
SELECT
  r.event_id, r.first_created_at, r.event_name, r.user_id, r.person_id, r.session_id,
  r.active_feature_flags, r.feature_flags_values, r.lib_values,
  r.device_model, r.device_type, r.device_os, r.ip_address, r.client,
  r.geoip_city_name, r.geoip_continent_name, r.geoip_continent_code,
  r.geoip_country_name, r.geoip_country_code, r.geoip_time_zone,
  r.app_version, r.locale, r.event_payload, r.bq_ingested_timestamp, r.event_inserted_at
FROM ${backfill_repeats} AS r
JOIN backfill_verdict AS v ON v.event_id = r.event_id
WHERE v.outcome = 'inserted';

-- step: insert_keys
-- In the order of buckets, which keeps that column's runs long.
INSERT INTO ${tracks_keys}
SELECT
  v.event_id,
  v.bucket,
  v.created_at,
  IF(v.is_repeated, r.event_inserted_at, v.event_inserted_at),
  IF(v.is_repeated, r.bq_ingested_timestamp, v.bq_ingested_timestamp),
  IF(v.is_repeated, r.bq_ingested_timestamp, v.bq_ingested_timestamp),
  IF(v.is_repeated, r.content_hash, v.content_hash),
  v.identity_hash
FROM backfill_verdict AS v
LEFT JOIN ${backfill_repeats} AS r ON r.event_id = v.event_id
WHERE v.outcome = 'inserted'
ORDER BY v.bucket;

-- step: remove_rejects
DELETE FROM ${merge_rejects} WHERE window_start = @rejects_at AND source_object = @source;

-- step: insert_rejects
INSERT INTO ${merge_rejects}
SELECT
  @rejects_at::TIMESTAMPTZ, @source, 0, v.source_row, IFNULL(v.event_id, ''),
  IFNULL(v.refused, 'collision'),
  IF(v.refused IS NULL, 'the event_id belongs to another event_name or user_id', 'tracks cannot do without it'),
  to_json(b)
FROM ${backfill_tracks} AS b
JOIN backfill_verdict AS v ON v.source_row = b.rowid
WHERE ${of_the_day} AND v.outcome IN ('collided', 'rejected');

-- step: record
INSERT INTO ${backfill_ledger} (
  backfill_id, day, rows_read, rows_inserted, rows_present, rows_duplicate, rows_collided, rows_rejected,
  bytes_inserted, workflow_id, run_id, recorded_at
) VALUES (
  @backfill_id, @day, @rows_read, @inserted, @present, @duplicate, @collided, @rejected,
  @bytes, @workflow_id, @run_id, @recorded_at
);

-- step: drop_verdict
DROP TABLE IF EXISTS backfill_verdict;

-- step: drop_known
DROP TABLE IF EXISTS backfill_known;

-- step: drop_rows
DROP TABLE IF EXISTS backfill_rows;
