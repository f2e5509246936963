-- Replaces a window of raw_tracks by what was staged, in one transaction with
-- raw_rejects and the ledger. A reader sees the old hour or the new one.

-- step: remove_rows
DELETE FROM ${raw_tracks} WHERE window_start = @window;

-- step: remove_rejects
DELETE FROM ${raw_rejects} WHERE window_start = @window;

-- step: insert_rows
-- JSON text is checked by the cast and then stored as it is, byte for byte.
INSERT INTO ${raw_tracks}
SELECT
  event_id, created_at, event_name, user_id, person_id, session_id,
  active_feature_flags::JSON, feature_flags_values::JSON, lib_values::JSON,
  device_model, device_type, device_os, ip_address, client,
  geoip_city_name, geoip_continent_name, geoip_continent_code,
  geoip_country_name, geoip_country_code, geoip_time_zone,
  app_version, locale, event_payload::JSON,
  @ingested_at::TIMESTAMPTZ, event_inserted_at,
  @window::TIMESTAMPTZ, source_object, source_generation, source_row, content_hash
FROM read_parquet([${events_files}]);

-- step: insert_rejects
INSERT INTO ${raw_rejects}
SELECT
  @window::TIMESTAMPTZ, source_object, source_generation, source_row,
  reason, detail, row_json::JSON
FROM read_parquet([${rejects_files}]);

-- step: record
INSERT INTO ${window_ledger} (
  window_start, load_id, status, objects, ignored,
  rows_read, rows_loaded, rows_rejected, rejected_by, mended, bytes_read,
  workflow_id, run_id, ingested_at, recorded_at
) VALUES (
  @window, @load_id, 'loaded', @objects::JSON, @ignored::JSON,
  @rows_read, @rows_loaded, @rows_rejected, @rejected_by::JSON, @mended::JSON, @bytes_read,
  @workflow_id, @run_id, @ingested_at, @recorded_at
);
