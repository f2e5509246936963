-- Merges one loaded window into tracks. First the deliveries are classified against
-- tracks_keys, which reads the keys in the buckets of the batch and nothing of
-- tracks. Then one transaction writes tracks, tracks_keys, merge_rejects and the
-- ledger; the steps from "begin" to "commit" are run as one script.
--
-- Deliveries of one event are ordered by event_inserted_at (NULL lowest), then by
-- the load's stamp, then by content_hash. The first decides created_at, event_name
-- and user_id; the newest decides everything else.

-- step: state
-- What a merge has to know before it begins.
WITH deliveries AS (
  SELECT
    created_at,
    bq_ingested_timestamp,
    COALESCE(
      CASE
        WHEN SUBSTR(event_id, 15, 1) = '7' AND event_id >= '016f5e66-e800' AND event_id < '02246af9-4800'
          THEN DIV(SAFE_CAST(CONCAT('0x', SUBSTR(event_id, 1, 8), SUBSTR(event_id, 10, 4)) AS INT64), 86400000) - 18262
      END,
      9000 + MOD(CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(event_id)), 1, 15)) AS INT64), 64)
    ) AS bucket
  FROM ${raw_tracks}
  WHERE window_start = @window
)
SELECT
  (SELECT IFNULL(MAX(seq), 0) FROM ${write_fence}) AS fence,
  (SELECT COUNT(*) FROM ${tracks}) > 0 AS has_rows,
  (SELECT COUNT(*) FROM ${tracks_keys}) > 0 AS has_keys,
  (SELECT COUNT(*) FROM ${tracks_keys_slices} WHERE swapped_at IS NULL) > 0 AS rebuilding,
  (SELECT COUNT(*) FROM deliveries WHERE bq_ingested_timestamp = @ingested_at) AS loaded,
  (SELECT COUNT(*) FROM deliveries WHERE created_at < @cutover) AS before_cutover,
  ARRAY(SELECT DISTINCT bucket FROM deliveries WHERE created_at >= @cutover ORDER BY bucket) AS buckets;

-- step: classify
-- What becomes of each delivery. "advanced" is an unchanged delivery that is newer
-- than the one tracks_keys knew: tracks stays as it is, tracks_keys remembers it.
CREATE OR REPLACE TABLE ${merge_verdict}
OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 48 HOUR))
AS
WITH batch AS (
  SELECT
    source_object, source_generation, source_row,
    event_id,
    -- The day inside a UUIDv7, in days since 2020-01-01, as far as it is sane; else
    -- one of 64 buckets by hash. It stands wherever a key is made or looked for, and
    -- is the same everywhere, as a test sees to.
    COALESCE(
      CASE
        WHEN SUBSTR(event_id, 15, 1) = '7' AND event_id >= '016f5e66-e800' AND event_id < '02246af9-4800'
          THEN DIV(SAFE_CAST(CONCAT('0x', SUBSTR(event_id, 1, 8), SUBSTR(event_id, 10, 4)) AS INT64), 86400000) - 18262
      END,
      9000 + MOD(CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(event_id)), 1, 15)) AS INT64), 64)
    ) AS bucket,
    created_at,
    IFNULL(event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00') AS inserted_order,
    event_inserted_at,
    bq_ingested_timestamp,
    content_hash,
    CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(
      CONCAT(CAST(LENGTH(event_name) AS STRING), ':', event_name, user_id)
    )), 1, 15)) AS INT64) AS identity_hash
  FROM ${raw_tracks}
  WHERE window_start = @window AND created_at >= @cutover
),
known AS (
  SELECT * FROM ${tracks_keys} WHERE bucket IN (${buckets})
),
faced AS (
  SELECT
    b.*,
    k.event_id IS NOT NULL AS is_known,
    k.created_at AS known_created_at,
    k.content_hash AS known_content,
    IFNULL(k.event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00') AS known_inserted_order,
    IFNULL(k.bq_ingested_timestamp, TIMESTAMP '0001-01-01 00:00:00+00') AS known_ingested,
    b.identity_hash != IFNULL(k.identity_hash, FIRST_VALUE(b.identity_hash) OVER (
      PARTITION BY b.event_id
      ORDER BY b.inserted_order, b.bq_ingested_timestamp, b.content_hash, b.created_at
    )) AS collides
  FROM batch AS b
  LEFT JOIN known AS k ON k.bucket = b.bucket AND k.event_id = b.event_id
),
ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY event_id, collides
      ORDER BY inserted_order DESC, bq_ingested_timestamp DESC, content_hash DESC, created_at DESC,
        source_object DESC, source_generation DESC, source_row DESC
    ) AS newest,
    FIRST_VALUE(created_at) OVER (
      PARTITION BY event_id, collides
      ORDER BY inserted_order, bq_ingested_timestamp, content_hash, created_at
    ) AS first_created_at
  FROM faced
)
SELECT
  source_object, source_generation, source_row,
  event_id, bucket, event_inserted_at, bq_ingested_timestamp, content_hash, identity_hash,
  IF(is_known, known_created_at, first_created_at) AS created_at,
  CASE
    WHEN collides THEN 'collided'
    WHEN newest > 1 THEN 'unchanged'
    WHEN NOT is_known THEN 'inserted'
    WHEN inserted_order < known_inserted_order THEN 'unchanged'
    WHEN inserted_order = known_inserted_order AND bq_ingested_timestamp < known_ingested THEN 'unchanged'
    WHEN inserted_order = known_inserted_order AND bq_ingested_timestamp = known_ingested
      AND content_hash <= IFNULL(known_content, 0) THEN 'unchanged'
    WHEN content_hash = known_content THEN 'advanced'
    ELSE 'updated'
  END AS outcome
FROM ranked;

-- step: plan
-- The counts, and where the rows to change are: the days become literal ranges and
-- the buckets a literal list in the transaction.
SELECT
  (SELECT COUNT(*) FROM ${merge_verdict} WHERE outcome = 'inserted') AS inserted,
  (SELECT COUNT(*) FROM ${merge_verdict} WHERE outcome = 'updated') AS updated,
  (SELECT COUNT(*) FROM ${merge_verdict} WHERE outcome = 'unchanged') AS unchanged,
  (SELECT COUNT(*) FROM ${merge_verdict} WHERE outcome = 'advanced') AS advanced,
  (SELECT COUNT(*) FROM ${merge_verdict} WHERE outcome = 'collided') AS collided,
  ARRAY(
    SELECT DISTINCT DATE(created_at) AS day FROM ${merge_verdict} WHERE outcome = 'updated' ORDER BY day
  ) AS changed_days,
  ARRAY(
    SELECT DISTINCT bucket FROM ${merge_verdict} WHERE outcome IN ('updated', 'advanced') ORDER BY bucket
  ) AS changed_buckets;

-- step: days
-- The days of tracks that change.
SELECT
  FORMAT_TIMESTAMP('%Y-%m-%d', created_at) AS day,
  COUNTIF(outcome = 'inserted') AS inserted,
  COUNTIF(outcome = 'updated') AS updated
FROM ${merge_verdict}
WHERE outcome IN ('inserted', 'updated')
GROUP BY day
ORDER BY day;

-- step: begin
BEGIN TRANSACTION;

-- step: fence
-- Whoever writes tracks moves the fence in the same transaction. Two that run at
-- the same time conflict, and one that was prepared before another's write stops.
SELECT IF(
  (SELECT MAX(seq) FROM ${write_fence}) = @fence,
  'ok',
  ERROR('law: nobody may write tracks between a merge and its preparation, but somebody has')
);

-- step: move_fence
UPDATE ${write_fence} SET seq = @fence + 1 WHERE TRUE;

-- step: insert_rows
INSERT INTO ${tracks} (
  event_id, created_at, event_name, user_id, person_id, session_id,
  active_feature_flags, feature_flags_values, lib_values,
  device_model, device_type, device_os, ip_address, client,
  geoip_city_name, geoip_continent_name, geoip_continent_code,
  geoip_country_name, geoip_country_code, geoip_time_zone,
  app_version, locale, event_payload, bq_ingested_timestamp, event_inserted_at
)
SELECT
  r.event_id, v.created_at, r.event_name, r.user_id, r.person_id, r.session_id,
  r.active_feature_flags, r.feature_flags_values, r.lib_values,
  r.device_model, r.device_type, r.device_os, r.ip_address, r.client,
  r.geoip_city_name, r.geoip_continent_name, r.geoip_continent_code,
  r.geoip_country_name, r.geoip_country_code, r.geoip_time_zone,
  r.app_version, r.locale, r.event_payload, r.bq_ingested_timestamp, r.event_inserted_at
FROM ${raw_tracks} AS r
JOIN ${merge_verdict} AS v
  ON v.source_object = r.source_object
  AND v.source_generation = r.source_generation
  AND v.source_row = r.source_row
WHERE r.window_start = @window AND v.outcome = 'inserted';

-- step: change_rows
-- created_at is not set: it is that of the first delivery. It tells the row of which
-- tracks_keys knows from duplicates that older tools left; those stay for a dedup.
MERGE INTO ${tracks} AS t
USING (
  SELECT r.*, v.created_at AS known_created_at
  FROM ${raw_tracks} AS r
  JOIN ${merge_verdict} AS v
    ON v.source_object = r.source_object
    AND v.source_generation = r.source_generation
    AND v.source_row = r.source_row
  WHERE r.window_start = @window AND v.outcome = 'updated'
) AS s
ON t.event_id = s.event_id
  AND t.created_at = s.known_created_at
  AND t.event_name = s.event_name
  AND t.user_id = s.user_id
  AND (${changed_ranges})
WHEN MATCHED THEN UPDATE SET
  event_name = s.event_name,
  user_id = s.user_id,
  person_id = s.person_id,
  session_id = s.session_id,
  active_feature_flags = s.active_feature_flags,
  feature_flags_values = s.feature_flags_values,
  lib_values = s.lib_values,
  device_model = s.device_model,
  device_type = s.device_type,
  device_os = s.device_os,
  ip_address = s.ip_address,
  client = s.client,
  geoip_city_name = s.geoip_city_name,
  geoip_continent_name = s.geoip_continent_name,
  geoip_continent_code = s.geoip_continent_code,
  geoip_country_name = s.geoip_country_name,
  geoip_country_code = s.geoip_country_code,
  geoip_time_zone = s.geoip_time_zone,
  app_version = s.app_version,
  locale = s.locale,
  event_payload = s.event_payload,
  bq_ingested_timestamp = s.bq_ingested_timestamp,
  event_inserted_at = s.event_inserted_at;

-- step: change_keys
MERGE INTO ${tracks_keys} AS k
USING (
  SELECT event_id, bucket, event_inserted_at, bq_ingested_timestamp, content_hash
  FROM ${merge_verdict}
  WHERE outcome IN ('updated', 'advanced')
) AS s
ON k.event_id = s.event_id AND k.bucket IN (${changed_buckets})
WHEN MATCHED THEN UPDATE SET
  event_inserted_at = s.event_inserted_at,
  bq_ingested_timestamp = s.bq_ingested_timestamp,
  content_hash = s.content_hash;

-- step: insert_keys
INSERT INTO ${tracks_keys} (
  event_id, bucket, created_at, event_inserted_at, bq_ingested_timestamp, content_hash, identity_hash
)
SELECT event_id, bucket, created_at, event_inserted_at, bq_ingested_timestamp, content_hash, identity_hash
FROM ${merge_verdict}
WHERE outcome = 'inserted';

-- step: remove_rejects
-- Those of the same generations from an earlier merge; other generations' stay,
-- for a collided row may exist nowhere else any more.
DELETE FROM ${merge_rejects} AS m
WHERE m.window_start = @window
  AND EXISTS (
    SELECT 1 FROM ${raw_tracks} AS r
    WHERE r.window_start = @window
      AND r.source_object = m.source_object
      AND r.source_generation = m.source_generation
  );

-- step: insert_rejects
INSERT INTO ${merge_rejects} (
  window_start, source_object, source_generation, source_row, event_id, reason, detail, row_json
)
SELECT
  r.window_start, r.source_object, r.source_generation, r.source_row, r.event_id,
  'collision', 'the event_id belongs to another event_name or user_id', TO_JSON(r)
FROM ${raw_tracks} AS r
JOIN ${merge_verdict} AS v
  ON v.source_object = r.source_object
  AND v.source_generation = r.source_generation
  AND v.source_row = r.source_row
WHERE r.window_start = @window AND v.outcome = 'collided';

-- step: verify
-- Every event is inserted once, and every row to change was found.
SELECT IF(
  (SELECT COUNT(*) = COUNT(DISTINCT event_id) AND COUNT(*) = @inserted
   FROM ${merge_verdict} WHERE outcome = 'inserted')
  AND (SELECT COUNT(DISTINCT t.event_id) FROM ${tracks} AS t
       WHERE (${changed_ranges})
         AND t.bq_ingested_timestamp = @ingested_at
         AND t.event_id IN (SELECT event_id FROM ${merge_verdict} WHERE outcome = 'updated')) = @updated,
  'ok',
  ERROR('law: a merge must change each row that tracks_keys knows of, but tracks and tracks_keys have drifted apart')
);

-- step: record
UPDATE ${window_ledger}
SET
  status = 'merged',
  rows_inserted = @inserted,
  rows_updated = @updated,
  rows_unchanged = @unchanged,
  rows_collided = @collided,
  rows_before_cutover = @before_cutover,
  merged_at = CURRENT_TIMESTAMP()
WHERE window_start = @window AND load_id = @load_id;

-- step: commit
COMMIT TRANSACTION;
