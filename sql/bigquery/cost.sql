-- What the jobs of a load cost. It is booked when they are done, so a worker that is
-- killed in between leaves it out: the project's JOBS view has it all the same, by
-- the labels of the jobs.

-- step: book
-- Adds steps, once: job_ids says whether the last of them is in it.
UPDATE ${window_ledger}
SET
  bytes_billed = IFNULL(bytes_billed, 0) + @bytes_billed,
  cost_usd = IFNULL(cost_usd, 0) + @cost_usd,
  job_ids = PARSE_JSON(CONCAT(
    IF(job_ids IS NULL, '[', CONCAT(RTRIM(TO_JSON_STRING(job_ids), ']'), ',')), @steps, ']'
  ), wide_number_mode => 'round')
WHERE window_start = @window AND load_id = @load_id
  AND STRPOS(IFNULL(TO_JSON_STRING(job_ids), ''), @last_job) = 0;

-- step: read
SELECT TO_JSON_STRING(job_ids) AS steps
FROM ${window_ledger}
WHERE window_start = @window AND load_id = @load_id;
