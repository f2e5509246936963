-- What is usually run: the whole table again, its newest row of each event. It keeps
-- no copy, checks nothing, and takes created_at from the newest delivery.
CREATE OR REPLACE TABLE posthog.tracks AS
SELECT * FROM posthog.tracks
QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY event_inserted_at DESC, bq_ingested_timestamp DESC) = 1;
