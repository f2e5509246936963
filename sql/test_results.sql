-- What the data tests found, and the incidents that came of it.

-- step: record
-- A run has one result of a test, however often it is told.
INSERT INTO ${test_results} (
  run_id, workflow_id, test, kind, table_name, severity, status, failures, value,
  expectation, message, sample, bytes, bytes_limit, checked_at, recorded_at
)
SELECT
  @run_id, @workflow_id, @test, @kind, @table_name, @severity, @status, @failures, NULLIF(@value, @no_value),
  @expectation, @message, @sample, @bytes, @bytes_limit, @checked_at, CURRENT_TIMESTAMP
FROM (SELECT 1 AS one)
WHERE NOT EXISTS (SELECT 1 FROM ${test_results} WHERE run_id = @run_id AND test = @test);

-- step: previous
-- The last verdict on a test before this run's; runs without a verdict are left out.
SELECT status
FROM ${test_results}
WHERE test = @test AND run_id <> @run_id AND checked_at < @checked_at AND status IN ('pass', 'warn', 'fail')
ORDER BY checked_at DESC, recorded_at DESC
LIMIT 1;

-- step: open_incidents
SELECT incident_id, test, status, message, opened_at
FROM ${test_incidents}
WHERE resolved_at IS NULL
ORDER BY opened_at, incident_id;

-- step: open_incident
INSERT INTO ${test_incidents} (incident_id, test, status, message, opened_at)
SELECT @incident_id, @test, @status, @message, @opened_at
FROM (SELECT 1 AS one)
WHERE NOT EXISTS (
  SELECT 1 FROM ${test_incidents}
  WHERE incident_id = @incident_id OR test = @test AND status = @status AND resolved_at IS NULL
);

-- step: resolve_incident
UPDATE ${test_incidents} SET resolved_at = @resolved_at, message = @message
WHERE incident_id = @incident_id AND resolved_at IS NULL;

-- step: untold
-- What nobody was told yet: incidents, and the end of those somebody was told of.
SELECT incident_id, test, status, message, opened_at, alerted_at, resolved_at
FROM ${test_incidents}
WHERE alerted_at IS NULL OR resolved_at IS NOT NULL AND resolve_told_at IS NULL
ORDER BY opened_at, incident_id;

-- step: told
UPDATE ${test_incidents}
SET
  alerted_at = COALESCE(alerted_at, @told_at),
  resolve_told_at = CASE WHEN resolved_at IS NULL THEN resolve_told_at ELSE @told_at END
WHERE incident_id = @incident_id;

-- step: dedup_done
-- Whether a dedup of tracks was verified and not taken back. It opens the gate of the
-- tests that duplicates would fail.
SELECT CAST(COUNT(*) AS BIGINT) AS deduped
FROM ${tracks_dedups}
WHERE verified_at IS NOT NULL AND rolled_back_at IS NULL;
