-- Merges one loaded window into tracks, in one transaction with tracks_keys,
-- merge_rejects and the ledger.
--
-- Deliveries of one event are ordered by event_inserted_at (NULL lowest), then by
-- the load's stamp, then by content_hash. The first decides created_at, event_name
-- and user_id; the newest decides everything else. The result does not depend on
-- the order in which windows are merged, created_at and collisions aside.
--
-- What this reads grows with the number of re-deliveries more than with tracks. It
-- finds keys by bucket and rows by (load, created_at): columns that DuckDB can filter
-- without reading the others. It filters them by a Bloom filter of the list they are
-- joined with, which it sizes by the rows of that list and which lets one row in some
-- hundreds through by mistake: of 50 million, some for every block of every other
-- column. A list that says everything several times gets a filter that lets almost
-- none through, and that is all that range(${..._repeats}) is there for.

-- step: guard
-- Keys of another event_bucket would never be found, so they are none. One key tells:
-- they are all of one kind.
SELECT
  EXISTS (SELECT 1 FROM ${tracks}) AS has_rows,
  IFNULL((SELECT bucket = event_bucket(event_id) FROM ${tracks_keys} LIMIT 1), FALSE) AS has_keys,
  EXISTS (SELECT 1 FROM ${tracks_keys_slices} WHERE swapped_at IS NULL) AS rebuilding,
  (SELECT COUNT(*) FROM ${raw_tracks}
   WHERE window_start = @window AND bq_ingested_timestamp = @ingested_at) AS loaded;

-- step: batch
-- The window's deliveries, narrow: everything but the columns that only get copied.
CREATE OR REPLACE TEMP TABLE merge_batch AS
SELECT
  rowid AS raw_row,
  event_id,
  event_bucket(event_id) AS bucket,
  created_at,
  IFNULL(event_inserted_at, TIMESTAMPTZ '-infinity') AS inserted_order,
  event_inserted_at,
  bq_ingested_timestamp,
  content_hash,
  identity_hash(event_name, user_id) AS identity_hash
FROM ${raw_tracks}
WHERE window_start = @window AND created_at >= @cutover;

-- step: known
-- The keys these events have already. The subquery's filter is always true; it is
-- there because DuckDB hands a filtered list of buckets down to the scan, which
-- then skips all other columns wherever no bucket of the batch is.
CREATE OR REPLACE TEMP TABLE merge_known AS
WITH near AS MATERIALIZED (
  SELECT rowid AS key_row, * FROM ${tracks_keys}
  WHERE bucket IN (SELECT bucket FROM merge_batch CROSS JOIN range(${batch_repeats}) WHERE length(event_id) > 0)
)
SELECT * FROM near WHERE event_id IN (SELECT event_id FROM merge_batch);

-- step: classify
-- What becomes of each delivery. "advanced" is an unchanged delivery that is newer
-- than the one tracks_keys knew: tracks stays as it is, tracks_keys remembers it.
CREATE OR REPLACE TEMP TABLE merge_verdict AS
WITH faced AS (
  SELECT
    b.*,
    k.key_row,
    k.created_at AS known_created_at,
    k.row_ingested_at AS known_row_ingested_at,
    k.content_hash AS known_content,
    IFNULL(k.event_inserted_at, TIMESTAMPTZ '-infinity') AS known_inserted_order,
    IFNULL(k.bq_ingested_timestamp, TIMESTAMPTZ '-infinity') AS known_ingested,
    b.identity_hash <> IFNULL(k.identity_hash, FIRST_VALUE(b.identity_hash) OVER (
      PARTITION BY b.event_id
      ORDER BY b.inserted_order, b.bq_ingested_timestamp, b.content_hash, b.created_at
    )) AS collides
  FROM merge_batch AS b
  LEFT JOIN merge_known AS k ON k.event_id = b.event_id
),
ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY event_id, collides
      ORDER BY inserted_order DESC, bq_ingested_timestamp DESC, content_hash DESC, created_at DESC, raw_row DESC
    ) AS newest,
    FIRST_VALUE(created_at) OVER (
      PARTITION BY event_id, collides
      ORDER BY inserted_order, bq_ingested_timestamp, content_hash, created_at
    ) AS first_created_at
  FROM faced
)
SELECT
  raw_row, event_id, bucket, event_inserted_at, bq_ingested_timestamp, content_hash, identity_hash,
  key_row, known_row_ingested_at,
  IFNULL(known_created_at, first_created_at) AS created_at,
  CASE
    WHEN collides THEN 'collided'
    WHEN newest > 1 THEN 'unchanged'
    WHEN key_row IS NULL THEN 'inserted'
    WHEN (inserted_order, bq_ingested_timestamp, content_hash) <= (known_inserted_order, known_ingested, IFNULL(known_content, 0)) THEN 'unchanged'
    WHEN content_hash = known_content THEN 'advanced'
    ELSE 'updated'
  END AS outcome
FROM ranked;

-- step: count
SELECT
  COUNT(*) FILTER (outcome = 'inserted') AS inserted,
  COUNT(*) FILTER (outcome = 'updated') AS updated,
  COUNT(*) FILTER (outcome = 'unchanged') AS unchanged,
  COUNT(*) FILTER (outcome = 'advanced') AS advanced,
  COUNT(*) FILTER (outcome = 'collided') AS collided,
  (SELECT COUNT(*) FROM ${raw_tracks} WHERE window_start = @window AND created_at < @cutover) AS before_cutover
FROM merge_verdict;

-- step: days
-- The days of tracks that change.
SELECT
  strftime(created_at, '%Y-%m-%d') AS day,
  COUNT(*) FILTER (outcome = 'inserted') AS inserted,
  COUNT(*) FILTER (outcome = 'updated') AS updated
FROM merge_verdict
WHERE outcome IN ('inserted', 'updated')
GROUP BY day
ORDER BY day;

-- step: events
-- A key more than there are events would be a duplicate.
SELECT
  (SELECT COUNT(DISTINCT event_id) FROM merge_batch) AS events,
  (SELECT COUNT(*) FROM merge_known) AS known;

-- step: changed_loads
-- The loads that wrote the rows to change; becomes a list of literals below.
SELECT DISTINCT known_row_ingested_at FROM merge_verdict WHERE outcome = 'updated' ORDER BY ALL;

-- step: remove_changed
-- A row that changes is deleted and inserted again: DuckDB's UPDATE would rewrite
-- every row group it touches. A load's rows lie together, so its literals leave few
-- row groups to look into. IS TRUE keeps event_id, which is wide, out of the join's
-- key: it is read only where created_at agrees. A row that older tools wrote twice
-- goes with its twins; their other duplicates stay for a dedup.
DELETE FROM ${tracks} AS t
USING (
  SELECT IF(n = 0, event_id, NULL) AS event_id, created_at, known_row_ingested_at, identity_hash
  FROM merge_verdict CROSS JOIN range(${changed_repeats}) AS repeats(n)
  WHERE outcome = 'updated'
) AS v
WHERE (${changed_loads})
  AND t.created_at = v.created_at
  AND (t.event_id = v.event_id) IS TRUE
  AND (t.bq_ingested_timestamp IS NOT DISTINCT FROM v.known_row_ingested_at) IS TRUE
  AND (identity_hash(t.event_name, t.user_id) = v.identity_hash) IS TRUE;

-- step: insert_rows
INSERT INTO ${tracks}
SELECT
  r.event_id, v.created_at, r.event_name, r.user_id, r.person_id, r.session_id,
  r.active_feature_flags, r.feature_flags_values, r.lib_values,
  r.device_model, r.device_type, r.device_os, r.ip_address, r.client,
  r.geoip_city_name, r.geoip_continent_name, r.geoip_continent_code,
  r.geoip_country_name, r.geoip_country_code, r.geoip_time_zone,
  r.app_version, r.locale, r.event_payload, r.bq_ingested_timestamp, r.event_inserted_at
FROM ${raw_tracks} AS r
JOIN merge_verdict AS v ON v.raw_row = r.rowid
WHERE r.window_start = @window AND v.outcome IN ('inserted', 'updated');

-- step: known_loads
-- The loads that wrote the known keys; becomes a list of literals below.
SELECT DISTINCT bq_ingested_timestamp FROM merge_known ORDER BY ALL;

-- step: remove_keys
-- A load's keys lie together as its rows do. All buckets of the batch, of which most
-- have no key to remove, make a better filter than the few.
DELETE FROM ${tracks_keys} AS k
USING (
  SELECT bucket, key_row, outcome FROM merge_verdict WHERE length(event_id) > 0
) AS v
WHERE (${known_loads})
  AND k.bucket = v.bucket
  AND (k.rowid = v.key_row AND v.outcome IN ('updated', 'advanced')) IS TRUE;

-- step: insert_keys
-- In the order of buckets, which keeps that column's runs long.
INSERT INTO ${tracks_keys}
SELECT
  event_id, bucket, created_at, event_inserted_at, bq_ingested_timestamp,
  IF(outcome = 'advanced', known_row_ingested_at, bq_ingested_timestamp),
  content_hash, identity_hash
FROM merge_verdict
WHERE outcome IN ('inserted', 'updated', 'advanced')
ORDER BY bucket;

-- step: remove_rejects
-- Those of the same generations from an earlier merge; other generations' stay,
-- for a collided row may exist nowhere else any more.
DELETE FROM ${merge_rejects}
WHERE window_start = @window
  AND (source_object, source_generation) IN (
    SELECT DISTINCT (source_object, source_generation) FROM ${raw_tracks} WHERE window_start = @window
  );

-- step: insert_rejects
INSERT INTO ${merge_rejects}
SELECT
  r.window_start, r.source_object, r.source_generation, r.source_row, r.event_id,
  'collision', 'the event_id belongs to another event_name or user_id', to_json(r)
FROM ${raw_tracks} AS r
JOIN merge_verdict AS v ON v.raw_row = r.rowid
WHERE r.window_start = @window AND v.outcome = 'collided';

-- step: record
UPDATE ${window_ledger}
SET
  status = 'merged',
  rows_inserted = @inserted,
  rows_updated = @updated,
  rows_unchanged = @unchanged,
  rows_collided = @collided,
  rows_before_cutover = @before_cutover,
  merged_at = @merged_at
WHERE window_start = @window AND load_id = @load_id;

-- step: drop_verdict
DROP TABLE merge_verdict;

-- step: drop_known
DROP TABLE merge_known;

-- step: drop_batch
DROP TABLE merge_batch;
