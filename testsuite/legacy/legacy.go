// Package legacy makes the history that a backfill takes into tracks.
package legacy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
)

// From is the first day that Inherit makes rows of.
var From = time.Date(2025, 5, 1, 0, 0, 0, 0, time.UTC)

// rows makes rows of events whose id, content and order follow from their
// number. Of a hundred events, ten have a second row on the same day and five one on
// another day, both newer; two have a row of another user; one row has no id and one
// no created_at.
const rows = `
	INSERT INTO posthog.backfill_tracks
		(event_id, created_at, event_name, user_id, person_id, event_payload, bq_ingested_timestamp, event_inserted_at)
	WITH events AS (
		SELECT d, n, printf('0196%%04x-0000-7000-8000-%%012x', d, n) AS event_id,
			TIMESTAMPTZ '%[1]s+00' + to_days(CAST(d AS INTEGER)) + to_microseconds(CAST(n * 86400000000 // %[3]d AS BIGINT)) AS created_at
		FROM range(%[2]d) AS days(d), range(%[3]d) AS numbers(n)),
	rows AS (
		SELECT *, 'user' AS user_id, 0 AS version FROM events
		UNION ALL SELECT * REPLACE (created_at + INTERVAL 1 SECOND AS created_at), 'user', 1 FROM events WHERE n %% 10 = 3
		UNION ALL SELECT * REPLACE (created_at + INTERVAL 3 DAY AS created_at), 'user', 2 FROM events WHERE n %% 20 = 7
		UNION ALL SELECT *, 'somebody else', 3 FROM events WHERE n %% 50 = 11
		UNION ALL SELECT * REPLACE (NULL AS event_id), 'user', 0 FROM events WHERE n %% 100 = 1
		UNION ALL SELECT * REPLACE (NULL AS created_at), 'user', 0 FROM events WHERE n %% 100 = 2)
	SELECT event_id, created_at, '$pageview', user_id, 'version ' || version,
		json_object('$lib', 'legacy', 'd', d, 'n', n, 'filler', repeat('x', 400)),
		TIMESTAMPTZ '2026-04-01 00:00:00+00', TIMESTAMPTZ '2026-03-20 00:00:00+00' + to_seconds(CAST(version AS DOUBLE))
	FROM rows
	ORDER BY created_at, d, n, version, event_id`

// Inherit puts the legacy history of some days into a warehouse file, with as many
// events a day. Nobody else may have the file open.
func Inherit(ctx context.Context, file string, days, events int) (err error) {
	tables, err := duckdb.New(duckdb.Options{
		Path: file, MemoryLimit: "3GB", Threads: 1, IdleClose: time.Hour, Tables: warehouse.DefaultTables(),
	})
	if err != nil {
		return fmt.Errorf("inherit legacy history: %w", err)
	}
	defer func() { err = errors.Join(err, tables.Close()) }()
	statement := fmt.Sprintf(rows, From.Format(time.DateTime), days, events)
	if err := tables.Look(ctx, statement, func([]string) error { return nil }); err != nil {
		return fmt.Errorf("inherit legacy history: %w", err)
	}
	return nil
}
