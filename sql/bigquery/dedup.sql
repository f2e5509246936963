-- Makes tracks one row an event again: plans, applies, verifies and takes back.
-- ${source} is the table that is looked at: tracks, or its snapshot. What a dedup
-- works with stands in tables of its own, which go when its snapshot does.
--
-- Deliveries of one event are ordered by event_inserted_at (NULL lowest), then by
-- the load's stamp (NULL lowest), then by the content's hash. The first decides
-- created_at, event_name and user_id; the newest decides everything else.

-- step: position
-- Where a table stands. Whatever is written to it moves one of the two.
SELECT
  COUNT(*) AS row_count,
  IFNULL(BIT_XOR(FARM_FINGERPRINT(CONCAT(
    IFNULL(event_id, ''), CHR(31), IFNULL(CAST(created_at AS STRING), ''), CHR(31),
    IFNULL(CAST(bq_ingested_timestamp AS STRING), ''), CHR(31), IFNULL(CAST(event_inserted_at AS STRING), '')
  ))), 0) AS fingerprint
FROM ${source};

-- step: state
SELECT
  (SELECT IFNULL(MAX(seq), 0) FROM ${write_fence}) AS fence,
  (SELECT COUNT(*) FROM ${tracks_keys_slices} WHERE swapped_at IS NULL) > 0 AS rebuilding,
  (SELECT COUNT(*) FROM ${tracks}) > 0 AND (SELECT COUNT(*) FROM ${tracks_keys}) = 0 AS has_none;

-- step: snapshot
-- Free when it is made. What tracks loses later is billed as its storage.
CREATE SNAPSHOT TABLE IF NOT EXISTS ${snapshot}
CLONE ${tracks}
OPTIONS (expiration_timestamp = @expires_at);

-- step: keys_snapshot
CREATE SNAPSHOT TABLE IF NOT EXISTS ${keys_snapshot}
CLONE ${tracks_keys}
OPTIONS (expiration_timestamp = @expires_at);

-- step: events
-- The events with more than one row. It reads one column.
CREATE TABLE IF NOT EXISTS ${dedup_events}
OPTIONS (expiration_timestamp = @expires_at)
AS
SELECT event_id
FROM ${source}
WHERE event_id IS NOT NULL
GROUP BY event_id
HAVING COUNT(*) > 1;

-- step: touched_days
-- The days that their rows lie on become literal ranges.
SELECT ARRAY(
  SELECT DISTINCT DATE(created_at) AS day
  FROM ${source}
  WHERE created_at IS NOT NULL
    AND (event_id IS NULL OR event_id IN (SELECT event_id FROM ${dedup_events}))
  ORDER BY day
) AS days;

-- step: rows
-- Every row a dedup touches, whole, and what becomes of it. "stays" rows remain as they
-- are; "content" rows are written again with the created_at of the first; all others
-- go. Rows without event_id or created_at can stand for no event.
CREATE TABLE IF NOT EXISTS ${dedup_rows}
OPTIONS (expiration_timestamp = @expires_at)
AS
WITH touched AS (
  SELECT
    t.*,
    TO_JSON_STRING(t) AS row_text,
    t.event_id IS NULL OR t.created_at IS NULL AS is_unkeyed
  FROM ${source} AS t
  WHERE (${touched_ranges} OR t.created_at IS NULL)
    AND (t.event_id IS NULL OR t.created_at IS NULL OR t.event_id IN (SELECT event_id FROM ${dedup_events}))
),
copies AS (
  SELECT
    *,
    -- Instead of a row's number, which there is none of.
    CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(row_text)), 1, 15)) AS INT64) AS source_row,
    -- Rows that are equal are told apart, so that every window sees them in one order.
    ROW_NUMBER() OVER (PARTITION BY row_text) AS copy,
    IF(is_unkeyed, row_text, event_id) AS event_key,
    IFNULL(event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00') AS inserted_order,
    IFNULL(bq_ingested_timestamp, TIMESTAMP '0001-01-01 00:00:00+00') AS ingested_order,
    CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(CONCAT(
      '1', CHR(31), IFNULL(event_name, ''), CHR(31), IFNULL(user_id, ''), IFNULL(CONCAT(CHR(31), person_id), ''), CHR(31),
      IFNULL(TO_JSON_STRING(event_payload), '')
    ))), 1, 15)) AS INT64) AS content_order,
    CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(CONCAT(
      CAST(LENGTH(IFNULL(event_name, '')) AS STRING), ':', IFNULL(event_name, ''), IFNULL(user_id, '')
    ))), 1, 15)) AS INT64) AS identity_hash
  FROM touched
),
faced AS (
  SELECT
    *,
    NOT is_unkeyed AND identity_hash != FIRST_VALUE(identity_hash) OVER (
      PARTITION BY event_key, is_unkeyed ORDER BY inserted_order, ingested_order, content_order, created_at, source_row, copy
    ) AS collides
  FROM copies
),
ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER oldest_first AS nth,
    FIRST_VALUE(created_at) OVER oldest_first AS first_created_at,
    FIRST_VALUE(ingested_order) OVER oldest_first AS first_ingested,
    ROW_NUMBER() OVER (
      PARTITION BY event_key, is_unkeyed, collides
      ORDER BY inserted_order DESC, ingested_order DESC, content_order DESC, created_at, source_row, copy
    ) AS newest,
    ROW_NUMBER() OVER (
      PARTITION BY event_key, is_unkeyed, collides, inserted_order, ingested_order, content_order
      ORDER BY created_at, source_row, copy
    ) AS written
  FROM faced
  WINDOW oldest_first AS (
    PARTITION BY event_key, is_unkeyed, collides
    ORDER BY inserted_order, ingested_order, content_order, created_at, source_row, copy
  )
),
judged AS (
  SELECT
    *,
    CASE
      WHEN is_unkeyed THEN 'no_key'
      WHEN collides THEN 'collided'
      WHEN nth = 1 THEN NULL
      WHEN written > 1 THEN 'double_run'
      WHEN (ingested_order < @cutover) != (first_ingested < @cutover) THEN 'backfill'
      WHEN DATE(created_at) != DATE(first_created_at) THEN 'across_days'
      ELSE 'same_day'
    END AS excess,
    CASE
      WHEN is_unkeyed OR collides THEN 'rejected'
      WHEN newest > 1 THEN 'older'
      WHEN created_at = first_created_at THEN 'stays'
      ELSE 'content'
    END AS outcome
  FROM ranked
)
SELECT
  * EXCEPT (
    row_text, is_unkeyed, source_row, copy, event_key, inserted_order, ingested_order, content_order, identity_hash,
    collides, nth, first_created_at, first_ingested, newest, written, excess, outcome
  ),
  STRUCT(
    first_created_at, identity_hash, excess, outcome, source_row,
    -- Rows of an event with one created_at cannot be told from each other by a
    -- statement, so they are all written again when one of them goes.
    LOGICAL_OR(outcome != 'stays') OVER (PARTITION BY event_key, is_unkeyed, created_at) AS is_rewritten,
    IF(outcome = 'rejected', row_text, NULL) AS row_text
  ) AS verdict
FROM judged;

-- step: totals
SELECT
  COUNTIF(verdict.outcome IN ('stays', 'content')) AS repeated,
  COUNTIF(verdict.outcome = 'content') AS content,
  COUNTIF(verdict.outcome = 'rejected') AS rejected,
  COUNT(*) AS touched,
  COUNTIF(created_at IS NULL) AS undated,
  ARRAY(
    SELECT DISTINCT DATE(created_at) AS day FROM ${dedup_rows}
    WHERE verdict.is_rewritten AND created_at IS NOT NULL ORDER BY day
  ) AS rewritten_days
FROM ${dedup_rows};

-- step: days
SELECT
  IFNULL(FORMAT_TIMESTAMP('%Y-%m-%d', created_at), 'undated') AS day,
  COUNTIF(verdict.excess = 'no_key') AS no_key,
  COUNTIF(verdict.excess = 'collided') AS collided,
  COUNTIF(verdict.excess = 'double_run') AS double_run,
  COUNTIF(verdict.excess = 'backfill') AS backfill,
  COUNTIF(verdict.excess = 'across_days') AS across_days,
  COUNTIF(verdict.excess = 'same_day') AS same_day
FROM ${dedup_rows}
WHERE verdict.excess IS NOT NULL
GROUP BY day
ORDER BY day;

-- step: drifted
-- The other events whose keys are not as their row asks: missing, several, elsewhere,
-- or without a row.
CREATE TABLE IF NOT EXISTS ${dedup_drifted}
OPTIONS (expiration_timestamp = @expires_at)
AS
WITH keyed AS (
  SELECT event_id, COUNT(*) AS key_count, MIN(created_at) AS created_at
  FROM ${keys_snapshot}
  GROUP BY event_id
),
others AS (
  SELECT event_id, created_at
  FROM ${snapshot}
  WHERE event_id IS NOT NULL AND created_at IS NOT NULL
)
SELECT COALESCE(o.event_id, k.event_id) AS event_id, o.event_id IS NOT NULL AS has_row
FROM others AS o
FULL JOIN keyed AS k ON k.event_id = o.event_id
WHERE (o.event_id IS NULL OR k.event_id IS NULL OR k.key_count > 1 OR k.created_at != o.created_at)
  AND COALESCE(o.event_id, k.event_id) NOT IN (SELECT event_id FROM ${dedup_events});

-- step: keys
-- The keys of all these events as they have to be. Content is known of a row that has
-- the stamps of its key or of a delivery that raw_tracks still holds, if they agree;
-- else it is NULL, and the next newer delivery writes the row, whether it differs or
-- not. The newest delivery seen can be newer than the row.
CREATE TABLE IF NOT EXISTS ${dedup_keys}
OPTIONS (expiration_timestamp = @expires_at)
AS
WITH kept AS (
  SELECT event_id, verdict.first_created_at AS created_at, event_inserted_at, bq_ingested_timestamp, verdict.identity_hash
  FROM ${dedup_rows}
  WHERE verdict.outcome IN ('stays', 'content')
  UNION ALL
  SELECT
    t.event_id, t.created_at, t.event_inserted_at, t.bq_ingested_timestamp,
    CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(CONCAT(
      CAST(LENGTH(IFNULL(t.event_name, '')) AS STRING), ':', IFNULL(t.event_name, ''), IFNULL(t.user_id, '')
    ))), 1, 15)) AS INT64) AS identity_hash
  FROM ${snapshot} AS t
  JOIN ${dedup_drifted} AS d ON d.event_id = t.event_id
  WHERE d.has_row AND t.created_at IS NOT NULL
),
seen AS (
  SELECT k.event_id, k.identity_hash, k.event_inserted_at, k.bq_ingested_timestamp, k.content_hash
  FROM ${keys_snapshot} AS k
  WHERE k.event_id IN (SELECT event_id FROM kept)
  UNION ALL
  SELECT
    r.event_id,
    CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(
      CONCAT(CAST(LENGTH(r.event_name) AS STRING), ':', r.event_name, r.user_id)
    )), 1, 15)) AS INT64) AS identity_hash,
    r.event_inserted_at, r.bq_ingested_timestamp, r.content_hash
  FROM ${raw_tracks} AS r
  JOIN ${window_ledger} AS l
    ON l.window_start = r.window_start AND l.ingested_at = r.bq_ingested_timestamp AND l.status = 'merged'
  WHERE r.created_at >= @cutover AND r.event_id IN (SELECT event_id FROM kept)
),
faced AS (
  SELECT
    k.*,
    k.event_inserted_at AS seen_inserted, k.bq_ingested_timestamp AS seen_ingested,
    CAST(NULL AS INT64) AS row_content
  FROM kept AS k
  UNION ALL
  SELECT
    k.*,
    s.event_inserted_at, s.bq_ingested_timestamp,
    IF(
      IFNULL(s.event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00')
        = IFNULL(k.event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00')
      AND IFNULL(s.bq_ingested_timestamp, TIMESTAMP '0001-01-01 00:00:00+00')
        = IFNULL(k.bq_ingested_timestamp, TIMESTAMP '0001-01-01 00:00:00+00'),
      s.content_hash,
      NULL
    )
  FROM kept AS k
  JOIN seen AS s ON s.event_id = k.event_id AND s.identity_hash = k.identity_hash
)
SELECT
  event_id,
  COALESCE(
    CASE
      WHEN SUBSTR(event_id, 15, 1) = '7' AND event_id >= '016f5e66-e800' AND event_id < '02246af9-4800'
        THEN DIV(SAFE_CAST(CONCAT('0x', SUBSTR(event_id, 1, 8), SUBSTR(event_id, 10, 4)) AS INT64), 86400000) - 18262
    END,
    9000 + MOD(CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(event_id)), 1, 15)) AS INT64), 64)
  ) AS bucket,
  created_at,
  seen_inserted AS event_inserted_at,
  seen_ingested AS bq_ingested_timestamp,
  IF(
    MIN(row_content) OVER (PARTITION BY event_id) = MAX(row_content) OVER (PARTITION BY event_id),
    MAX(row_content) OVER (PARTITION BY event_id),
    NULL
  ) AS content_hash,
  identity_hash
FROM faced
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY event_id
  ORDER BY
    IFNULL(seen_inserted, TIMESTAMP '0001-01-01 00:00:00+00') DESC,
    IFNULL(seen_ingested, TIMESTAMP '0001-01-01 00:00:00+00') DESC
) = 1;

-- step: expected
-- What the days that are written again must hold afterwards: a number of rows and a
-- checksum of every column. Each value is hashed with its event_id, so that rows which
-- change alike show, and values that change places. Rows that are equal would cancel
-- each other out, which as many rows of as many events cannot.
CREATE TABLE IF NOT EXISTS ${dedup_expected}
OPTIONS (expiration_timestamp = @expires_at)
AS
WITH untouched AS (
  SELECT t.*
  FROM ${snapshot} AS t
  WHERE (${checked_ranges})
    AND t.event_id IS NOT NULL AND t.created_at IS NOT NULL
    AND t.event_id NOT IN (SELECT event_id FROM ${dedup_events})
),
kept AS (
  SELECT t.* EXCEPT (verdict) REPLACE (t.verdict.first_created_at AS created_at)
  FROM ${dedup_rows} AS t
  WHERE t.verdict.outcome IN ('stays', 'content')
)
SELECT DATE(t.created_at) AS day, COUNT(*) AS n, ${checksums} AS checksums
FROM (
  SELECT * FROM untouched
  UNION ALL
  SELECT * FROM kept AS t WHERE (${checked_ranges})
) AS t
GROUP BY day;

-- step: counted
SELECT
  (SELECT COUNT(*) FROM ${dedup_drifted}) AS drifted,
  (SELECT COUNT(*) FROM ${dedup_keys}) AS key_count,
  (SELECT COUNT(*) FROM ${dedup_drifted} WHERE has_row) AS with_row,
  (SELECT COUNT(DISTINCT event_id) FROM ${dedup_keys}) AS keyed_events,
  (SELECT COUNT(DISTINCT event_id) FROM ${snapshot} WHERE event_id IS NOT NULL AND created_at IS NOT NULL) AS events;

-- step: begin
BEGIN TRANSACTION;

-- step: fence
-- Whoever writes tracks moves the fence in the same transaction. Two that run at
-- the same time conflict, and one that was prepared before another's write stops.
SELECT IF(
  (SELECT MAX(seq) FROM ${write_fence}) = @fence,
  'ok',
  ERROR('law: nobody may write tracks between a dedup and its preparation, but somebody has')
);

-- step: move_fence
UPDATE ${write_fence} SET seq = @fence + 1 WHERE TRUE;

-- step: remove_rows
DELETE FROM ${tracks} AS t
WHERE (${rewritten_ranges})
  AND EXISTS (
    SELECT 1 FROM ${dedup_rows} AS r
    WHERE r.event_id = t.event_id AND r.created_at = t.created_at AND r.verdict.is_rewritten
  );

-- step: remove_unkeyed
DELETE FROM ${tracks} AS t
WHERE (${rewritten_ranges} OR t.created_at IS NULL) AND (t.event_id IS NULL OR t.created_at IS NULL);

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
  r.event_id, r.verdict.first_created_at, r.event_name, r.user_id, r.person_id, r.session_id,
  r.active_feature_flags, r.feature_flags_values, r.lib_values,
  r.device_model, r.device_type, r.device_os, r.ip_address, r.client,
  r.geoip_city_name, r.geoip_continent_name, r.geoip_continent_code,
  r.geoip_country_name, r.geoip_country_code, r.geoip_time_zone,
  r.app_version, r.locale, r.event_payload, r.bq_ingested_timestamp, r.event_inserted_at
FROM ${dedup_rows} AS r
WHERE r.verdict.outcome = 'content' OR (r.verdict.outcome = 'stays' AND r.verdict.is_rewritten);

-- step: remove_all
-- The way over the whole table. BigQuery replaces a table in no transaction, and
-- tracks_keys must change with it.
DELETE FROM ${tracks} WHERE TRUE;

-- step: insert_all
INSERT INTO ${tracks} (
  event_id, created_at, event_name, user_id, person_id, session_id,
  active_feature_flags, feature_flags_values, lib_values,
  device_model, device_type, device_os, ip_address, client,
  geoip_city_name, geoip_continent_name, geoip_continent_code,
  geoip_country_name, geoip_country_code, geoip_time_zone,
  app_version, locale, event_payload, bq_ingested_timestamp, event_inserted_at
)
SELECT
  t.event_id, t.created_at, t.event_name, t.user_id, t.person_id, t.session_id,
  t.active_feature_flags, t.feature_flags_values, t.lib_values,
  t.device_model, t.device_type, t.device_os, t.ip_address, t.client,
  t.geoip_city_name, t.geoip_continent_name, t.geoip_continent_code,
  t.geoip_country_name, t.geoip_country_code, t.geoip_time_zone,
  t.app_version, t.locale, t.event_payload, t.bq_ingested_timestamp, t.event_inserted_at
FROM ${snapshot} AS t
WHERE t.event_id IS NOT NULL AND t.created_at IS NOT NULL
  AND t.event_id NOT IN (SELECT event_id FROM ${dedup_events})
UNION ALL
SELECT
  r.event_id, r.verdict.first_created_at, r.event_name, r.user_id, r.person_id, r.session_id,
  r.active_feature_flags, r.feature_flags_values, r.lib_values,
  r.device_model, r.device_type, r.device_os, r.ip_address, r.client,
  r.geoip_city_name, r.geoip_continent_name, r.geoip_continent_code,
  r.geoip_country_name, r.geoip_country_code, r.geoip_time_zone,
  r.app_version, r.locale, r.event_payload, r.bq_ingested_timestamp, r.event_inserted_at
FROM ${dedup_rows} AS r
WHERE r.verdict.outcome IN ('stays', 'content');

-- step: remove_keys
DELETE FROM ${tracks_keys}
WHERE event_id IN (SELECT event_id FROM ${dedup_events}) OR event_id IN (SELECT event_id FROM ${dedup_drifted});

-- step: insert_keys
INSERT INTO ${tracks_keys} (
  event_id, bucket, created_at, event_inserted_at, bq_ingested_timestamp, content_hash, identity_hash
)
SELECT event_id, bucket, created_at, event_inserted_at, bq_ingested_timestamp, content_hash, identity_hash
FROM ${dedup_keys};

-- step: insert_rejects
INSERT INTO ${merge_rejects} (
  window_start, source_object, source_generation, source_row, event_id, reason, detail, row_json
)
SELECT
  IFNULL(TIMESTAMP_TRUNC(r.created_at, HOUR), TIMESTAMP '1970-01-01 00:00:00+00'),
  @source_object, @source_generation, r.verdict.source_row, IFNULL(r.event_id, ''),
  CASE
    WHEN r.event_id IS NULL THEN 'event_id_missing'
    WHEN r.created_at IS NULL THEN 'timestamp_missing'
    ELSE 'collision'
  END,
  CASE
    WHEN r.event_id IS NULL THEN 'the row has no event_id, so nothing can tell it from others'
    WHEN r.created_at IS NULL THEN 'tracks cannot do without it'
    ELSE 'the event_id belongs to another event_name or user_id'
  END,
  PARSE_JSON(r.verdict.row_text, wide_number_mode => 'round')
FROM ${dedup_rows} AS r
WHERE r.verdict.outcome = 'rejected';

-- step: verify_events
SELECT IF(
  (SELECT COUNT(*) = @rows_after AND COUNT(event_id) = @rows_after AND COUNT(DISTINCT event_id) = @rows_after FROM ${tracks}),
  'ok',
  ERROR('law: a dedup must leave one row an event, but tracks has others')
);

-- step: verify_days
SELECT CASE
  WHEN other_days > 0
    THEN ERROR('law: all days must have the rows that the dedup leaves there, but some have more or fewer')
  WHEN unlike != ''
    THEN ERROR(CONCAT(
      'law: a dedup must leave the rows of other events as they were and of each repeated event the newest content, ',
      'but by their checksums these columns are not what follows from the snapshot: ', unlike
    ))
  ELSE 'ok'
END
FROM (
  SELECT
    COUNTIF(e.day IS NULL OR f.day IS NULL OR e.n != f.n) AS other_days,
    ARRAY_TO_STRING(${unlike_columns}, ', ') AS unlike
  FROM ${dedup_expected} AS e
  FULL JOIN (
    SELECT DATE(t.created_at) AS day, COUNT(*) AS n, ${checksums} AS checksums
    FROM ${tracks} AS t
    WHERE (${checked_ranges})
    GROUP BY day
  ) AS f ON f.day = e.day
);

-- step: verify_sizes
-- Every day has shrunk by what was planned, also those that were not written.
SELECT IF(
  (
    SELECT COUNT(*)
    FROM (
      SELECT IFNULL(FORMAT_TIMESTAMP('%Y-%m-%d', created_at), 'undated') AS day, COUNT(*) AS n FROM ${snapshot} GROUP BY day
    ) AS before_it
    LEFT JOIN (
      SELECT IFNULL(FORMAT_TIMESTAMP('%Y-%m-%d', created_at), 'undated') AS day, COUNT(*) AS n
      FROM ${dedup_rows} WHERE verdict.excess IS NOT NULL GROUP BY day
    ) AS gone ON gone.day = before_it.day
    FULL JOIN (
      SELECT IFNULL(FORMAT_TIMESTAMP('%Y-%m-%d', created_at), 'undated') AS day, COUNT(*) AS n FROM ${tracks} GROUP BY day
    ) AS now ON now.day = before_it.day
    WHERE IFNULL(before_it.n, 0) - IFNULL(gone.n, 0) != IFNULL(now.n, 0)
  ) = 0,
  'ok',
  ERROR('law: every day must shrink by what was planned, but some have not')
);

-- step: commit
COMMIT TRANSACTION;

-- step: affected
-- How many rows the touched events have, and how many of those are exactly what a
-- dedup leaves.
WITH kept AS (
  SELECT t.* EXCEPT (verdict) REPLACE (t.verdict.first_created_at AS created_at)
  FROM ${dedup_rows} AS t
  WHERE t.verdict.outcome IN ('stays', 'content')
),
now AS (
  SELECT t.event_id, FARM_FINGERPRINT(TO_JSON_STRING(t)) AS content
  FROM ${tracks} AS t
  WHERE (${touched_ranges}) AND t.event_id IN (SELECT event_id FROM ${dedup_events})
)
SELECT
  (SELECT COUNT(*) FROM now) AS row_count,
  (
    SELECT COUNT(*)
    FROM now AS n
    JOIN (SELECT k.event_id, FARM_FINGERPRINT(TO_JSON_STRING(k)) AS content FROM kept AS k) AS k
      ON k.event_id = n.event_id AND k.content = n.content
  ) AS as_left,
  (SELECT COUNT(*) FROM ${tracks} WHERE event_id IS NULL OR created_at IS NULL) AS unkeyed;

-- step: restored_keys
-- The keys that the touched events get back: those of the snapshot, or of the newest
-- row where there was none. What was seen since of their content stays known.
CREATE OR REPLACE TABLE ${dedup_restored}
OPTIONS (expiration_timestamp = @expires_at)
AS
WITH keyed AS (
  SELECT event_id, bucket, created_at, event_inserted_at, bq_ingested_timestamp, content_hash, identity_hash
  FROM ${keys_snapshot}
  WHERE event_id IN (SELECT event_id FROM ${dedup_rows} WHERE event_id IS NOT NULL)
),
unkeyed AS (
  SELECT
    r.event_id, k.bucket, r.created_at, r.event_inserted_at, r.bq_ingested_timestamp,
    CAST(NULL AS INT64) AS content_hash,
    r.verdict.identity_hash AS identity_hash,
    ROW_NUMBER() OVER (
      PARTITION BY r.event_id
      ORDER BY
        IFNULL(r.event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00') DESC,
        IFNULL(r.bq_ingested_timestamp, TIMESTAMP '0001-01-01 00:00:00+00') DESC,
        r.created_at
    ) AS newest
  FROM ${dedup_rows} AS r
  JOIN ${tracks_keys} AS k ON k.event_id = r.event_id
  WHERE r.created_at IS NOT NULL AND r.event_id NOT IN (SELECT event_id FROM keyed)
),
restored AS (
  SELECT * FROM keyed
  UNION ALL
  SELECT * EXCEPT (newest) FROM unkeyed WHERE newest = 1
)
SELECT
  r.event_id, r.bucket, r.created_at,
  IF(k.event_id IS NULL, r.event_inserted_at, k.event_inserted_at) AS event_inserted_at,
  IF(k.event_id IS NULL, r.bq_ingested_timestamp, k.bq_ingested_timestamp) AS bq_ingested_timestamp,
  r.content_hash, r.identity_hash
FROM restored AS r
LEFT JOIN ${tracks_keys} AS k
  ON k.event_id = r.event_id
  AND k.content_hash = r.content_hash
  AND (
    IFNULL(k.event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00')
      > IFNULL(r.event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00')
    OR (
      IFNULL(k.event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00')
        = IFNULL(r.event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00')
      AND IFNULL(k.bq_ingested_timestamp, TIMESTAMP '0001-01-01 00:00:00+00')
        > IFNULL(r.bq_ingested_timestamp, TIMESTAMP '0001-01-01 00:00:00+00')
    )
  );

-- step: restore_remove
DELETE FROM ${tracks} AS t
WHERE (${touched_ranges}) AND t.event_id IN (SELECT event_id FROM ${dedup_events});

-- step: restore_insert
INSERT INTO ${tracks} (
  event_id, created_at, event_name, user_id, person_id, session_id,
  active_feature_flags, feature_flags_values, lib_values,
  device_model, device_type, device_os, ip_address, client,
  geoip_city_name, geoip_continent_name, geoip_continent_code,
  geoip_country_name, geoip_country_code, geoip_time_zone,
  app_version, locale, event_payload, bq_ingested_timestamp, event_inserted_at
)
SELECT
  r.event_id, r.created_at, r.event_name, r.user_id, r.person_id, r.session_id,
  r.active_feature_flags, r.feature_flags_values, r.lib_values,
  r.device_model, r.device_type, r.device_os, r.ip_address, r.client,
  r.geoip_city_name, r.geoip_continent_name, r.geoip_continent_code,
  r.geoip_country_name, r.geoip_country_code, r.geoip_time_zone,
  r.app_version, r.locale, r.event_payload, r.bq_ingested_timestamp, r.event_inserted_at
FROM ${dedup_rows} AS r;

-- step: restore_remove_keys
DELETE FROM ${tracks_keys} WHERE event_id IN (SELECT event_id FROM ${dedup_restored});

-- step: restore_keys
INSERT INTO ${tracks_keys} (
  event_id, bucket, created_at, event_inserted_at, bq_ingested_timestamp, content_hash, identity_hash
)
SELECT event_id, bucket, created_at, event_inserted_at, bq_ingested_timestamp, content_hash, identity_hash
FROM ${dedup_restored};

-- step: restore_rejects
DELETE FROM ${merge_rejects} WHERE source_object = @source_object AND source_generation = @source_generation;

-- step: verify_restored
SELECT IF(
  (
    SELECT COUNT(*)
    FROM (
      SELECT FARM_FINGERPRINT(TO_JSON_STRING(t)) AS content, COUNT(*) AS n
      FROM ${tracks} AS t
      WHERE (${touched_ranges} OR t.created_at IS NULL)
        AND (t.event_id IS NULL OR t.created_at IS NULL OR t.event_id IN (SELECT event_id FROM ${dedup_events}))
      GROUP BY content
    ) AS f
    FULL JOIN (
      SELECT FARM_FINGERPRINT(TO_JSON_STRING(t)) AS content, COUNT(*) AS n
      FROM (SELECT * EXCEPT (verdict) FROM ${dedup_rows}) AS t
      GROUP BY content
    ) AS e ON e.content = f.content
    WHERE e.content IS NULL OR f.content IS NULL OR e.n != f.n
  ) = 0,
  'ok',
  ERROR('law: the events of the dedup must have the rows of the snapshot, but they have others')
);

-- step: size
SELECT COUNT(*) AS row_count FROM ${tracks};

-- step: record
SELECT
  snapshot, rows_before, fence_before, fingerprint_before, expires_at, ordered_at, approved,
  rows_after, removed, rejected, rewritten, keys_mended,
  applied_at IS NOT NULL AS applied, rolled_back_at IS NOT NULL AS rolled_back, dropped_at IS NOT NULL AS dropped
FROM ${tracks_dedups}
WHERE dedup_id = @id;

-- step: expired
-- Dedups whose snapshots' time is over. BigQuery drops those by itself.
SELECT dedup_id, ordered_at FROM ${tracks_dedups} WHERE dropped_at IS NULL AND expires_at <= CURRENT_TIMESTAMP();

-- step: record_snapshot
INSERT INTO ${tracks_dedups} (
  dedup_id, workflow_id, approved, days, ordered_at, snapshot, rows_before, fence_before, fingerprint_before, expires_at
)
SELECT
  @id, @workflow_id, @approved, PARSE_JSON(@days), @ordered_at, @snapshot, @rows_before, @fence_before, @fingerprint_before, @expires_at
FROM (SELECT 1 AS one)
WHERE NOT EXISTS (SELECT 1 FROM ${tracks_dedups} WHERE dedup_id = @id);

-- step: record_applied
UPDATE ${tracks_dedups}
SET rows_after = @rows_after, removed = @removed, rejected = @rejected, rewritten = @rewritten,
  keys_mended = @keys_mended, applied_at = CURRENT_TIMESTAMP()
WHERE dedup_id = @id;

-- step: record_verified
UPDATE ${tracks_dedups} SET verified_at = CURRENT_TIMESTAMP() WHERE dedup_id = @id;

-- step: record_rolled_back
UPDATE ${tracks_dedups} SET rolled_back_at = CURRENT_TIMESTAMP() WHERE dedup_id = @id;

-- step: record_dropped
UPDATE ${tracks_dedups} SET dropped_at = CURRENT_TIMESTAMP() WHERE dedup_id = @id;
