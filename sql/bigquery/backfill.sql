-- Takes the legacy history of backfill_tracks into tracks, a day at a time. First the
-- day's rows are classified against tracks_keys; then one transaction writes tracks,
-- tracks_keys, merge_rejects and backfill_ledger; the steps from "begin" to "commit"
-- are run as one script. It only inserts: what tracks has already stays as it is.
--
-- An event is new when no key of all history is its own. Of an event with several
-- rows in backfill_tracks, on whatever days, the first by the order of deliveries
-- decides created_at, event_name and user_id, the newest everything else, and it is
-- inserted with the day of its created_at. So the result does not depend on the
-- order in which days are done.

-- step: repeats
-- The events with several rows, each as it has to stand in tracks.
CREATE OR REPLACE TABLE ${backfill_repeats}
OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 60 DAY))
AS
WITH repeated AS (
  SELECT LOWER(event_id) AS event_id
  FROM ${backfill_tracks}
  WHERE event_id != '' AND event_name != '' AND user_id IS NOT NULL AND created_at IS NOT NULL
  GROUP BY LOWER(event_id)
  HAVING COUNT(*) > 1
),
deliveries AS (
  SELECT
    * REPLACE (LOWER(event_id) AS event_id),
    IFNULL(event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00') AS inserted_order,
    IFNULL(bq_ingested_timestamp, TIMESTAMP '0001-01-01 00:00:00+00') AS ingested_order,
    TO_HEX(SHA256(CONCAT(
      event_name, CHR(31), user_id, IFNULL(CONCAT(CHR(31), person_id), ''), CHR(31), IFNULL(TO_JSON_STRING(event_payload), '')
    ))) AS content_order,
    CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(
      CONCAT(CAST(LENGTH(event_name) AS STRING), ':', event_name, user_id)
    )), 1, 15)) AS INT64) AS identity_hash
  FROM ${backfill_tracks}
  WHERE LOWER(event_id) IN (SELECT event_id FROM repeated)
    AND event_name != '' AND user_id IS NOT NULL AND created_at IS NOT NULL
),
compared AS (
  SELECT
    *,
    FIRST_VALUE(identity_hash) OVER (
      PARTITION BY event_id ORDER BY inserted_order, ingested_order, content_order, created_at, identity_hash
    ) AS first_identity,
    FIRST_VALUE(created_at) OVER (
      PARTITION BY event_id ORDER BY inserted_order, ingested_order, content_order, created_at, identity_hash
    ) AS first_created_at
  FROM deliveries
)
SELECT * EXCEPT (inserted_order, ingested_order, content_order, first_identity)
FROM compared
WHERE identity_hash = first_identity
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY event_id
  ORDER BY inserted_order DESC, ingested_order DESC, content_order DESC, created_at DESC
) = 1;

-- step: count_repeats
SELECT COUNT(*) AS repeated FROM ${backfill_repeats};

-- step: days
-- Days and their rows. Rows without created_at are a day of their own. A day is done
-- when it was backfilled with as many rows as it has now.
WITH found AS (
  SELECT IFNULL(FORMAT_TIMESTAMP('%Y-%m-%d', created_at), 'undated') AS day, COUNT(*) AS n
  FROM ${backfill_tracks}
  GROUP BY 1
),
booked AS (
  SELECT DISTINCT day, rows_read FROM ${backfill_ledger}
)
SELECT f.day, f.n, b.day IS NOT NULL AS done
FROM found AS f
LEFT JOIN booked AS b ON b.day = f.day AND b.rows_read = f.n
WHERE (@from = '' OR f.day >= @from) AND (@to = '' OR f.day <= @to)
ORDER BY f.day;

-- step: booked
SELECT rows_read, rows_inserted, rows_present, rows_duplicate, rows_collided, rows_rejected, bytes_inserted
FROM ${backfill_ledger}
WHERE backfill_id = @backfill_id AND day = @day;

-- step: state
-- What a day has to know before it begins.
WITH of_the_day AS (
  SELECT
    COALESCE(
      CASE
        WHEN SUBSTR(LOWER(b.event_id), 15, 1) = '7' AND LOWER(b.event_id) >= '016f5e66-e800' AND LOWER(b.event_id) < '02246af9-4800'
          THEN DIV(SAFE_CAST(CONCAT('0x', SUBSTR(LOWER(b.event_id), 1, 8), SUBSTR(LOWER(b.event_id), 10, 4)) AS INT64), 86400000) - 18262
      END,
      9000 + MOD(CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(LOWER(b.event_id))), 1, 15)) AS INT64), 64)
    ) AS bucket
  FROM ${backfill_tracks} AS b
  WHERE ${of_the_day}
)
SELECT
  (SELECT IFNULL(MAX(seq), 0) FROM ${write_fence}) AS fence,
  (SELECT COUNT(*) FROM ${tracks}) > 0 AS has_rows,
  (SELECT COUNT(*) FROM ${tracks_keys}) > 0 AS has_keys,
  (SELECT COUNT(*) FROM ${tracks_keys_slices} WHERE swapped_at IS NULL) > 0 AS rebuilding,
  (SELECT COUNT(*) FROM of_the_day) AS rows_read,
  ARRAY(SELECT DISTINCT bucket FROM of_the_day WHERE bucket IS NOT NULL ORDER BY bucket) AS buckets;

-- step: classify
-- What becomes of each row. The rows travel with the verdict, since they have no name
-- of their own by which they could be found again. Of an event with several rows, one
-- of its first day is inserted or present, and all others are duplicates.
CREATE OR REPLACE TABLE ${backfill_verdict}
OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 48 HOUR))
AS
WITH of_the_day AS (
  SELECT
    b.* REPLACE (LOWER(b.event_id) AS event_id),
    TO_JSON_STRING(b) AS row_text,
    COALESCE(
      CASE
        WHEN SUBSTR(LOWER(b.event_id), 15, 1) = '7' AND LOWER(b.event_id) >= '016f5e66-e800' AND LOWER(b.event_id) < '02246af9-4800'
          THEN DIV(SAFE_CAST(CONCAT('0x', SUBSTR(LOWER(b.event_id), 1, 8), SUBSTR(LOWER(b.event_id), 10, 4)) AS INT64), 86400000) - 18262
      END,
      9000 + MOD(CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(LOWER(b.event_id))), 1, 15)) AS INT64), 64)
    ) AS bucket,
    CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(
      CONCAT(CAST(LENGTH(b.event_name) AS STRING), ':', b.event_name, b.user_id)
    )), 1, 15)) AS INT64) AS identity_hash,
    CASE
      WHEN IFNULL(b.event_id, '') = '' THEN 'uuid_missing'
      WHEN IFNULL(b.event_name, '') = '' THEN 'event_missing'
      WHEN b.user_id IS NULL THEN 'distinct_id_missing'
      WHEN b.created_at IS NULL THEN 'timestamp_missing'
    END AS refused
  FROM ${backfill_tracks} AS b
  WHERE ${of_the_day}
),
known AS (
  SELECT event_id, bucket, identity_hash FROM ${tracks_keys} WHERE bucket IN (${buckets})
),
faced AS (
  SELECT
    d.*,
    k.event_id IS NOT NULL AS is_known,
    r.event_id IS NOT NULL AS is_repeated,
    d.identity_hash != COALESCE(k.identity_hash, r.identity_hash, d.identity_hash) AS collides,
    IFNULL(d.created_at != r.first_created_at, FALSE) AS is_elsewhere
  FROM of_the_day AS d
  LEFT JOIN known AS k ON k.bucket = d.bucket AND k.event_id = d.event_id AND d.refused IS NULL
  LEFT JOIN ${backfill_repeats} AS r ON r.event_id = d.event_id AND d.refused IS NULL
),
ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY event_id, collides ORDER BY is_elsewhere, row_text) AS place
  FROM faced
),
judged AS (
  SELECT
    *,
    CASE
      WHEN refused IS NOT NULL THEN 'rejected'
      WHEN collides THEN 'collided'
      WHEN is_repeated AND (place > 1 OR is_elsewhere) THEN 'duplicate'
      WHEN is_known THEN 'present'
      ELSE 'inserted'
    END AS outcome
  FROM ranked
)
SELECT
  * EXCEPT (row_text, is_known, collides, is_elsewhere, place),
  BYTE_LENGTH(row_text) AS size,
  -- Instead of a row's number, which there is none of.
  CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(row_text)), 1, 15)) AS INT64) AS source_row,
  IF(outcome IN ('collided', 'rejected'), row_text, NULL) AS row_text
FROM judged;

-- step: count
SELECT
  COUNT(*) AS rows_read,
  COUNTIF(outcome = 'inserted') AS rows_inserted,
  COUNTIF(outcome = 'present') AS rows_present,
  COUNTIF(outcome = 'duplicate') AS rows_duplicate,
  COUNTIF(outcome = 'collided') AS rows_collided,
  COUNTIF(outcome = 'rejected') AS rows_rejected,
  IFNULL(SUM(IF(outcome = 'inserted', size, 0)), 0) AS bytes_inserted
FROM ${backfill_verdict};

-- step: begin
BEGIN TRANSACTION;

-- step: fence
-- Whoever writes tracks moves the fence in the same transaction. Two that run at
-- the same time conflict, and one that was prepared before another's write stops.
SELECT IF(
  (SELECT MAX(seq) FROM ${write_fence}) = @fence,
  'ok',
  ERROR('law: nobody may write tracks between a backfill of a day and its preparation, but somebody has')
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
  v.event_id, v.created_at, v.event_name, v.user_id, v.person_id, v.session_id,
  v.active_feature_flags, v.feature_flags_values, v.lib_values,
  v.device_model, v.device_type, v.device_os, v.ip_address, v.client,
  v.geoip_city_name, v.geoip_continent_name, v.geoip_continent_code,
  v.geoip_country_name, v.geoip_country_code, v.geoip_time_zone,
  v.app_version, v.locale, v.event_payload, v.bq_ingested_timestamp, v.event_inserted_at
FROM ${backfill_verdict} AS v
WHERE v.outcome = 'inserted' AND NOT v.is_repeated
UNION ALL
SELECT
  r.event_id, r.first_created_at, r.event_name, r.user_id, r.person_id, r.session_id,
  r.active_feature_flags, r.feature_flags_values, r.lib_values,
  r.device_model, r.device_type, r.device_os, r.ip_address, r.client,
  r.geoip_city_name, r.geoip_continent_name, r.geoip_continent_code,
  r.geoip_country_name, r.geoip_country_code, r.geoip_time_zone,
  r.app_version, r.locale, r.event_payload, r.bq_ingested_timestamp, r.event_inserted_at
FROM ${backfill_repeats} AS r
JOIN ${backfill_verdict} AS v ON v.event_id = r.event_id
WHERE v.outcome = 'inserted';

-- step: insert_keys
-- The content's hash is unknown: it is of the payload as PostHog sent it, which a JSON
-- column does not keep.
INSERT INTO ${tracks_keys} (
  event_id, bucket, created_at, event_inserted_at, bq_ingested_timestamp, content_hash, identity_hash
)
SELECT
  v.event_id, v.bucket, v.created_at,
  IF(v.is_repeated, r.event_inserted_at, v.event_inserted_at),
  IF(v.is_repeated, r.bq_ingested_timestamp, v.bq_ingested_timestamp),
  NULL, v.identity_hash
FROM ${backfill_verdict} AS v
LEFT JOIN ${backfill_repeats} AS r ON r.event_id = v.event_id
WHERE v.outcome = 'inserted';

-- step: remove_rejects
DELETE FROM ${merge_rejects} WHERE window_start = @rejects_at AND source_object = @source;

-- step: insert_rejects
INSERT INTO ${merge_rejects} (
  window_start, source_object, source_generation, source_row, event_id, reason, detail, row_json
)
SELECT
  @rejects_at, @source, 0, v.source_row, IFNULL(v.event_id, ''),
  IFNULL(v.refused, 'collision'),
  IF(v.refused IS NULL, 'the event_id belongs to another event_name or user_id', 'tracks cannot do without it'),
  PARSE_JSON(v.row_text, wide_number_mode => 'round')
FROM ${backfill_verdict} AS v
WHERE v.outcome IN ('collided', 'rejected');

-- step: verify
-- Every event that was inserted has one key now.
SELECT IF(
  (SELECT COUNT(*) = COUNT(DISTINCT event_id) AND COUNT(*) = @inserted
   FROM ${backfill_verdict} WHERE outcome = 'inserted')
  AND (SELECT COUNT(*) FROM ${tracks_keys}
       WHERE bucket IN (${buckets})
         AND event_id IN (SELECT event_id FROM ${backfill_verdict} WHERE outcome = 'inserted')) = @inserted,
  'ok',
  ERROR('law: an event that a backfill inserts must have one key, but some have another number')
);

-- step: record
INSERT INTO ${backfill_ledger} (
  backfill_id, day, rows_read, rows_inserted, rows_present, rows_duplicate, rows_collided, rows_rejected,
  bytes_inserted, workflow_id, run_id, recorded_at
) VALUES (
  @backfill_id, @day, @rows_read, @inserted, @present, @duplicate, @collided, @rejected,
  @bytes, @workflow_id, @run_id, CURRENT_TIMESTAMP()
);

-- step: commit
COMMIT TRANSACTION;
