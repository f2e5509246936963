-- What has to look into the data of an event.

-- step: rejects
-- Rows that were rejected under an id. It stands in the row as it was sent, so this
-- reads all rejects.
SELECT window_start, source_object, source_generation, source_row, reason, detail
FROM ${raw_rejects}
WHERE LOWER(JSON_VALUE(row_json, '$.uuid')) = @event_id
ORDER BY window_start, source_object, source_row;

-- step: payloads
-- The event's data, delivery by delivery, for whoever asks for it.
SELECT source_object, source_row, TO_JSON_STRING(event_payload) AS payload FROM ${raw_tracks}
WHERE event_id = @event_id
ORDER BY window_start, source_object, source_row;
