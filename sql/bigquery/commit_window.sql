-- Replaces a window of raw_tracks by what was staged, in one transaction with
-- raw_rejects and the ledger. The steps are run as one script, so a reader sees the
-- old hour or the new one, and an error anywhere leaves the old one.

-- step: preview
-- A table for the window alone, like raw_tracks: where a dry run puts the rows. It
-- comes before everything else, and expires.
CREATE OR REPLACE TABLE ${window_preview}
OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 48 HOUR))
AS SELECT * FROM ${raw_tracks} WHERE FALSE;

-- step: begin
BEGIN TRANSACTION;

-- step: guard
-- Rows that were never merged may not be replaced: the new export can have fewer.
SELECT IF(
  EXISTS (
    SELECT 1 FROM ${window_ledger}
    WHERE window_start = @window AND load_id != @load_id AND status = 'loaded'
  ),
  ERROR('law: a window must be merged before it is replaced, but another load of it is not'),
  'ok'
);

-- step: remove_rows
DELETE FROM ${raw_tracks} WHERE window_start = @window;

-- step: remove_rejects
DELETE FROM ${raw_rejects} WHERE window_start = @window;

-- step: insert_rows
INSERT INTO ${raw_tracks} (
  event_id, created_at, event_name, user_id, person_id, session_id,
  active_feature_flags, feature_flags_values, lib_values,
  device_model, device_type, device_os, ip_address, client,
  geoip_city_name, geoip_continent_name, geoip_continent_code,
  geoip_country_name, geoip_country_code, geoip_time_zone,
  app_version, locale, event_payload, bq_ingested_timestamp, event_inserted_at,
  window_start, source_object, source_generation, source_row, content_hash
)
SELECT
  event_id, created_at, event_name, user_id, person_id, session_id,
  PARSE_JSON(active_feature_flags, wide_number_mode => 'round'),
  PARSE_JSON(feature_flags_values, wide_number_mode => 'round'),
  PARSE_JSON(lib_values, wide_number_mode => 'round'),
  device_model, device_type, device_os, ip_address, client,
  geoip_city_name, geoip_continent_name, geoip_continent_code,
  geoip_country_name, geoip_country_code, geoip_time_zone,
  app_version, locale,
  PARSE_JSON(event_payload, wide_number_mode => 'round'),
  @ingested_at, event_inserted_at,
  @window, source_object, source_generation, source_row, content_hash
FROM ${staged_events};

-- step: insert_rejects
INSERT INTO ${raw_rejects} (
  window_start, source_object, source_generation, source_row, reason, detail, row_json
)
SELECT
  @window, source_object, source_generation, source_row, reason, detail,
  PARSE_JSON(row_json, wide_number_mode => 'round')
FROM ${staged_rejects};

-- step: record
INSERT INTO ${window_ledger} (
  window_start, load_id, status, objects, ignored,
  rows_read, rows_loaded, rows_rejected, rejected_by, mended, bytes_read,
  workflow_id, run_id, ingested_at, recorded_at
) VALUES (
  @window, @load_id, 'loaded', PARSE_JSON(@objects), PARSE_JSON(@ignored),
  @rows_read, @rows_loaded, @rows_rejected, PARSE_JSON(@rejected_by), PARSE_JSON(@mended), @bytes_read,
  @workflow_id, @run_id, @ingested_at, CURRENT_TIMESTAMP()
);

-- step: verify
SELECT IF(
  (SELECT COUNT(*) FROM ${raw_tracks} WHERE window_start = @window) = @rows_loaded
    AND (SELECT COUNT(*) FROM ${raw_rejects} WHERE window_start = @window) = @rows_rejected,
  'ok',
  ERROR('law: the window must hold the rows of the receipts, but the staged files hold others')
);

-- step: commit
COMMIT TRANSACTION;
