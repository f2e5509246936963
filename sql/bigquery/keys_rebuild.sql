-- Rebuilds tracks_keys beside itself, slice by slice, and then replaces it. No merge
-- runs meanwhile: merge.sql refuses, and whoever wrote tracks all the same has moved
-- the fence, which the last step sees.
--
-- Which keys there are and where their rows lie, tracks itself says. What their
-- content is and which deliveries were seen that changed nothing, raw_tracks says, as
-- far as it still holds them. Content that nobody knows is NULL: the next newer
-- delivery then writes the row, whether it differs or not.

-- step: unfinished
SELECT rebuild_id, slice, source, begins, ends, rows_planned, done_at IS NOT NULL AS done, fence
FROM ${tracks_keys_slices}
WHERE swapped_at IS NULL
ORDER BY slice;

-- step: fence_now
SELECT IFNULL(MAX(seq), 0) AS fence FROM ${write_fence};

-- step: drop_next
DROP TABLE IF EXISTS ${tracks_keys_next};

-- step: create_next
-- As tracks_keys, with the stamps of the row in tracks beside those of the newest
-- delivery: by them raw_tracks tells which content the row has.
CREATE TABLE ${tracks_keys_next} (
  event_id              STRING,
  bucket                INT64,
  created_at            TIMESTAMP,
  event_inserted_at     TIMESTAMP,
  bq_ingested_timestamp TIMESTAMP,
  content_hash          INT64,
  identity_hash         INT64,
  row_inserted_at       TIMESTAMP,
  row_ingested_at       TIMESTAMP
)
PARTITION BY RANGE_BUCKET(bucket, GENERATE_ARRAY(0, 9064, 1))
CLUSTER BY event_id;

-- step: discard
DELETE FROM ${tracks_keys_slices} WHERE swapped_at IS NULL;

-- step: begin
BEGIN TRANSACTION;

-- step: fence
SELECT IF(
  (SELECT MAX(seq) FROM ${write_fence}) = @fence,
  'ok',
  ERROR('law: nobody may write tracks while its keys are rebuilt, but somebody has')
);

-- step: move_fence
UPDATE ${write_fence} SET seq = @fence + 1 WHERE TRUE;

-- step: forget
DELETE FROM ${tracks_keys_slices} WHERE swapped_at IS NOT NULL;

-- step: plan
-- Whole days, which are what partitions are, as many to a slice as fit. First all of
-- tracks, then raw_tracks. An empty tracks is one empty slice, so that every rebuild
-- has something to swap.
INSERT INTO ${tracks_keys_slices} (rebuild_id, slice, source, begins, ends, rows_planned, fence)
WITH days AS (
  SELECT 'tracks' AS source, TIMESTAMP_TRUNC(created_at, DAY) AS day, COUNT(*) AS n
  FROM ${tracks}
  WHERE created_at IS NOT NULL
  GROUP BY day
  UNION ALL
  SELECT 'raw_tracks' AS source, TIMESTAMP_TRUNC(window_start, DAY) AS day, COUNT(*) AS n
  FROM ${raw_tracks}
  WHERE window_start IS NOT NULL
  GROUP BY day
  UNION ALL
  SELECT 'tracks' AS source, TIMESTAMP '1970-01-01 00:00:00+00' AS day, 0 AS n
  FROM (SELECT COUNT(*) AS have FROM ${tracks}) AS counted
  WHERE have = 0
),
parts AS (
  SELECT source, day, n, CAST(FLOOR((SUM(n) OVER (PARTITION BY source ORDER BY day) - n) / @slice_rows) AS INT64) AS part
  FROM days
)
SELECT
  @rebuild_id,
  ROW_NUMBER() OVER (ORDER BY source DESC, part) - 1,
  source,
  MIN(day),
  TIMESTAMP_ADD(MAX(day), INTERVAL 1 DAY),
  SUM(n),
  @fence + 1
FROM parts
GROUP BY source, part;

-- step: slice
SELECT source, begins, ends, rows_planned, done_at IS NOT NULL AS done, fence, outcome
FROM ${tracks_keys_slices}
WHERE rebuild_id = @rebuild_id AND slice = @slice AND swapped_at IS NULL;

-- step: rows
-- The newest row of each event in the slice stands for it, by the order in which
-- deliveries count; of the same delivery the one with the earliest created_at.
CREATE OR REPLACE TABLE ${slice_rows}
OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 48 HOUR))
AS
WITH ranked AS (
  SELECT
    event_id, created_at, event_inserted_at, bq_ingested_timestamp, event_name, user_id,
    IFNULL(event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00') AS inserted_order,
    IFNULL(bq_ingested_timestamp, TIMESTAMP '0001-01-01 00:00:00+00') AS ingested_order,
    COUNT(*) OVER (PARTITION BY event_id) AS copies,
    ROW_NUMBER() OVER (
      PARTITION BY event_id
      ORDER BY
        IFNULL(event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00') DESC,
        IFNULL(bq_ingested_timestamp, TIMESTAMP '0001-01-01 00:00:00+00') DESC,
        created_at
    ) AS newest
  FROM ${tracks}
  WHERE created_at >= @begins AND created_at < @ends AND event_id IS NOT NULL
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
  created_at, event_inserted_at, bq_ingested_timestamp, inserted_order, ingested_order, copies,
  CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(CONCAT(
    CAST(LENGTH(IFNULL(event_name, '')) AS STRING), ':', IFNULL(event_name, ''), IFNULL(user_id, '')
  ))), 1, 15)) AS INT64) AS identity_hash
FROM ranked
WHERE newest = 1;

-- step: row_buckets
SELECT ARRAY(SELECT DISTINCT bucket FROM ${slice_rows} ORDER BY bucket) AS buckets;

-- step: rivals
-- Keys that earlier slices made of other rows of the same events: duplicates.
CREATE OR REPLACE TABLE ${slice_rivals}
OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 48 HOUR))
AS
SELECT
  k.event_id,
  s.inserted_order > IFNULL(k.event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00')
  OR (
    s.inserted_order = IFNULL(k.event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00')
    AND s.ingested_order > IFNULL(k.bq_ingested_timestamp, TIMESTAMP '0001-01-01 00:00:00+00')
  ) AS is_beaten
FROM ${tracks_keys_next} AS k
JOIN ${slice_rows} AS s ON s.event_id = k.event_id
WHERE k.bucket IN (${buckets});

-- step: count
SELECT
  (SELECT COUNT(*) FROM ${tracks} WHERE created_at >= @begins AND created_at < @ends) AS row_count,
  (SELECT COUNT(*) FROM ${tracks} WHERE created_at >= @begins AND created_at < @ends AND event_id IS NULL) AS unkeyed,
  (SELECT COUNT(*) FROM ${slice_rows}) AS events,
  (SELECT COUNT(*) FROM ${slice_rivals}) AS rivals,
  (SELECT COUNT(*) FROM ${slice_rivals} WHERE is_beaten) AS beaten;

-- step: sample
SELECT event_id FROM (
  SELECT event_id FROM ${slice_rows} WHERE copies > 1
  UNION DISTINCT
  SELECT event_id FROM ${slice_rivals}
) AS both_kinds
ORDER BY event_id
LIMIT ${sample_size};

-- step: claim
-- A slice is done once, and no more when its rebuild is over.
SELECT IF(
  (SELECT COUNT(*) FROM ${tracks_keys_slices}
   WHERE rebuild_id = @rebuild_id AND slice = @slice AND done_at IS NULL AND swapped_at IS NULL) = 1,
  'ok',
  ERROR('law: a slice must be done once, but it is done already or its rebuild is over')
);

-- step: remove_beaten
DELETE FROM ${tracks_keys_next}
WHERE bucket IN (${buckets})
  AND event_id IN (SELECT event_id FROM ${slice_rivals} WHERE is_beaten);

-- step: insert_keys
INSERT INTO ${tracks_keys_next} (
  event_id, bucket, created_at, event_inserted_at, bq_ingested_timestamp,
  content_hash, identity_hash, row_inserted_at, row_ingested_at
)
SELECT
  s.event_id, s.bucket, s.created_at, s.event_inserted_at, s.bq_ingested_timestamp,
  CAST(NULL AS INT64), s.identity_hash, s.event_inserted_at, s.bq_ingested_timestamp
FROM ${slice_rows} AS s
WHERE NOT EXISTS (SELECT 1 FROM ${slice_rivals} AS r WHERE r.event_id = s.event_id AND NOT r.is_beaten);

-- step: deliveries
-- The deliveries of the slice that were merged.
CREATE OR REPLACE TABLE ${slice_deliveries}
OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 48 HOUR))
AS
SELECT
  r.event_id,
  COALESCE(
    CASE
      WHEN SUBSTR(r.event_id, 15, 1) = '7' AND r.event_id >= '016f5e66-e800' AND r.event_id < '02246af9-4800'
        THEN DIV(SAFE_CAST(CONCAT('0x', SUBSTR(r.event_id, 1, 8), SUBSTR(r.event_id, 10, 4)) AS INT64), 86400000) - 18262
    END,
    9000 + MOD(CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(r.event_id)), 1, 15)) AS INT64), 64)
  ) AS bucket,
  CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(
    CONCAT(CAST(LENGTH(r.event_name) AS STRING), ':', r.event_name, r.user_id)
  )), 1, 15)) AS INT64) AS identity_hash,
  r.event_inserted_at,
  r.bq_ingested_timestamp,
  r.content_hash
FROM ${raw_tracks} AS r
WHERE r.window_start >= @begins AND r.window_start < @ends
  AND r.created_at >= @cutover
  AND EXISTS (
    SELECT 1 FROM ${window_ledger} AS l
    WHERE l.window_start = r.window_start AND l.ingested_at = r.bq_ingested_timestamp AND l.status = 'merged'
  );

-- step: delivery_buckets
SELECT ARRAY(SELECT DISTINCT bucket FROM ${slice_deliveries} ORDER BY bucket) AS buckets;

-- step: learned
-- What the keys learn from them: of a newer delivery, or of their row's content. The
-- row has the content of the delivery with its stamps; of several, that counts which
-- counted in the merge.
CREATE OR REPLACE TABLE ${slice_learned}
OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 48 HOUR))
AS
WITH faced AS (
  SELECT
    k.event_id, k.bucket,
    k.content_hash AS known_content,
    k.event_inserted_at AS known_inserted,
    k.bq_ingested_timestamp AS known_ingested,
    IFNULL(k.event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00') AS known_inserted_order,
    IFNULL(k.bq_ingested_timestamp, TIMESTAMP '0001-01-01 00:00:00+00') AS known_ingested_order,
    d.event_inserted_at,
    d.bq_ingested_timestamp,
    IFNULL(d.event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00') AS inserted_order,
    IF(
      IFNULL(d.event_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00')
        = IFNULL(k.row_inserted_at, TIMESTAMP '0001-01-01 00:00:00+00')
      AND d.bq_ingested_timestamp = k.row_ingested_at,
      d.content_hash,
      NULL
    ) AS row_content
  FROM ${slice_deliveries} AS d
  JOIN ${tracks_keys_next} AS k ON k.event_id = d.event_id AND k.identity_hash = d.identity_hash
  WHERE k.bucket IN (${buckets})
),
ranked AS (
  SELECT
    *,
    MAX(row_content) OVER (PARTITION BY event_id) AS learned_content,
    ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY inserted_order DESC, bq_ingested_timestamp DESC) AS newest
  FROM faced
),
compared AS (
  SELECT
    *,
    inserted_order > known_inserted_order
      OR (inserted_order = known_inserted_order AND bq_ingested_timestamp > known_ingested_order) AS is_newer
  FROM ranked
  WHERE newest = 1
)
SELECT
  event_id, bucket,
  IF(is_newer, event_inserted_at, known_inserted) AS event_inserted_at,
  IF(is_newer, bq_ingested_timestamp, known_ingested) AS bq_ingested_timestamp,
  IFNULL(known_content, learned_content) AS content_hash
FROM compared
WHERE is_newer OR (known_content IS NULL AND learned_content IS NOT NULL);

-- step: count_learned
SELECT COUNT(*) AS learned FROM ${slice_learned};

-- step: learn
MERGE INTO ${tracks_keys_next} AS k
USING ${slice_learned} AS s
ON k.event_id = s.event_id AND k.bucket IN (${buckets})
WHEN MATCHED THEN UPDATE SET
  event_inserted_at = s.event_inserted_at,
  bq_ingested_timestamp = s.bq_ingested_timestamp,
  content_hash = s.content_hash;

-- step: finish
UPDATE ${tracks_keys_slices}
SET done_at = CURRENT_TIMESTAMP(), keys_written = @keys_written, outcome = @outcome
WHERE rebuild_id = @rebuild_id AND slice = @slice;

-- step: outcomes
SELECT outcome, swapped_at IS NOT NULL AS swapped, fence
FROM ${tracks_keys_slices}
WHERE rebuild_id = @rebuild_id
ORDER BY slice;

-- step: undated
-- Rows without created_at are in no slice. Tables of other makers may have some.
SELECT COUNT(*) AS undated FROM ${tracks} WHERE created_at IS NULL;

-- step: totals
SELECT
  (SELECT COUNT(*) FROM ${tracks} WHERE created_at IS NOT NULL) AS row_count,
  (SELECT COUNT(*) FROM ${tracks_keys_next}) AS key_count;

-- step: remove_keys
DELETE FROM ${tracks_keys} WHERE TRUE;

-- step: insert_all
INSERT INTO ${tracks_keys} (
  event_id, bucket, created_at, event_inserted_at, bq_ingested_timestamp, content_hash, identity_hash
)
SELECT event_id, bucket, created_at, event_inserted_at, bq_ingested_timestamp, content_hash, identity_hash
FROM ${tracks_keys_next};

-- step: swapped
UPDATE ${tracks_keys_slices} SET swapped_at = CURRENT_TIMESTAMP() WHERE rebuild_id = @rebuild_id;

-- step: commit
COMMIT TRANSACTION;
