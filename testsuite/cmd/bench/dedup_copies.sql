-- Puts 1 % duplicates into tracks, spread over all history: half of them the same
-- delivery written twice, a quarter newer contents on the same day, a quarter on
-- another day.
INSERT INTO posthog.tracks
SELECT * FROM posthog.tracks WHERE hash(event_id) % 200 = 0;
INSERT INTO posthog.tracks
SELECT * REPLACE (
  'later' AS person_id, event_inserted_at + INTERVAL 1 HOUR AS event_inserted_at,
  bq_ingested_timestamp + INTERVAL 1 HOUR AS bq_ingested_timestamp
)
FROM posthog.tracks WHERE hash(event_id) % 400 = 1;
INSERT INTO posthog.tracks
SELECT * REPLACE (
  'later' AS person_id, event_inserted_at + INTERVAL 40 HOUR AS event_inserted_at,
  bq_ingested_timestamp + INTERVAL 40 HOUR AS bq_ingested_timestamp, created_at + INTERVAL 30 HOUR AS created_at
)
FROM posthog.tracks WHERE hash(event_id) % 400 = 3;
