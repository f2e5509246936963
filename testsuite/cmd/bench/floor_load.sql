-- What the least possible loader would do on the same files: DuckDB alone reads
-- the Parquet, extracts the columns from the JSON and replaces the window. It
-- checks nothing: no row is validated, counted or rejected.
BEGIN;
DELETE FROM raw_tracks WHERE window_start = TIMESTAMPTZ '2026-06-12 10:00:00+00';
INSERT INTO raw_tracks
WITH parsed AS (
  SELECT
    uuid, timestamp, event, distinct_id, person_id, properties, _inserted_at,
    from_json(properties, '{
      "$session_id": "VARCHAR", "session_id": "VARCHAR", "$active_feature_flags": "JSON",
      "$device_model": "VARCHAR", "$device": "VARCHAR", "$device_name": "VARCHAR", "$device_type": "VARCHAR",
      "$os": "VARCHAR", "$os_name": "VARCHAR", "$ip": "VARCHAR", "client": "VARCHAR", "$lib": "VARCHAR",
      "$geoip_city_name": "VARCHAR", "$geoip_continent_name": "VARCHAR", "$geoip_continent_code": "VARCHAR",
      "$geoip_country_name": "VARCHAR", "$geoip_country_code": "VARCHAR", "$geoip_time_zone": "VARCHAR",
      "$app_version": "VARCHAR", "$locale": "VARCHAR", "$browser_language": "VARCHAR"
    }') AS p,
    map_entries(from_json(properties, '"MAP(VARCHAR, JSON)"')) AS members
  FROM read_parquet($files)
)
SELECT
  uuid, timestamp, event, distinct_id, person_id,
  coalesce(p['$session_id'], p['session_id']),
  p['$active_feature_flags'],
  to_json(map_from_entries(list_filter(members, m -> starts_with(m.key, '$feature/')))),
  to_json(map_from_entries(list_filter(members, m -> starts_with(m.key, '$lib')))),
  coalesce(p['$device_model'], p['$device'], p['$device_name']), p['$device_type'],
  coalesce(p['$os'], p['$os_name']), p['$ip'],
  coalesce(p['client'], CASE p['$lib'] WHEN 'web' THEN 'web' WHEN 'posthog-ios' THEN 'ios' WHEN 'posthog-android' THEN 'android' END),
  p['$geoip_city_name'], p['$geoip_continent_name'], p['$geoip_continent_code'],
  p['$geoip_country_name'], p['$geoip_country_code'], p['$geoip_time_zone'],
  p['$app_version'], coalesce(p['$locale'], p['$browser_language']),
  properties::JSON, now(), _inserted_at, TIMESTAMPTZ '2026-06-12 10:00:00+00'
FROM parsed;
COMMIT;
