-- The tables on BigQuery. Each step is idempotent; a table that exists is kept as
-- it is, and columns it lacks are added.

-- step: raw_tracks
-- What PostHog delivered, hour by hour, as it was delivered. Partitioned by the
-- day of the window: hours would reach BigQuery's limit of 10,000 partitions after
-- 416 days.
CREATE TABLE IF NOT EXISTS ${raw_tracks} (
  event_id              STRING    OPTIONS (description = 'PostHog event UUID, lower case'),
  created_at            TIMESTAMP OPTIONS (description = 'When the event happened: Parquet "timestamp", not "created_at"'),
  event_name            STRING    OPTIONS (description = 'PostHog event name'),
  user_id               STRING    OPTIONS (description = 'PostHog distinct_id'),
  person_id             STRING    OPTIONS (description = 'PostHog person UUID'),
  session_id            STRING    OPTIONS (description = '$session_id, else session_id'),
  active_feature_flags  JSON      OPTIONS (description = '$active_feature_flags'),
  feature_flags_values  JSON      OPTIONS (description = 'Properties whose key begins with $feature/'),
  lib_values            JSON      OPTIONS (description = 'Properties whose key begins with $lib'),
  device_model          STRING    OPTIONS (description = '$device_model, else $device, else $device_name'),
  device_type           STRING    OPTIONS (description = '$device_type'),
  device_os             STRING    OPTIONS (description = '$os, else $os_name'),
  ip_address            STRING    OPTIONS (description = '$ip'),
  client                STRING    OPTIONS (description = 'web, ios or android'),
  geoip_city_name       STRING    OPTIONS (description = '$geoip_city_name'),
  geoip_continent_name  STRING    OPTIONS (description = '$geoip_continent_name'),
  geoip_continent_code  STRING    OPTIONS (description = '$geoip_continent_code'),
  geoip_country_name    STRING    OPTIONS (description = '$geoip_country_name'),
  geoip_country_code    STRING    OPTIONS (description = '$geoip_country_code'),
  geoip_time_zone       STRING    OPTIONS (description = '$geoip_time_zone'),
  app_version           STRING    OPTIONS (description = '$app_version'),
  locale                STRING    OPTIONS (description = '$locale, else $browser_language'),
  event_payload         JSON      OPTIONS (description = 'All properties'),
  bq_ingested_timestamp TIMESTAMP OPTIONS (description = 'One stamp a load run; no insert time'),
  event_inserted_at     TIMESTAMP OPTIONS (description = 'Parquet _inserted_at, else inserted_at'),
  window_start          TIMESTAMP OPTIONS (description = 'First instant of the hour that was exported'),
  source_object         STRING    OPTIONS (description = 'Export object the row came from'),
  source_generation     INT64     OPTIONS (description = 'Its generation'),
  source_row            INT64     OPTIONS (description = 'Row in the object, from 0'),
  content_hash          INT64     OPTIONS (description = '60 bits of the SHA-256 of the content')
)
PARTITION BY DATE(window_start)
CLUSTER BY window_start, event_id
OPTIONS (description = 'PostHog events as they were delivered, hour by hour');

-- step: tracks
-- The consumer table: one row an event_id, across all history.
CREATE TABLE IF NOT EXISTS ${tracks} (
  event_id              STRING    OPTIONS (description = 'PostHog event UUID, stable across retries. Unique'),
  created_at            TIMESTAMP OPTIONS (description = 'When the event happened, by its first merged delivery. Never rewritten'),
  event_name            STRING    OPTIONS (description = 'PostHog event name'),
  user_id               STRING    OPTIONS (description = 'PostHog distinct_id'),
  person_id             STRING    OPTIONS (description = 'PostHog person UUID'),
  session_id            STRING    OPTIONS (description = '$session_id, else session_id'),
  active_feature_flags  JSON      OPTIONS (description = '$active_feature_flags'),
  feature_flags_values  JSON      OPTIONS (description = 'Properties whose key begins with $feature/'),
  lib_values            JSON      OPTIONS (description = 'Properties whose key begins with $lib'),
  device_model          STRING    OPTIONS (description = '$device_model, else $device, else $device_name'),
  device_type           STRING    OPTIONS (description = '$device_type'),
  device_os             STRING    OPTIONS (description = '$os, else $os_name'),
  ip_address            STRING    OPTIONS (description = '$ip'),
  client                STRING    OPTIONS (description = 'web, ios or android'),
  geoip_city_name       STRING    OPTIONS (description = '$geoip_city_name'),
  geoip_continent_name  STRING    OPTIONS (description = '$geoip_continent_name'),
  geoip_continent_code  STRING    OPTIONS (description = '$geoip_continent_code'),
  geoip_country_name    STRING    OPTIONS (description = '$geoip_country_name'),
  geoip_country_code    STRING    OPTIONS (description = '$geoip_country_code'),
  geoip_time_zone       STRING    OPTIONS (description = '$geoip_time_zone'),
  app_version           STRING    OPTIONS (description = '$app_version'),
  locale                STRING    OPTIONS (description = '$locale, else $browser_language'),
  event_payload         JSON      OPTIONS (description = 'All properties'),
  bq_ingested_timestamp TIMESTAMP OPTIONS (description = 'Stamp of the load that last changed the row'),
  event_inserted_at     TIMESTAMP OPTIONS (description = 'Insertion time of the delivery that last changed the row')
)
PARTITION BY DATE(created_at)
CLUSTER BY event_name, user_id
OPTIONS (description = 'PostHog events, one row an event_id');

-- step: tracks_keys
-- One narrow row per row of tracks: what a merge has to know about an event
-- without reading tracks.
CREATE TABLE IF NOT EXISTS ${tracks_keys} (
  event_id              STRING    OPTIONS (description = 'As in tracks'),
  bucket                INT64     OPTIONS (description = 'A pure function of event_id; prunes, means nothing'),
  created_at            TIMESTAMP OPTIONS (description = 'Where the row lives in tracks'),
  event_inserted_at     TIMESTAMP OPTIONS (description = 'Of the newest delivery seen'),
  bq_ingested_timestamp TIMESTAMP OPTIONS (description = 'Of the newest delivery seen'),
  content_hash          INT64     OPTIONS (description = 'Of the content in tracks'),
  identity_hash         INT64     OPTIONS (description = 'Of event_name and user_id')
)
PARTITION BY RANGE_BUCKET(bucket, GENERATE_ARRAY(0, 9064, 1))
CLUSTER BY event_id
OPTIONS (description = 'Keys of tracks, written with it');

-- step: backfill_tracks
-- Legacy history, as older tooling left it. A backfill takes it into tracks.
CREATE TABLE IF NOT EXISTS ${backfill_tracks} (
  event_id              STRING,
  created_at            TIMESTAMP,
  event_name            STRING,
  user_id               STRING,
  person_id             STRING,
  session_id            STRING,
  active_feature_flags  JSON,
  feature_flags_values  JSON,
  lib_values            JSON,
  device_model          STRING,
  device_type           STRING,
  device_os             STRING,
  ip_address            STRING,
  client                STRING,
  geoip_city_name       STRING,
  geoip_continent_name  STRING,
  geoip_continent_code  STRING,
  geoip_country_name    STRING,
  geoip_country_code    STRING,
  geoip_time_zone       STRING,
  app_version           STRING,
  locale                STRING,
  event_payload         JSON,
  bq_ingested_timestamp TIMESTAMP,
  event_inserted_at     TIMESTAMP
)
PARTITION BY DATE(created_at)
OPTIONS (description = 'Legacy history that a backfill takes into tracks');

-- step: backfill_ledger
-- One row a day and backfill: what became of the day's rows.
CREATE TABLE IF NOT EXISTS ${backfill_ledger} (
  backfill_id    STRING    OPTIONS (description = 'The first run of the backfill'),
  day            STRING    OPTIONS (description = 'Such as 2026-03-01, or undated: rows without created_at'),
  rows_read      INT64     OPTIONS (description = 'The sum of the five that follow'),
  rows_inserted  INT64     OPTIONS (description = 'New in tracks'),
  rows_present   INT64     OPTIONS (description = 'Of events that tracks had'),
  rows_duplicate INT64     OPTIONS (description = 'Further rows of an event'),
  rows_collided  INT64     OPTIONS (description = 'In merge_rejects'),
  rows_rejected  INT64     OPTIONS (description = 'In merge_rejects'),
  bytes_inserted INT64     OPTIONS (description = 'As JSON text'),
  workflow_id    STRING,
  run_id         STRING,
  recorded_at    TIMESTAMP
)
OPTIONS (description = 'What became of each day of the backfill');

-- step: tracks_keys_slices
-- The parts a rebuild of tracks_keys is done in, and how far it has come. Rows
-- without swapped_at are a rebuild that is not finished.
CREATE TABLE IF NOT EXISTS ${tracks_keys_slices} (
  rebuild_id   STRING    OPTIONS (description = 'The run that planned it'),
  slice        INT64     OPTIONS (description = 'From 0, in the order they are done'),
  source       STRING    OPTIONS (description = 'tracks, by created_at; raw_tracks, by window_start'),
  begins       TIMESTAMP,
  ends         TIMESTAMP,
  rows_planned INT64,
  fence        INT64     OPTIONS (description = 'write_fence while the rebuild runs'),
  done_at      TIMESTAMP,
  keys_written INT64     OPTIONS (description = 'Keys added, less those replaced'),
  outcome      STRING    OPTIONS (description = 'The counts as JSON, as the run shows them'),
  swapped_at   TIMESTAMP OPTIONS (description = 'When the rebuilt keys became tracks_keys')
)
OPTIONS (description = 'Rebuilds of tracks_keys in parts');

-- step: tracks_dedups
-- What every dedup of tracks did, and the snapshot of tracks from before it.
CREATE TABLE IF NOT EXISTS ${tracks_dedups} (
  dedup_id           STRING    OPTIONS (description = 'The run that did it'),
  workflow_id        STRING,
  approved           INT64     OPTIONS (description = 'Excess rows, as somebody repeated them'),
  days               JSON      OPTIONS (description = 'The plan: excess rows by day and cause'),
  ordered_at         TIMESTAMP,
  snapshot           STRING    OPTIONS (description = 'The table'),
  rows_before        INT64,
  fence_before       INT64     OPTIONS (description = 'write_fence at the snapshot'),
  fingerprint_before INT64     OPTIONS (description = 'Where tracks stood; any write moves it'),
  expires_at         TIMESTAMP OPTIONS (description = 'Until when the snapshot is kept'),
  rows_after         INT64,
  removed            INT64,
  rejected           INT64,
  rewritten          INT64,
  keys_mended        INT64,
  applied_at         TIMESTAMP,
  verified_at        TIMESTAMP,
  rolled_back_at     TIMESTAMP,
  dropped_at         TIMESTAMP OPTIONS (description = 'When the snapshot went')
)
OPTIONS (description = 'What every dedup of tracks did');

-- step: raw_rejects
-- Rows of an export that cannot be trusted, with the reason and the row.
CREATE TABLE IF NOT EXISTS ${raw_rejects} (
  window_start      TIMESTAMP,
  source_object     STRING,
  source_generation INT64,
  source_row        INT64,
  reason            STRING,
  detail            STRING,
  row_json          JSON
)
PARTITION BY DATE(window_start)
CLUSTER BY window_start, reason
OPTIONS (description = 'Exported rows that cannot be trusted');

-- step: merge_rejects
-- Rows of raw_tracks that tracks refused: collisions.
CREATE TABLE IF NOT EXISTS ${merge_rejects} (
  window_start      TIMESTAMP,
  source_object     STRING,
  source_generation INT64,
  source_row        INT64,
  event_id          STRING,
  reason            STRING,
  detail            STRING,
  row_json          JSON
)
PARTITION BY DATE(window_start)
CLUSTER BY window_start, event_id
OPTIONS (description = 'Loaded rows that tracks refused');

-- step: write_fence
-- One number that every write to tracks moves, so that two of them can never both
-- succeed.
CREATE TABLE IF NOT EXISTS ${write_fence} (
  seq INT64 OPTIONS (description = 'Writes so far')
)
OPTIONS (description = 'Keeps writers of tracks apart');

-- step: window_ledger
-- One row a load of a window, and one for each outcome that loaded nothing.
CREATE TABLE IF NOT EXISTS ${window_ledger} (
  window_start        TIMESTAMP,
  load_id             STRING OPTIONS (description = 'The run that loaded'),
  status              STRING OPTIONS (description = 'loaded, merged, missing, empty, failed or cancelled'),
  reason              STRING OPTIONS (description = 'Error type when it failed'),
  detail              STRING OPTIONS (description = 'For people'),
  objects             JSON   OPTIONS (description = 'The receipts: object, generation, size, counts'),
  ignored             JSON   OPTIONS (description = 'Names in the folder that were not loaded'),
  rows_read           INT64,
  rows_loaded         INT64,
  rows_rejected       INT64,
  rejected_by         JSON   OPTIONS (description = 'Rejected rows by reason'),
  mended              JSON   OPTIONS (description = 'Places in payloads no warehouse can store'),
  rows_inserted       INT64,
  rows_updated        INT64,
  rows_unchanged      INT64,
  rows_collided       INT64,
  rows_before_cutover INT64,
  bytes_read          INT64,
  bytes_billed        INT64,
  cost_usd            FLOAT64,
  job_ids             JSON,
  workflow_id         STRING,
  run_id              STRING,
  ingested_at         TIMESTAMP OPTIONS (description = 'bq_ingested_timestamp of the load'),
  recorded_at         TIMESTAMP,
  merged_at           TIMESTAMP
)
OPTIONS (description = 'What every load of every window did');

-- step: test_results
-- One row a run and data test.
CREATE TABLE IF NOT EXISTS ${test_results} (
  run_id      STRING,
  workflow_id STRING,
  test        STRING,
  kind        STRING,
  table_name  STRING,
  severity    STRING,
  status      STRING OPTIONS (description = 'pass, warn, fail, error, no data or gated'),
  failures    INT64,
  value       FLOAT64 OPTIONS (description = 'In the unit that expectation names'),
  expectation STRING,
  message     STRING OPTIONS (description = 'For people'),
  sample      STRING OPTIONS (description = 'JSON: a few of what failed'),
  bytes       INT64 OPTIONS (description = 'Read'),
  bytes_limit INT64,
  checked_at  TIMESTAMP,
  recorded_at TIMESTAMP
)
OPTIONS (description = 'What every data test found');

-- step: test_incidents
-- From a test's first bad result to its next good one, and who was told.
CREATE TABLE IF NOT EXISTS ${test_incidents} (
  incident_id     STRING OPTIONS (description = 'The run and the test'),
  test            STRING,
  status          STRING OPTIONS (description = 'warn, fail or error'),
  message         STRING,
  opened_at       TIMESTAMP,
  alerted_at      TIMESTAMP,
  resolved_at     TIMESTAMP,
  resolve_told_at TIMESTAMP
)
OPTIONS (description = 'Incidents of data tests');
