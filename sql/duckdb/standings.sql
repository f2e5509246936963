-- Where a range of windows stands by the ledger.

-- step: standings
-- At most two rows a window: the newest load, and the newest run that loaded nothing.
SELECT window_start, status, recorded_at, CAST(objects AS VARCHAR) AS objects, CAST(ignored AS VARCHAR) AS ignored
FROM ${window_ledger}
WHERE window_start >= @from AND window_start < @until
QUALIFY ROW_NUMBER() OVER (PARTITION BY window_start, status IN ('loaded', 'merged') ORDER BY recorded_at DESC) = 1
ORDER BY window_start;
