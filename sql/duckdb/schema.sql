-- The tables on DuckDB. Applied at every start; each step is idempotent.
-- There are no primary keys and no indexes: DuckDB rewrites an index at every
-- commit, and uniqueness is the merge's own law. Payloads are most of a file: ZSTD takes
-- half their room, and those of a row group are one segment instead of some two
-- hundred, all of which DuckDB reads about at every commit.

-- step: schema
CREATE SCHEMA IF NOT EXISTS ${dataset};

-- step: raw_tracks
-- What PostHog delivered, hour by hour, as it was delivered.
CREATE TABLE IF NOT EXISTS ${raw_tracks} (
  event_id              VARCHAR     NOT NULL,
  created_at            TIMESTAMPTZ NOT NULL, -- the event's own time: Parquet "timestamp", not "created_at"
  event_name            VARCHAR     NOT NULL,
  user_id               VARCHAR     NOT NULL, -- distinct_id
  person_id             VARCHAR,
  session_id            VARCHAR,
  active_feature_flags  JSON,
  feature_flags_values  JSON,
  lib_values            JSON,
  device_model          VARCHAR,
  device_type           VARCHAR,
  device_os             VARCHAR,
  ip_address            VARCHAR,
  client                VARCHAR,
  geoip_city_name       VARCHAR,
  geoip_continent_name  VARCHAR,
  geoip_continent_code  VARCHAR,
  geoip_country_name    VARCHAR,
  geoip_country_code    VARCHAR,
  geoip_time_zone       VARCHAR,
  app_version           VARCHAR,
  locale                VARCHAR,
  event_payload         JSON USING COMPRESSION ZSTD,
  bq_ingested_timestamp TIMESTAMPTZ NOT NULL, -- one stamp a load run
  event_inserted_at     TIMESTAMPTZ,
  window_start          TIMESTAMPTZ NOT NULL,
  source_object         VARCHAR     NOT NULL,
  source_generation     BIGINT      NOT NULL,
  source_row            BIGINT      NOT NULL, -- from 0, in the object
  content_hash          BIGINT      NOT NULL
);

-- step: tracks
-- The consumer table: one row an event_id, across all history.
CREATE TABLE IF NOT EXISTS ${tracks} (
  event_id              VARCHAR     NOT NULL,
  created_at            TIMESTAMPTZ NOT NULL, -- of the first merged delivery, never rewritten
  event_name            VARCHAR     NOT NULL,
  user_id               VARCHAR     NOT NULL,
  person_id             VARCHAR,
  session_id            VARCHAR,
  active_feature_flags  JSON,
  feature_flags_values  JSON,
  lib_values            JSON,
  device_model          VARCHAR,
  device_type           VARCHAR,
  device_os             VARCHAR,
  ip_address            VARCHAR,
  client                VARCHAR,
  geoip_city_name       VARCHAR,
  geoip_continent_name  VARCHAR,
  geoip_continent_code  VARCHAR,
  geoip_country_name    VARCHAR,
  geoip_country_code    VARCHAR,
  geoip_time_zone       VARCHAR,
  app_version           VARCHAR,
  locale                VARCHAR,
  event_payload         JSON USING COMPRESSION ZSTD,
  bq_ingested_timestamp TIMESTAMPTZ,
  event_inserted_at     TIMESTAMPTZ
);

-- step: tracks_keys
-- One narrow row per row of tracks: what a merge has to know about an event
-- without reading tracks.
CREATE TABLE IF NOT EXISTS ${tracks_keys} (
  event_id              VARCHAR     NOT NULL,
  bucket                INTEGER     NOT NULL USING COMPRESSION RLE, -- a pure function of event_id; prunes, means nothing
  created_at            TIMESTAMPTZ NOT NULL, -- of the row in tracks
  event_inserted_at     TIMESTAMPTZ,          -- of the newest delivery seen
  bq_ingested_timestamp TIMESTAMPTZ,          -- of the newest delivery seen
  row_ingested_at       TIMESTAMPTZ,          -- bq_ingested_timestamp of the row in tracks: where it lies
  content_hash          BIGINT,               -- of the content in tracks
  identity_hash         BIGINT      NOT NULL  -- of event_name and user_id
);

-- step: tracks_keys_slices
-- The parts a rebuild of tracks_keys is done in, and how far it has come. Rows
-- without swapped_at are a rebuild that is not finished.
CREATE TABLE IF NOT EXISTS ${tracks_keys_slices} (
  rebuild_id   VARCHAR     NOT NULL, -- the run that planned it
  slice        INTEGER     NOT NULL, -- from 0, in the order they are done
  source       VARCHAR     NOT NULL, -- tracks, by created_at; raw_tracks, by window_start
  begins       TIMESTAMPTZ NOT NULL,
  ends         TIMESTAMPTZ NOT NULL,
  rows_planned BIGINT      NOT NULL,
  done_at      TIMESTAMPTZ,
  keys_written BIGINT,               -- keys added, less those replaced
  outcome      JSON,                 -- the counts, as the run shows them
  swapped_at   TIMESTAMPTZ           -- when the rebuilt keys became tracks_keys
);

-- step: tracks_dedups
-- What every dedup of tracks did, and the copy of tracks from before it.
CREATE TABLE IF NOT EXISTS ${tracks_dedups} (
  dedup_id       VARCHAR     NOT NULL, -- the run that did it
  workflow_id    VARCHAR     NOT NULL,
  approved       BIGINT      NOT NULL, -- excess rows, as somebody repeated them
  days           JSON        NOT NULL, -- the plan: excess rows by day and cause
  ordered_at     TIMESTAMPTZ NOT NULL,
  snapshot       VARCHAR     NOT NULL, -- the file
  snapshot_bytes BIGINT      NOT NULL,
  rows_before    BIGINT      NOT NULL,
  fence_before   VARCHAR     NOT NULL, -- where tracks stood; any write moves it
  expires_at     TIMESTAMPTZ NOT NULL, -- until when the snapshot is kept
  rows_after     BIGINT,
  removed        BIGINT,
  rejected       BIGINT,
  rewritten      BIGINT,
  keys_mended    BIGINT,
  checksums      JSON,                 -- of tracks as it left it, a column each
  applied_at     TIMESTAMPTZ,
  verified_at    TIMESTAMPTZ,
  rolled_back_at TIMESTAMPTZ,
  dropped_at     TIMESTAMPTZ           -- when the snapshot went
);

-- step: backfill_tracks
-- Legacy history, as older tooling left it. A backfill takes it into tracks.
CREATE TABLE IF NOT EXISTS ${backfill_tracks} (
  event_id              VARCHAR,
  created_at            TIMESTAMPTZ,
  event_name            VARCHAR,
  user_id               VARCHAR,
  person_id             VARCHAR,
  session_id            VARCHAR,
  active_feature_flags  JSON,
  feature_flags_values  JSON,
  lib_values            JSON,
  device_model          VARCHAR,
  device_type           VARCHAR,
  device_os             VARCHAR,
  ip_address            VARCHAR,
  client                VARCHAR,
  geoip_city_name       VARCHAR,
  geoip_continent_name  VARCHAR,
  geoip_continent_code  VARCHAR,
  geoip_country_name    VARCHAR,
  geoip_country_code    VARCHAR,
  geoip_time_zone       VARCHAR,
  app_version           VARCHAR,
  locale                VARCHAR,
  event_payload         JSON USING COMPRESSION ZSTD,
  bq_ingested_timestamp TIMESTAMPTZ,
  event_inserted_at     TIMESTAMPTZ
);

-- step: backfill_ledger
-- One row a day and backfill: what became of the day's rows.
CREATE TABLE IF NOT EXISTS ${backfill_ledger} (
  backfill_id    VARCHAR     NOT NULL, -- the first run of the backfill
  day            VARCHAR     NOT NULL, -- 2026-03-01, or "undated": rows without created_at
  rows_read      BIGINT      NOT NULL, -- the sum of the five that follow
  rows_inserted  BIGINT      NOT NULL, -- new in tracks
  rows_present   BIGINT      NOT NULL, -- of events that tracks had
  rows_duplicate BIGINT      NOT NULL, -- further rows of an event
  rows_collided  BIGINT      NOT NULL, -- in merge_rejects
  rows_rejected  BIGINT      NOT NULL, -- in merge_rejects
  bytes_inserted BIGINT,               -- as JSON text
  workflow_id    VARCHAR     NOT NULL,
  run_id         VARCHAR     NOT NULL,
  recorded_at    TIMESTAMPTZ NOT NULL
);

-- step: raw_rejects
-- Rows of an export that cannot be trusted, with the reason and the row.
CREATE TABLE IF NOT EXISTS ${raw_rejects} (
  window_start      TIMESTAMPTZ NOT NULL,
  source_object     VARCHAR     NOT NULL,
  source_generation BIGINT      NOT NULL,
  source_row        BIGINT      NOT NULL,
  reason            VARCHAR     NOT NULL,
  detail            VARCHAR,
  row_json          JSON        NOT NULL
);

-- step: merge_rejects
-- Rows of raw_tracks that tracks refused: collisions.
CREATE TABLE IF NOT EXISTS ${merge_rejects} (
  window_start      TIMESTAMPTZ NOT NULL,
  source_object     VARCHAR     NOT NULL,
  source_generation BIGINT      NOT NULL,
  source_row        BIGINT      NOT NULL,
  event_id          VARCHAR     NOT NULL,
  reason            VARCHAR     NOT NULL,
  detail            VARCHAR,
  row_json          JSON        NOT NULL
);

-- step: window_ledger
-- One row a load of a window, and one for each outcome that loaded nothing.
CREATE TABLE IF NOT EXISTS ${window_ledger} (
  window_start        TIMESTAMPTZ NOT NULL,
  load_id             VARCHAR     NOT NULL, -- the run that loaded
  status              VARCHAR     NOT NULL, -- loaded, merged, missing, empty, failed, cancelled
  reason              VARCHAR,              -- error type when it failed
  detail              VARCHAR,              -- what a person reads
  objects             JSON,                 -- the receipts: object, generation, size, counts
  ignored             JSON,                 -- names in the folder that were not loaded
  rows_read           BIGINT,
  rows_loaded         BIGINT,
  rows_rejected       BIGINT,
  rejected_by         JSON,                 -- rows by reason
  mended              JSON,                 -- places in payloads no warehouse can store
  rows_inserted       BIGINT,
  rows_updated        BIGINT,
  rows_unchanged      BIGINT,
  rows_collided       BIGINT,
  rows_before_cutover BIGINT,
  bytes_read          BIGINT,
  bytes_billed        BIGINT,
  cost_usd            DOUBLE,
  job_ids             JSON,
  workflow_id         VARCHAR     NOT NULL,
  run_id              VARCHAR     NOT NULL,
  ingested_at         TIMESTAMPTZ,          -- bq_ingested_timestamp of the load
  recorded_at         TIMESTAMPTZ NOT NULL,
  merged_at           TIMESTAMPTZ
);

-- step: test_results
-- One row a run and data test.
CREATE TABLE IF NOT EXISTS ${test_results} (
  run_id      VARCHAR     NOT NULL,
  workflow_id VARCHAR     NOT NULL,
  test        VARCHAR     NOT NULL,
  kind        VARCHAR     NOT NULL,
  table_name  VARCHAR,
  severity    VARCHAR     NOT NULL,
  status      VARCHAR     NOT NULL, -- pass, warn, fail, error, no data, gated
  failures    BIGINT      NOT NULL,
  value       DOUBLE,               -- in the unit that expectation names
  expectation VARCHAR,
  message     VARCHAR     NOT NULL, -- what a person reads
  sample      VARCHAR,              -- JSON: a few of what failed
  bytes       BIGINT      NOT NULL, -- read
  bytes_limit BIGINT      NOT NULL,
  checked_at  TIMESTAMPTZ NOT NULL,
  recorded_at TIMESTAMPTZ NOT NULL
);

-- step: test_incidents
-- From a test's first bad result to its next good one, and who was told.
CREATE TABLE IF NOT EXISTS ${test_incidents} (
  incident_id     VARCHAR     NOT NULL, -- the run and the test
  test            VARCHAR     NOT NULL,
  status          VARCHAR     NOT NULL, -- warn, fail, error
  message         VARCHAR     NOT NULL,
  opened_at       TIMESTAMPTZ NOT NULL,
  alerted_at      TIMESTAMPTZ,
  resolved_at     TIMESTAMPTZ,
  resolve_told_at TIMESTAMPTZ
);
