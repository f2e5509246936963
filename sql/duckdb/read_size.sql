-- How much of a table's data a statement has to read.

-- step: read_size
-- The whole blocks of the file that hold the columns, and 16 bytes a value that is not
-- in the file yet. Row groups without any value of @bounded from @from to @to are
-- left out, as a scan does by the same statistics; those of a column of NULLs are times
-- far outside of any calendar, and tell nothing.
WITH segments AS (
  SELECT
    row_group_id, column_name, segment_type, "count", block_id, additional_block_ids,
    column_name = @bounded AND segment_type <> 'VALIDITY' AS bounds,
    TRY_CAST(regexp_extract(stats, 'Min: (\d{4}-[^,\]]*)', 1) AS TIMESTAMPTZ) AS lowest,
    TRY_CAST(regexp_extract(stats, 'Max: (\d{4}-[^,\]]*)', 1) AS TIMESTAMPTZ) AS highest
  FROM pragma_storage_info(@table)
),
groups AS (
  SELECT row_group_id FROM segments
  GROUP BY row_group_id
  HAVING NOT bool_or(bounds) OR bool_or(bounds AND COALESCE(highest >= @from AND lowest <= @to, TRUE))
),
needed AS (
  SELECT "count", segment_type, list_prepend(block_id, COALESCE(additional_block_ids, [])) AS blocks
  FROM segments
  WHERE row_group_id IN (SELECT row_group_id FROM groups)
    AND (column_name IN (${columns}) OR regexp_matches(@filters, '\b' || regexp_escape(column_name) || '\b'))
)
SELECT CAST(
  (SELECT COUNT(DISTINCT block) FROM (SELECT unnest(blocks) AS block FROM needed) AS held WHERE block >= 0)
  * (SELECT block_size FROM pragma_database_size() WHERE database_name = current_database())
  + (SELECT COALESCE(16 * SUM("count"), 0) FROM needed WHERE blocks[1] IS NULL AND segment_type <> 'VALIDITY')
AS BIGINT) AS bytes;
