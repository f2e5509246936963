-- What dbt's incremental model does with unique_key='event_id': one MERGE, every
-- column updated. It keeps no created_at, no order of deliveries and no counts.

-- step: merge
MERGE INTO posthog.tracks AS t
USING (
  SELECT * FROM posthog.raw_tracks
  WHERE window_start = make_timestamptz(getvariable('from_ms') * 1000) AND created_at >= TIMESTAMPTZ '2026-03-04 00:00:00+00'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY bq_ingested_timestamp DESC, event_inserted_at DESC) = 1
) AS s
ON t.event_id = s.event_id
WHEN MATCHED THEN UPDATE SET
  created_at = s.created_at, event_name = s.event_name, user_id = s.user_id, person_id = s.person_id, session_id = s.session_id,
  active_feature_flags = s.active_feature_flags, feature_flags_values = s.feature_flags_values, lib_values = s.lib_values,
  device_model = s.device_model, device_type = s.device_type, device_os = s.device_os, ip_address = s.ip_address, client = s.client,
  geoip_city_name = s.geoip_city_name, geoip_continent_name = s.geoip_continent_name, geoip_continent_code = s.geoip_continent_code,
  geoip_country_name = s.geoip_country_name, geoip_country_code = s.geoip_country_code, geoip_time_zone = s.geoip_time_zone,
  app_version = s.app_version, locale = s.locale, event_payload = s.event_payload,
  bq_ingested_timestamp = s.bq_ingested_timestamp, event_inserted_at = s.event_inserted_at
WHEN NOT MATCHED THEN INSERT VALUES (
  s.event_id, s.created_at, s.event_name, s.user_id, s.person_id, s.session_id,
  s.active_feature_flags, s.feature_flags_values, s.lib_values,
  s.device_model, s.device_type, s.device_os, s.ip_address, s.client,
  s.geoip_city_name, s.geoip_continent_name, s.geoip_continent_code,
  s.geoip_country_name, s.geoip_country_code, s.geoip_time_zone,
  s.app_version, s.locale, s.event_payload, s.bq_ingested_timestamp, s.event_inserted_at);
