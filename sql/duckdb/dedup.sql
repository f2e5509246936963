-- Makes tracks one row an event again: plans, applies, verifies and takes back.
-- ${source} is the table that is looked at: tracks, or tracks in a snapshot.
--
-- Deliveries of one event are ordered by event_inserted_at (NULL lowest), then by
-- the load's stamp (NULL lowest), then by content_hash. The first decides
-- created_at, event_name and user_id; the newest decides everything else.

-- step: fence
-- Where a table stands. Whatever is written to it moves one of the two.
SELECT
  COUNT(*) AS rows,
  CAST(IFNULL(SUM(hash(event_id, created_at, bq_ingested_timestamp, event_inserted_at)), 0) AS VARCHAR) AS fence
FROM ${source};

-- step: count
SELECT COUNT(*) AS rows FROM ${source};

-- step: guard
SELECT
  EXISTS (SELECT 1 FROM ${tracks_keys_slices} WHERE swapped_at IS NULL) AS rebuilding,
  EXISTS (SELECT 1 FROM ${tracks}) AND NOT EXISTS (SELECT 1 FROM ${tracks_keys}) AS missing;

-- step: events
-- The events with more than one row. Grouping hashes takes half the memory that
-- grouping ids would.
CREATE OR REPLACE TEMP TABLE dedup_events AS
WITH suspects AS MATERIALIZED (
  SELECT hash(event_id) AS suspect FROM ${source} WHERE event_id IS NOT NULL GROUP BY suspect HAVING COUNT(*) > 1
)
SELECT event_id
FROM ${source}
WHERE event_id IS NOT NULL AND hash(event_id) IN (SELECT suspect FROM suspects)
GROUP BY event_id
HAVING COUNT(*) > 1;

-- step: rows
-- Every row a dedup touches, whole, and where it is.
CREATE OR REPLACE TEMP TABLE dedup_rows AS
WITH touched AS (
  SELECT rowid AS tracks_row, * FROM ${source} WHERE event_id IN (SELECT event_id FROM dedup_events)
  UNION ALL
  SELECT rowid AS tracks_row, * FROM ${source} WHERE event_id IS NULL
)
SELECT * FROM touched;

-- step: verdict
-- What becomes of each row. "stays" rows are left where they are; "content" rows
-- are written again with the created_at of the first; all others go.
CREATE OR REPLACE TEMP TABLE dedup_verdict AS
WITH copies AS (
  SELECT
    tracks_row, event_id, created_at, event_inserted_at, bq_ingested_timestamp,
    IFNULL(event_inserted_at, TIMESTAMPTZ '-infinity') AS inserted_order,
    IFNULL(bq_ingested_timestamp, TIMESTAMPTZ '-infinity') AS ingested_order,
    content_hash(event_name, user_id, person_id, event_payload) AS content_hash,
    identity_hash(event_name, user_id) AS identity_hash
  FROM dedup_rows
),
faced AS (
  SELECT
    *,
    event_id IS NOT NULL AND identity_hash <> FIRST_VALUE(identity_hash) OVER (
      PARTITION BY event_id ORDER BY inserted_order, ingested_order, content_hash, created_at, tracks_row
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
      PARTITION BY event_id, collides
      ORDER BY inserted_order DESC, ingested_order DESC, content_hash DESC, created_at, tracks_row
    ) AS newest,
    ROW_NUMBER() OVER (
      PARTITION BY event_id, collides, inserted_order, ingested_order, content_hash ORDER BY created_at, tracks_row
    ) AS written
  FROM faced
  WINDOW oldest_first AS (
    PARTITION BY event_id, collides ORDER BY inserted_order, ingested_order, content_hash, created_at, tracks_row
  )
)
SELECT
  tracks_row, event_id, created_at, first_created_at,
  event_inserted_at, bq_ingested_timestamp, inserted_order, ingested_order, content_hash, identity_hash,
  CASE
    WHEN event_id IS NULL THEN 'no_key'
    WHEN collides THEN 'collided'
    WHEN nth = 1 THEN NULL
    WHEN written > 1 THEN 'double_run'
    WHEN (ingested_order < @cutover) <> (first_ingested < @cutover) THEN 'backfill'
    WHEN CAST(created_at AS DATE) <> CAST(first_created_at AS DATE) THEN 'across_days'
    ELSE 'same_day'
  END AS excess,
  CASE
    WHEN event_id IS NULL OR collides THEN 'rejected'
    WHEN newest > 1 THEN 'older'
    WHEN created_at = first_created_at THEN 'stays'
    ELSE 'content'
  END AS outcome
FROM ranked;

-- step: totals
SELECT
  (SELECT COUNT(*) FROM dedup_events) AS repeated,
  COUNT(*) FILTER (outcome = 'content') AS rewritten,
  COUNT(*) FILTER (outcome = 'rejected') AS rejected
FROM dedup_verdict;

-- step: days
SELECT
  strftime(created_at, '%Y-%m-%d') AS day,
  COUNT(*) FILTER (excess = 'no_key') AS no_key,
  COUNT(*) FILTER (excess = 'collided') AS collided,
  COUNT(*) FILTER (excess = 'double_run') AS double_run,
  COUNT(*) FILTER (excess = 'backfill') AS backfill,
  COUNT(*) FILTER (excess = 'across_days') AS across_days,
  COUNT(*) FILTER (excess = 'same_day') AS same_day
FROM dedup_verdict
WHERE excess IS NOT NULL
GROUP BY day
ORDER BY day;

-- step: day_rows
-- How many rows each day has. A time without a zone has its day without a look into
-- the calendar of one, which is ten times as fast.
SELECT strftime(day, '%Y-%m-%d') AS day, rows
FROM (SELECT CAST(make_timestamp(epoch_us(created_at)) AS DATE) AS day, COUNT(*) AS rows FROM ${source} GROUP BY ALL)
ORDER BY day;

-- step: count_snapshot
-- tracks as it was before the dedup.
CREATE OR REPLACE TEMP VIEW dedup_counted AS SELECT * FROM ${snapshot};

-- step: count_touched
-- The rows a dedup touches, as they were before it.
CREATE OR REPLACE TEMP VIEW dedup_counted AS SELECT * EXCLUDE (tracks_row) FROM dedup_rows;

-- step: count_kept
-- What a dedup leaves of the events it touches.
CREATE OR REPLACE TEMP VIEW dedup_counted AS
SELECT r.* EXCLUDE (tracks_row) REPLACE (v.first_created_at AS created_at)
FROM dedup_rows AS r
JOIN dedup_verdict AS v ON v.tracks_row = r.tracks_row
WHERE v.outcome IN ('stays', 'content');

-- step: count_all
CREATE OR REPLACE TEMP VIEW dedup_counted AS SELECT * FROM ${tracks};

-- step: checksums
-- One a column, each the XOR over rows, so that rows can be taken out of it as well as
-- put in. Each value is hashed with its event_id, so values that change places show:
-- hashed once more, since the engine puts two hashes together by an XOR of its own,
-- which takes the pair apart again. Rows that are equal cancel each other out, which as
-- many rows of as many events cannot.
SELECT
  COUNT(*) AS rows,
  IFNULL(BIT_XOR(id), 0) AS event_id,
  IFNULL(BIT_XOR(hash(hash(id, created_at))), 0) AS created_at,
  IFNULL(BIT_XOR(hash(hash(id, event_name))), 0) AS event_name,
  IFNULL(BIT_XOR(hash(hash(id, user_id))), 0) AS user_id,
  IFNULL(BIT_XOR(hash(hash(id, person_id))), 0) AS person_id,
  IFNULL(BIT_XOR(hash(hash(id, session_id))), 0) AS session_id,
  IFNULL(BIT_XOR(hash(hash(id, active_feature_flags))), 0) AS active_feature_flags,
  IFNULL(BIT_XOR(hash(hash(id, feature_flags_values))), 0) AS feature_flags_values,
  IFNULL(BIT_XOR(hash(hash(id, lib_values))), 0) AS lib_values,
  IFNULL(BIT_XOR(hash(hash(id, device_model))), 0) AS device_model,
  IFNULL(BIT_XOR(hash(hash(id, device_type))), 0) AS device_type,
  IFNULL(BIT_XOR(hash(hash(id, device_os))), 0) AS device_os,
  IFNULL(BIT_XOR(hash(hash(id, ip_address))), 0) AS ip_address,
  IFNULL(BIT_XOR(hash(hash(id, client))), 0) AS client,
  IFNULL(BIT_XOR(hash(hash(id, geoip_city_name))), 0) AS geoip_city_name,
  IFNULL(BIT_XOR(hash(hash(id, geoip_continent_name))), 0) AS geoip_continent_name,
  IFNULL(BIT_XOR(hash(hash(id, geoip_continent_code))), 0) AS geoip_continent_code,
  IFNULL(BIT_XOR(hash(hash(id, geoip_country_name))), 0) AS geoip_country_name,
  IFNULL(BIT_XOR(hash(hash(id, geoip_country_code))), 0) AS geoip_country_code,
  IFNULL(BIT_XOR(hash(hash(id, geoip_time_zone))), 0) AS geoip_time_zone,
  IFNULL(BIT_XOR(hash(hash(id, app_version))), 0) AS app_version,
  IFNULL(BIT_XOR(hash(hash(id, locale))), 0) AS locale,
  IFNULL(BIT_XOR(hash(hash(id, event_payload))), 0) AS event_payload,
  IFNULL(BIT_XOR(hash(hash(id, bq_ingested_timestamp))), 0) AS bq_ingested_timestamp,
  IFNULL(BIT_XOR(hash(hash(id, event_inserted_at))), 0) AS event_inserted_at
FROM (SELECT hash(event_id) AS id, * FROM dedup_counted);

-- step: affected
-- How many rows the touched events have, and how many of those are exactly what a
-- dedup leaves.
WITH kept AS (
  SELECT r.* EXCLUDE (tracks_row) REPLACE (v.first_created_at AS created_at)
  FROM dedup_rows AS r
  JOIN dedup_verdict AS v ON v.tracks_row = r.tracks_row
  WHERE v.outcome IN ('stays', 'content')
),
now AS (
  SELECT t.event_id, hash(t) AS content FROM ${tracks} AS t WHERE t.event_id IN (SELECT event_id FROM dedup_events)
)
SELECT
  (SELECT COUNT(*) FROM now) AS rows,
  (SELECT COUNT(*) FROM now JOIN (SELECT k.event_id, hash(k) AS content FROM kept AS k) AS k USING (event_id, content)) AS as_left,
  (SELECT COUNT(*) FROM ${tracks} WHERE event_id IS NULL) AS without_key;

-- step: distinct_hashes
-- Different hashes are different ids, so this many events there are at least.
SELECT COUNT(*) AS rows, COUNT(event_id) AS keyed, COUNT(DISTINCT hash(event_id)) AS hashes FROM ${tracks};

-- step: distinct_ids
-- The exact count, for when two ids have one hash.
SELECT COUNT(DISTINCT event_id) AS ids FROM ${tracks};

-- step: remove_rows
DELETE FROM ${tracks} WHERE rowid IN (SELECT tracks_row FROM dedup_verdict WHERE outcome <> 'stays');

-- step: copy_rows
-- The way over the whole table: all other rows into a new one, in the order they lie in.
INSERT INTO ${tracks_next}
SELECT * FROM ${tracks}
WHERE rowid NOT IN (SELECT tracks_row FROM dedup_verdict WHERE outcome <> 'stays')
ORDER BY rowid;

-- step: drop_tracks
DROP TABLE ${tracks};

-- step: rename_next
ALTER TABLE ${tracks_next} RENAME TO ${tracks_name};

-- step: insert_rows
INSERT INTO ${tracks}
SELECT
  r.event_id, v.first_created_at, r.event_name, r.user_id, r.person_id, r.session_id,
  r.active_feature_flags, r.feature_flags_values, r.lib_values,
  r.device_model, r.device_type, r.device_os, r.ip_address, r.client,
  r.geoip_city_name, r.geoip_continent_name, r.geoip_continent_code,
  r.geoip_country_name, r.geoip_country_code, r.geoip_time_zone,
  r.app_version, r.locale, r.event_payload, r.bq_ingested_timestamp, r.event_inserted_at
FROM dedup_rows AS r
JOIN dedup_verdict AS v ON v.tracks_row = r.tracks_row
WHERE v.outcome = 'content'
ORDER BY v.first_created_at;

-- step: insert_rejects
INSERT INTO ${merge_rejects}
SELECT
  date_trunc('hour', r.created_at), @source_object, @source_generation, r.tracks_row, IFNULL(r.event_id, ''),
  IF(r.event_id IS NULL, 'event_id_missing', 'collision'),
  IF(r.event_id IS NULL, 'the row has no event_id, so nothing can tell it from others', 'the event_id belongs to another event_name or user_id'),
  to_json(r)
FROM dedup_rows AS r
WHERE r.tracks_row IN (SELECT tracks_row FROM dedup_verdict WHERE outcome = 'rejected');

-- step: seen
-- What tracks_keys knew of the touched events: the newest delivery of the content
-- that stays, which can be newer than the row.
CREATE OR REPLACE TEMP TABLE dedup_keys AS
WITH kept AS (
  SELECT * FROM dedup_verdict WHERE outcome IN ('stays', 'content')
),
seen AS (
  SELECT event_id, content_hash, event_inserted_at, bq_ingested_timestamp
  FROM ${tracks_keys}
  WHERE event_id IN (SELECT event_id FROM dedup_events)
  UNION ALL
  SELECT event_id, content_hash, event_inserted_at, bq_ingested_timestamp FROM kept
)
SELECT
  k.event_id, event_bucket(k.event_id) AS bucket, k.first_created_at AS created_at,
  s.event_inserted_at, s.bq_ingested_timestamp,
  k.bq_ingested_timestamp AS row_ingested_at,
  k.content_hash, k.identity_hash
FROM kept AS k
JOIN seen AS s ON s.event_id = k.event_id AND s.content_hash = k.content_hash
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY k.event_id ORDER BY s.event_inserted_at DESC NULLS LAST, s.bq_ingested_timestamp DESC NULLS LAST
) = 1;

-- step: remove_keys
DELETE FROM ${tracks_keys} WHERE event_id IN (SELECT event_id FROM dedup_events);

-- step: insert_keys
INSERT INTO ${tracks_keys}
SELECT event_id, bucket, created_at, event_inserted_at, bq_ingested_timestamp, row_ingested_at, content_hash, identity_hash
FROM dedup_keys
ORDER BY bucket;

-- step: keys_agree
-- Whether every row has its one key.
SELECT
  (SELECT (COUNT(*), SUM(hash(event_id, created_at, bq_ingested_timestamp))) FROM ${tracks})
  IS NOT DISTINCT FROM
  (SELECT (COUNT(*), SUM(hash(event_id, created_at, row_ingested_at))) FROM ${tracks_keys}) AS agree;

-- step: remove_wrong_keys
-- Those without a row, and all but one of those with the same row.
DELETE FROM ${tracks_keys}
WHERE rowid NOT IN (
  SELECT MIN(k.rowid)
  FROM ${tracks_keys} AS k
  JOIN ${tracks} AS t
    ON t.event_id = k.event_id
    AND t.created_at = k.created_at
    AND t.bq_ingested_timestamp IS NOT DISTINCT FROM k.row_ingested_at
  GROUP BY k.event_id
);

-- step: insert_missing_keys
-- As far as raw_tracks still has them, later deliveries of the same content count as seen.
INSERT INTO ${tracks_keys}
WITH lacking AS (
  SELECT
    t.event_id, event_bucket(t.event_id) AS bucket, t.created_at, t.event_inserted_at, t.bq_ingested_timestamp,
    content_hash(t.event_name, t.user_id, t.person_id, t.event_payload) AS content_hash,
    identity_hash(t.event_name, t.user_id) AS identity_hash
  FROM ${tracks} AS t
  ANTI JOIN ${tracks_keys} AS k ON k.event_id = t.event_id
),
seen AS (
  SELECT event_id, content_hash, event_inserted_at, bq_ingested_timestamp FROM lacking
  UNION ALL
  SELECT r.event_id, r.content_hash, r.event_inserted_at, r.bq_ingested_timestamp
  FROM ${raw_tracks} AS r
  JOIN ${window_ledger} AS w
    ON w.window_start = r.window_start AND w.ingested_at = r.bq_ingested_timestamp AND w.status = 'merged'
  WHERE r.created_at >= @cutover AND r.event_id IN (SELECT event_id FROM lacking)
),
newest AS (
  SELECT * FROM seen
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY event_id, content_hash ORDER BY event_inserted_at DESC NULLS LAST, bq_ingested_timestamp DESC NULLS LAST
  ) = 1
)
SELECT
  l.event_id, l.bucket, l.created_at, n.event_inserted_at, n.bq_ingested_timestamp,
  l.bq_ingested_timestamp, l.content_hash, l.identity_hash
FROM lacking AS l
JOIN newest AS n ON n.event_id = l.event_id AND n.content_hash = l.content_hash
ORDER BY l.bucket;

-- step: allow_null
-- Rows without event_id were there before, and a table written again refuses them.
ALTER TABLE ${tracks} ALTER COLUMN event_id DROP NOT NULL;

-- step: restore_remove
DELETE FROM ${tracks} WHERE event_id IN (SELECT event_id FROM dedup_events);

-- step: restore_insert
INSERT INTO ${tracks} SELECT * EXCLUDE (tracks_row) FROM dedup_rows ORDER BY tracks_row;

-- step: restored_keys
-- The keys that the touched events get back: those of the snapshot, or of the newest
-- row where there was none. What was seen since of their content stays known.
CREATE OR REPLACE TEMP TABLE dedup_keys AS
WITH keyed AS (
  SELECT * FROM ${source_keys} WHERE event_id IN (SELECT event_id FROM dedup_events)
),
restored AS (
  SELECT
    event_id, bucket, created_at, event_inserted_at, bq_ingested_timestamp, row_ingested_at, content_hash, identity_hash
  FROM keyed
  UNION ALL
  (
    SELECT
      event_id, event_bucket(event_id), created_at, event_inserted_at, bq_ingested_timestamp, bq_ingested_timestamp,
      content_hash, identity_hash
    FROM dedup_verdict
    WHERE event_id IS NOT NULL AND event_id NOT IN (SELECT event_id FROM keyed)
    QUALIFY ROW_NUMBER() OVER (
      PARTITION BY event_id ORDER BY inserted_order DESC, ingested_order DESC, content_hash DESC, created_at
    ) = 1
  )
)
SELECT
  r.event_id, r.bucket, r.created_at,
  IF(k.event_id IS NULL, r.event_inserted_at, k.event_inserted_at) AS event_inserted_at,
  IF(k.event_id IS NULL, r.bq_ingested_timestamp, k.bq_ingested_timestamp) AS bq_ingested_timestamp,
  r.row_ingested_at, r.content_hash, r.identity_hash
FROM restored AS r
LEFT JOIN ${tracks_keys} AS k
  ON k.event_id = r.event_id
  AND k.content_hash = r.content_hash
  AND (IFNULL(k.event_inserted_at, TIMESTAMPTZ '-infinity'), IFNULL(k.bq_ingested_timestamp, TIMESTAMPTZ '-infinity'))
    > (IFNULL(r.event_inserted_at, TIMESTAMPTZ '-infinity'), IFNULL(r.bq_ingested_timestamp, TIMESTAMPTZ '-infinity'));

-- step: restore_rejects
DELETE FROM ${merge_rejects} WHERE source_object = @source_object AND source_generation = @source_generation;

-- step: restored
-- How many of the touched rows tracks has, and how many of them are the snapshot's.
WITH now AS (
  SELECT hash(t) AS content, COUNT(*) AS n FROM ${tracks} AS t
  WHERE t.event_id IN (SELECT event_id FROM dedup_events) OR t.event_id IS NULL
  GROUP BY content
),
was AS (
  SELECT hash(r) AS content, COUNT(*) AS n FROM (SELECT * EXCLUDE (tracks_row) FROM dedup_rows) AS r GROUP BY content
)
SELECT
  (SELECT IFNULL(SUM(n), 0) FROM now) AS rows,
  (SELECT IFNULL(SUM(n), 0) FROM now JOIN was USING (content, n)) AS as_before,
  (SELECT COUNT(*) FROM ${tracks}) AS all_rows;

-- step: drop_counted
DROP VIEW IF EXISTS dedup_counted;

-- step: drop_keys
DROP TABLE IF EXISTS dedup_keys;

-- step: drop_verdict
DROP TABLE IF EXISTS dedup_verdict;

-- step: drop_rows
DROP TABLE IF EXISTS dedup_rows;

-- step: drop_events
DROP TABLE IF EXISTS dedup_events;

-- step: record
SELECT
  snapshot, rows_before, fence_before, snapshot_bytes, expires_at, ordered_at,
  approved, CAST(days AS VARCHAR), CAST(checksums AS VARCHAR),
  rows_after, removed, rejected, rewritten, keys_mended,
  applied_at IS NOT NULL, rolled_back_at IS NOT NULL, dropped_at IS NOT NULL
FROM ${tracks_dedups}
WHERE dedup_id = @id;

-- step: expired
-- Snapshots whose time is over and that nobody has dropped.
SELECT dedup_id, snapshot FROM ${tracks_dedups} WHERE dropped_at IS NULL AND expires_at <= @now;

-- step: record_snapshot
INSERT INTO ${tracks_dedups} (
  dedup_id, workflow_id, approved, days, ordered_at, snapshot, snapshot_bytes, rows_before, fence_before, expires_at
) VALUES (
  @id, @workflow_id, @approved, @days::JSON, @ordered_at, @snapshot, @snapshot_bytes, @rows_before, @fence_before, @expires_at
);

-- step: record_applied
UPDATE ${tracks_dedups}
SET rows_after = @rows_after, removed = @removed, rejected = @rejected, rewritten = @rewritten,
  keys_mended = @keys_mended, checksums = @checksums::JSON, applied_at = @now
WHERE dedup_id = @id;

-- step: record_verified
UPDATE ${tracks_dedups} SET verified_at = @now WHERE dedup_id = @id;

-- step: record_rolled_back
UPDATE ${tracks_dedups} SET rolled_back_at = @now WHERE dedup_id = @id;

-- step: record_dropped
UPDATE ${tracks_dedups} SET dropped_at = @now WHERE dedup_id = @id;
