package harness

import (
	"context"
	"fmt"
)

// Law is one law of the pipeline, checked on the tables.
type Law struct {
	// Name says what must hold, Numbers what was found.
	Name, Numbers string
	Holds         bool
}

// laws are statements that return numbers as text and whether they agree.
var laws = []struct{ name, statement string }{
	{"rows of tracks = distinct event_ids", `
		SELECT COUNT(*) || ' = ' || COUNT(DISTINCT event_id), COUNT(*) = COUNT(DISTINCT event_id) FROM posthog.tracks`},
	{"rows read = loaded + rejected, in every load", `
		SELECT SUM(rows_read) || ' = ' || SUM(rows_loaded) || ' + ' || SUM(rows_rejected),
			BOOL_AND(rows_read = rows_loaded + rows_rejected)
		FROM posthog.window_ledger WHERE status = 'merged'`},
	{"rows loaded = inserted + updated + unchanged + collided + before cutover, in every load", `
		SELECT SUM(rows_loaded) || ' = ' || SUM(rows_inserted) || ' + ' || SUM(rows_updated) || ' + ' || SUM(rows_unchanged)
				|| ' + ' || SUM(rows_collided) || ' + ' || SUM(rows_before_cutover),
			BOOL_AND(rows_loaded = rows_inserted + rows_updated + rows_unchanged + rows_collided + rows_before_cutover)
		FROM posthog.window_ledger WHERE status = 'merged'`},
	{"rows of tracks = rows ever inserted", `
		WITH inserted AS (
			SELECT rows_inserted FROM posthog.window_ledger WHERE status = 'merged'
			UNION ALL
			SELECT rows_inserted FROM posthog.backfill_ledger)
		SELECT (SELECT COUNT(*) FROM posthog.tracks) || ' = ' || SUM(rows_inserted),
			(SELECT COUNT(*) FROM posthog.tracks) = SUM(rows_inserted)
		FROM inserted`},
	{"rows of backfill_tracks = inserted + present + duplicate + collided + rejected, on every day", `
		SELECT IFNULL(SUM(rows_read), 0) || ' = ' || IFNULL(SUM(rows_inserted + rows_present + rows_duplicate + rows_collided + rows_rejected), 0),
			IFNULL(BOOL_AND(rows_read = rows_inserted + rows_present + rows_duplicate + rows_collided + rows_rejected), TRUE)
		FROM posthog.backfill_ledger`},
	{"raw_tracks and raw_rejects hold what the newest loads say", `
		WITH newest AS (
			SELECT * FROM posthog.window_ledger WHERE status = 'merged'
			QUALIFY ROW_NUMBER() OVER (PARTITION BY window_start ORDER BY recorded_at DESC) = 1),
		held AS (SELECT (SELECT COUNT(*) FROM posthog.raw_tracks) AS loaded, (SELECT COUNT(*) FROM posthog.raw_rejects) AS rejected)
		SELECT MIN(held.loaded) || ' + ' || MIN(held.rejected) || ' = ' || SUM(rows_loaded) || ' + ' || SUM(rows_rejected),
			MIN(held.loaded) = SUM(rows_loaded) AND MIN(held.rejected) = SUM(rows_rejected)
		FROM newest, held`},
	{"one key a row, in the same place", `
		SELECT COUNT(t.event_id) || ' = ' || COUNT(k.event_id), COUNT(*) = COUNT(t.event_id) AND COUNT(*) = COUNT(k.event_id)
		FROM posthog.tracks AS t FULL JOIN posthog.tracks_keys AS k ON k.event_id = t.event_id AND k.created_at = t.created_at`},
}

// Prove checks the laws on a rig's warehouse. On BigQuery's stand-in it leaves a copy of
// all tables behind.
func (r *Rig) Prove(ctx context.Context) ([]Law, error) {
	if r.BigQuery != nil {
		if err := r.copyTables(ctx, copied); err != nil {
			return nil, err
		}
	}
	proof := make([]Law, len(laws))
	for i, law := range laws {
		rows, err := Query(ctx, r.WarehouseFile, law.statement)
		if err != nil {
			return nil, fmt.Errorf("check that %s: %w", law.name, err)
		}
		proof[i] = Law{Name: law.name, Numbers: rows[0][0], Holds: rows[0][1] == "true"}
	}
	return proof, nil
}
