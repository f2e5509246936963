-- Makes rows as hourly loads bring them. Ids are UUIDv7, but for 2 % v4; with late = 1,
-- 2.5 % of the rows happened on any earlier day, so no row group holds one day alone.
-- With short = 1 they have half the payload. Variables (BIGINT): first_ms, where history
-- begins; from_ms, where these rows begin; loads, how many hours; rows; seed; late; short.

-- step: rows
CREATE OR REPLACE TEMP TABLE grown AS
WITH drawn AS (
  SELECT
    i * getvariable('loads') // getvariable('rows') AS load,
    getvariable('from_ms') + i * getvariable('loads') * 3600000 // getvariable('rows') AS arrived,
    (hash(getvariable('seed') * 100000000 + i) >> 1)::BIGINT AS a,
    (hash(getvariable('seed') * 100000000 + i + 1000000000000000) >> 1)::BIGINT AS b
  FROM range(getvariable('rows')) AS t(i)
),
timed AS (
  SELECT
    load, arrived, a, b,
    IF(a % 40 = 0 AND getvariable('late') = 1, getvariable('first_ms') + b % (arrived - getvariable('first_ms') + 1), arrived) AS ms,
    printf('%016x%016x', a, b) AS digits
  FROM drawn
)
SELECT
  load, a, b,
  make_timestamptz(ms * 1000) AS created_at,
  make_timestamptz((arrived + 60000) * 1000) AS event_inserted_at,
  make_timestamptz((getvariable('from_ms') + (load + 2) * 3600000) * 1000) AS ingested_at,
  CASE
    WHEN a % 50 = 1
    THEN concat_ws('-', substr(digits, 1, 8), substr(digits, 9, 4), '4' || substr(digits, 14, 3), 'a' || substr(digits, 18, 3), substr(digits, 21, 12))
    ELSE concat_ws('-', substr(printf('%012x', ms), 1, 8), substr(printf('%012x', ms), 9, 4), '7' || substr(digits, 2, 3), 'a' || substr(digits, 6, 3), substr(digits, 21, 12))
  END AS event_id,
  (['$pageview', '$autocapture', 'purchase', 'login', '$screen', 'play', 'song_uploaded', '$identify'])[1 + a % 8] AS event_name,
  'user-' || b % 2000000 AS user_id
FROM timed;

-- step: wide
-- The columns of tracks, about 1.2 KB as BigQuery counts them, or 0.6 KB when they are
-- short; most of it payload.
CREATE OR REPLACE TEMP VIEW wide AS
SELECT
  event_id, created_at, event_name, user_id,
  md5('person' || b % 2000000)::UUID::VARCHAR AS person_id, md5('session' || a // 50)::UUID::VARCHAR AS session_id,
  NULL AS active_feature_flags, '{"$feature/checkout":"' || (['control', 'test'])[1 + b % 2] || '"}' AS feature_flags_values,
  '{"$lib":"web","$lib_version":"1.2' || a % 50 || '"}' AS lib_values,
  NULL AS device_model, 'Desktop' AS device_type, (['Windows', 'Mac OS X', 'Linux', 'iOS'])[1 + a % 4] AS device_os,
  '203.0.113.' || b % 256 AS ip_address, 'web' AS client,
  (['Berlin', 'Lisbon', 'Austin', 'Osaka'])[1 + a % 4] AS geoip_city_name, NULL AS geoip_continent_name, NULL AS geoip_continent_code,
  NULL AS geoip_country_name, (['DE', 'PT', 'US', 'JP'])[1 + a % 4] AS geoip_country_code, NULL AS geoip_time_zone,
  '4.2.' || a % 30 AS app_version, (['en-US', 'pt-BR', 'de-DE'])[1 + b % 3] AS locale,
  '{"$current_url":"https://app.example.com/song/' || a % 1000 || '/edit?q=' || md5('url' || a) || '","$insert_id":"' || md5('insert' || b)
    || '","$browser":"Chrome","$browser_version":' || 100 + b % 40 || ',"$screen_height":' || 700 + a % 500
    || ',"$viewport_width":' || 600 + b % 900 || ',"$referrer":"https://search.example.com/?q=' || a % 100000
    || '","$host":"app.example.com","plan":"' || (['free', 'pro', 'team'])[1 + a % 3] || '","$time":' || b % 1000000
    || IF(getvariable('short') = 1, '', ',"$pathname":"/song/' || a % 1000 || '/edit","$device_id":"' || md5('device' || b % 2000000)::UUID::VARCHAR
    || '","$window_id":"' || md5('window' || a // 20)::UUID::VARCHAR || '","$pageview_id":"' || md5('page' || a // 5)::UUID::VARCHAR
    || '","$raw_user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || 100 + b % 40
    || '.0.0.0 Safari/537.36","$session_entry_url":"https://app.example.com/?utm_source=newsletter&utm_campaign=' || a // 50 % 300
    || '","$elements_chain":"button.btn.primary:nth-child=' || 1 + a % 12 || ';div.toolbar:nth-child=' || 1 + b % 5
    || '","$prev_pageview_duration":' || (b % 600000) / 1000 || ',"song_title":"Take ' || a % 100000 || '","track_count":' || b % 64) || '}' AS event_payload,
  ingested_at AS bq_ingested_timestamp, event_inserted_at,
  load, a
FROM grown;

-- step: history
-- As the merges of the loads leave them: rows in the order of loads, each load's keys
-- in the order of buckets.
INSERT INTO posthog.tracks SELECT * EXCLUDE (load, a) FROM wide ORDER BY load, a;
INSERT INTO posthog.tracks_keys
SELECT
  event_id, event_bucket(event_id), created_at, event_inserted_at, ingested_at, ingested_at,
  a >> 4, identity_hash(event_name, user_id)
FROM grown
ORDER BY load, event_bucket(event_id);

-- step: hour
-- A committed hour.
INSERT INTO posthog.raw_tracks
SELECT * EXCLUDE (load, a), make_timestamptz(getvariable('from_ms') * 1000), 'bench', 1, row_number() OVER () - 1, a >> 4 FROM wide;
INSERT INTO posthog.window_ledger (window_start, load_id, status, rows_read, rows_loaded, rows_rejected, bytes_read, workflow_id, run_id, ingested_at, recorded_at)
SELECT window_start, 'bench', 'loaded', COUNT(*), COUNT(*), 0, 0, 'bench', 'bench', bq_ingested_timestamp, bq_ingested_timestamp
FROM posthog.raw_tracks WHERE window_start = make_timestamptz(getvariable('from_ms') * 1000) GROUP BY ALL;
