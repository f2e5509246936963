-- What dbt's source freshness asks of raw_tracks. The age is judged in Go.

-- step: freshness
SELECT MAX(bq_ingested_timestamp) AS newest FROM ${raw_tracks};
