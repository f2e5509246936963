-- Rows that were rejected under an id. It stands in the row as it was sent, so this
-- reads all rejects.

-- step: rejects
SELECT window_start, source_object, source_generation, source_row, reason, detail
FROM ${raw_rejects}
WHERE LOWER(JSON_VALUE(row_json, '$.uuid')) = @event_id
ORDER BY window_start, source_object, source_row;
