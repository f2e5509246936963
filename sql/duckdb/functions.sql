-- Functions every connection gets. They are pure functions of the event.

-- step: event_bucket
-- The two seconds inside a UUIDv7, counted from 2020 and as far as they are sane; else
-- one of 2^30 buckets by hash. The same id always has the same bucket, which
-- is all that correctness asks of it. Legacy ids may be no UUIDs at all.
CREATE OR REPLACE TEMP MACRO event_bucket(event_id) AS
  COALESCE(
    CASE
      WHEN substr(event_id, 15, 1) = '7'
        AND event_id >= '016f5e66-e800' AND event_id < '02246af9-4800'
      THEN CAST(TRY_CAST('0x' || substr(event_id, 1, 8) || substr(event_id, 10, 4) AS BIGINT) // 2000 - 788918400 AS INTEGER)
    END,
    CAST(777600000 + CAST('0x' || substr(sha256(event_id), 1, 15) AS BIGINT) % 1073741824 AS INTEGER)
  );

-- step: identity_hash
-- Tells whose event it is: 60 bits of the SHA-256 of event_name and user_id. The
-- length in front keeps ("ab", "c") and ("a", "bc") apart.
CREATE OR REPLACE TEMP MACRO identity_hash(event_name, user_id) AS
  CAST('0x' || substr(sha256(length(event_name) || ':' || event_name || user_id), 1, 15) AS BIGINT);

-- step: content_hash
-- The content_hash of a row of tracks, as package event computes it from an export.
CREATE OR REPLACE TEMP MACRO content_hash(event_name, user_id, person_id, event_payload) AS
  CAST('0x' || substr(sha256(
    '1' || chr(31) || event_name || chr(31) || user_id || IFNULL(chr(31) || person_id, '') || chr(31)
    || IFNULL(CAST(event_payload AS VARCHAR), '')
  ), 1, 15) AS BIGINT);

-- step: unix_micros
-- What GoogleSQL has and shared statements use: microseconds since 1970.
CREATE OR REPLACE TEMP MACRO UNIX_MICROS(moment) AS epoch_us(moment);

-- step: div
CREATE OR REPLACE TEMP MACRO DIV(dividend, divisor) AS dividend // divisor;

-- step: to_json_string
CREATE OR REPLACE TEMP MACRO TO_JSON_STRING(value) AS CAST(value AS VARCHAR);
