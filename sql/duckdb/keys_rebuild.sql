-- Rebuilds tracks_keys beside itself, slice by slice, each in a transaction of its
-- own, and then swaps the tables. No merge runs meanwhile: merge.sql refuses.
--
-- Which keys there are, where their rows lie and what their content is, tracks
-- itself says. What it cannot say is which deliveries were seen that changed
-- nothing; those of them that raw_tracks still holds are looked up there.

-- step: unfinished
SELECT rebuild_id, slice, source, begins, ends, rows_planned, done_at IS NOT NULL
FROM ${tracks_keys_slices}
WHERE swapped_at IS NULL
ORDER BY slice;

-- step: forget
DELETE FROM ${tracks_keys_slices} WHERE swapped_at IS NOT NULL;

-- step: discard
DELETE FROM ${tracks_keys_slices} WHERE swapped_at IS NULL;

-- step: drop_next
DROP TABLE IF EXISTS ${tracks_keys_next};

-- step: plan
-- Whole hours, as many to a slice as fit. First all of tracks, then raw_tracks. An
-- empty tracks is one empty slice, so that every rebuild has something to swap.
INSERT INTO ${tracks_keys_slices} (rebuild_id, slice, source, begins, ends, rows_planned)
WITH hours AS (
  SELECT 'tracks' AS source, CAST(FLOOR(epoch_us(created_at) / 3600000000) AS BIGINT) AS hour, COUNT(*) AS n
  FROM ${tracks}
  WHERE created_at IS NOT NULL
  GROUP BY ALL
  UNION ALL
  SELECT 'raw_tracks', CAST(FLOOR(epoch_us(window_start) / 3600000000) AS BIGINT), COUNT(*)
  FROM ${raw_tracks}
  GROUP BY ALL
  UNION ALL
  SELECT 'tracks', 0, 0 WHERE NOT EXISTS (SELECT 1 FROM ${tracks})
),
parts AS (
  SELECT *, CAST(SUM(n) OVER (PARTITION BY source ORDER BY hour) - n AS BIGINT) // @slice_rows AS part
  FROM hours
)
SELECT
  @rebuild_id,
  ROW_NUMBER() OVER (ORDER BY source DESC, part) - 1,
  source,
  make_timestamptz(MIN(hour) * 3600000000),
  make_timestamptz((MAX(hour) + 1) * 3600000000),
  SUM(n)
FROM parts
GROUP BY source, part;

-- step: slice
SELECT source, begins, ends, rows_planned, done_at IS NOT NULL, outcome::VARCHAR
FROM ${tracks_keys_slices}
WHERE rebuild_id = @rebuild_id AND slice = @slice AND swapped_at IS NULL;

-- step: rows
-- The newest row of each event in the slice stands for it, by the order in which
-- deliveries count; of the same delivery the one with the earliest created_at.
CREATE OR REPLACE TEMP TABLE slice_rows AS
SELECT
  event_id,
  event_bucket(event_id) AS bucket,
  created_at,
  IFNULL(event_inserted_at, TIMESTAMPTZ '-infinity') AS inserted_order,
  IFNULL(bq_ingested_timestamp, TIMESTAMPTZ '-infinity') AS ingested_order,
  event_inserted_at,
  bq_ingested_timestamp,
  content_hash(IFNULL(event_name, ''), IFNULL(user_id, ''), person_id, event_payload) AS content_hash,
  identity_hash(IFNULL(event_name, ''), IFNULL(user_id, '')) AS identity_hash,
  COUNT(*) OVER (PARTITION BY event_id) AS copies
FROM ${tracks}
WHERE created_at >= @begins AND created_at < @ends AND event_id IS NOT NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY event_id
  ORDER BY inserted_order DESC, ingested_order DESC, content_hash DESC, created_at
) = 1;

-- step: rivals
-- Keys that earlier slices made of other rows of the same events: duplicates.
CREATE OR REPLACE TEMP TABLE slice_rivals AS
WITH near AS MATERIALIZED (
  SELECT rowid AS key_row, * FROM ${tracks_keys_next}
  WHERE bucket IN (SELECT bucket FROM slice_rows WHERE length(event_id) > 0)
)
SELECT
  k.key_row, k.event_id,
  (s.inserted_order, s.ingested_order, s.content_hash) > (
    IFNULL(k.event_inserted_at, TIMESTAMPTZ '-infinity'),
    IFNULL(k.bq_ingested_timestamp, TIMESTAMPTZ '-infinity'),
    k.content_hash
  ) AS is_beaten
FROM near AS k
JOIN slice_rows AS s ON s.event_id = k.event_id;

-- step: remove_beaten
DELETE FROM ${tracks_keys_next} WHERE rowid IN (SELECT key_row FROM slice_rivals WHERE is_beaten);

-- step: insert_keys
INSERT INTO ${tracks_keys_next}
SELECT
  event_id, bucket, created_at, event_inserted_at, bq_ingested_timestamp,
  bq_ingested_timestamp, content_hash, identity_hash
FROM slice_rows
WHERE event_id NOT IN (SELECT event_id FROM slice_rivals WHERE NOT is_beaten)
ORDER BY bucket;

-- step: count
SELECT
  (SELECT COUNT(*) FROM ${tracks} WHERE created_at >= @begins AND created_at < @ends),
  (SELECT COUNT(*) FROM ${tracks} WHERE created_at >= @begins AND created_at < @ends AND event_id IS NULL);

-- step: sample
SELECT event_id FROM (
  SELECT event_id FROM slice_rows WHERE copies > 1
  UNION
  SELECT event_id FROM slice_rivals
)
ORDER BY event_id
LIMIT @sample_size;

-- step: deliveries
-- The newest delivery of each event in the slice, of those that were merged.
CREATE OR REPLACE TEMP TABLE slice_deliveries AS
SELECT
  event_id,
  event_bucket(event_id) AS bucket,
  identity_hash(event_name, user_id) AS identity_hash,
  IFNULL(event_inserted_at, TIMESTAMPTZ '-infinity') AS inserted_order,
  event_inserted_at,
  bq_ingested_timestamp
FROM ${raw_tracks}
WHERE window_start >= @begins AND window_start < @ends
  AND created_at >= @cutover
  AND (window_start, bq_ingested_timestamp) IN (
    SELECT (window_start, ingested_at) FROM ${window_ledger} WHERE status = 'merged'
  )
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY event_id, identity_hash
  ORDER BY inserted_order DESC, bq_ingested_timestamp DESC
) = 1;

-- step: fresher
-- Keys that have seen a newer delivery than the one in tracks.
CREATE OR REPLACE TEMP TABLE slice_fresher AS
WITH near AS MATERIALIZED (
  SELECT rowid AS key_row, * FROM ${tracks_keys_next}
  WHERE bucket IN (SELECT bucket FROM slice_deliveries WHERE length(event_id) > 0)
)
SELECT
  k.key_row, k.event_id, k.bucket, k.created_at, d.event_inserted_at, d.bq_ingested_timestamp,
  k.row_ingested_at, k.content_hash, k.identity_hash
FROM near AS k
JOIN slice_deliveries AS d ON d.event_id = k.event_id AND d.identity_hash = k.identity_hash
WHERE (d.inserted_order, d.bq_ingested_timestamp) > (
  IFNULL(k.event_inserted_at, TIMESTAMPTZ '-infinity'),
  IFNULL(k.bq_ingested_timestamp, TIMESTAMPTZ '-infinity')
);

-- step: remove_stale
DELETE FROM ${tracks_keys_next} WHERE rowid IN (SELECT key_row FROM slice_fresher);

-- step: insert_fresher
INSERT INTO ${tracks_keys_next}
SELECT * EXCLUDE (key_row) FROM slice_fresher ORDER BY bucket;

-- step: finish
UPDATE ${tracks_keys_slices}
SET done_at = @done_at, keys_written = @keys_written, outcome = @outcome::JSON
WHERE rebuild_id = @rebuild_id AND slice = @slice AND done_at IS NULL AND swapped_at IS NULL;

-- step: outcomes
SELECT outcome::VARCHAR, swapped_at IS NOT NULL
FROM ${tracks_keys_slices}
WHERE rebuild_id = @rebuild_id
ORDER BY slice;

-- step: undated
-- Rows without created_at are in no slice. Tables of other makers may have some.
SELECT COUNT(*) FROM ${tracks} WHERE created_at IS NULL;

-- step: totals
SELECT
  (SELECT COUNT(*) FROM ${tracks} WHERE created_at IS NOT NULL),
  (SELECT COUNT(*) FROM ${tracks_keys_next});

-- step: drop_keys
DROP TABLE ${tracks_keys};

-- step: rename_next
ALTER TABLE ${tracks_keys_next} RENAME TO ${tracks_keys_name};

-- step: swapped
UPDATE ${tracks_keys_slices} SET swapped_at = @swapped_at WHERE rebuild_id = @rebuild_id AND swapped_at IS NULL;

-- step: drop_rows
DROP TABLE IF EXISTS slice_rows;

-- step: drop_rivals
DROP TABLE IF EXISTS slice_rivals;

-- step: drop_deliveries
DROP TABLE IF EXISTS slice_deliveries;

-- step: drop_fresher
DROP TABLE IF EXISTS slice_fresher;
