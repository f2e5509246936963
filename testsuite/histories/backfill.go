package histories

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/testsuite/conformance"
	"github.com/posthog-tracks/posthog-tracks/testsuite/oracle"
)

// backfill inserts legacy rows, plans, and does all days under an id of its own.
func (p *player) backfill(b Backfill) act {
	p.backfills++
	p.legacy = append(p.legacy, b.Rows...)
	id := fmt.Sprintf("backfill-%d", p.backfills)
	inherited := false
	return act{
		do: func(ctx context.Context, w conformance.Warehouse) (string, error) {
			if len(b.Rows) > 0 && !inherited {
				inherited = true
				if err := w.Look(ctx, inherit(b.Rows), func([]string) error { return nil }); err != nil {
					return "", err
				}
			}
			plan, err := w.PlanBackfill(ctx, ledger.BackfillRange{})
			if err != nil {
				return "", err
			}
			if b.Backwards {
				slices.Reverse(plan.Days)
			}
			var total ledger.Backfilled
			for _, day := range plan.Days {
				counts, err := w.BackfillDay(ctx, ledger.BackfillDay{
					ID: id, Day: day.Day, Rows: day.Rows, Run: ledger.Run{WorkflowID: "backfill", RunID: id},
				})
				if err != nil {
					return "", err
				}
				total = total.Plus(counts)
			}
			return fmt.Sprint(oracle.Backfilled{
				Inserted: total.Inserted, Present: total.Present + total.Duplicate, Collided: total.Collided, Rejected: total.Rejected,
			}), nil
		},
		tells: func(w *oracle.World) string {
			for _, row := range b.Rows {
				w.Inherit(row.told())
			}
			return fmt.Sprint(w.Backfill())
		},
	}
}

// told is the row in the oracle's words.
func (l Legacy) told() oracle.Legacy {
	told := oracle.Legacy{Delivery: l.Event.told()}
	if l.Stamp > 0 {
		told.Stamp = stampOf(l.Stamp)
	}
	return told
}

// stampOf is a bq_ingested_timestamp.
func stampOf(seconds int) time.Time { return time.Date(2026, 7, 1, 0, 0, seconds, 0, time.UTC) }

// inherit is a statement that puts rows into backfill_tracks.
func inherit(rows []Legacy) string {
	lines := make([]string, len(rows))
	for i, row := range rows {
		told := row.told()
		inserted, stamp, id := "NULL", "NULL", "NULL"
		if told.InsertedAt.Valid {
			inserted = "TIMESTAMP '" + oracle.Instant(told.InsertedAt.V) + "'"
		}
		if !told.Stamp.IsZero() {
			stamp = "TIMESTAMP '" + oracle.Instant(told.Stamp) + "'"
		}
		if told.EventID != "" {
			id = "'" + told.EventID + "'"
		}
		lines[i] = fmt.Sprintf("(%s, TIMESTAMP '%s', '%s', '%s', %s, %s, %s, %s)", id, oracle.Instant(row.At), row.Name, row.User,
			literal(told.Content.PersonID), literal(told.Content.Payload), inserted, stamp)
	}
	return `INSERT INTO posthog.backfill_tracks
		(event_id, created_at, event_name, user_id, person_id, event_payload, event_inserted_at, bq_ingested_timestamp)
		VALUES ` + strings.Join(lines, ", ")
}

func literal(text oracle.Text) string {
	if !text.Valid {
		return "NULL"
	}
	return "'" + text.V + "'"
}

// learnLegacy takes in what DuckDB says of the contents in backfill_tracks.
func (p *player) learnLegacy(ctx context.Context) error {
	if len(p.legacy) == 0 {
		return nil
	}
	n := -1
	return p.process.Warehouse().Look(ctx, `SELECT `+content+`, content_hash(event_name, user_id, person_id, event_payload)
		FROM posthog.backfill_tracks ORDER BY rowid`, func(row []string) error {
		if n++; n == 0 {
			return nil
		}
		last := len(row) - 1
		hash, err := strconv.ParseInt(row[last], 10, 64)
		if err != nil {
			return fmt.Errorf("read content_hash: %w", err)
		}
		return p.facets.Learn(p.legacy[n-1].told().Content, oracle.Facts{Hash: hash, Columns: strings.Join(row[4:last], "/")})
	})
}
