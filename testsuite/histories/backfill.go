package histories

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/testsuite/oracle"
)

// backfill inserts legacy rows, plans, and does all days under an id of its own.
func (p *player) backfill(ctx context.Context, b Backfill) (act, error) {
	p.backfills++
	p.legacy = append(p.legacy, b.Rows...)
	id := fmt.Sprintf("backfill-%d", p.backfills)
	if len(b.Rows) > 0 {
		if err := run(ctx, p.process.Warehouse(), insert("backfill_tracks", b.Rows)); err != nil {
			return act{}, err
		}
		for _, row := range b.Rows {
			p.world.Inherit(row.told())
		}
		if err := p.learnRows(b.Rows); err != nil {
			return act{}, err
		}
	}
	return act{
		resumes: true,
		do: func(ctx context.Context, w Warehouse) (string, error) {
			plan, err := w.PlanBackfill(ctx, ledger.BackfillRange{})
			if err != nil {
				return "", err
			}
			if b.Backwards {
				slices.Reverse(plan.Days)
			}
			answers := make([]string, len(plan.Days))
			for i, day := range plan.Days {
				counts, err := w.BackfillDay(ctx, ledger.BackfillDay{
					ID: id, Day: day.Day, Rows: day.Rows, Run: ledger.Run{WorkflowID: "backfill", RunID: id},
				})
				answers[i], err = answer(oracle.Backfilled{
					Inserted: counts.Inserted, Present: counts.Present + counts.Duplicate, Collided: counts.Collided, Rejected: counts.Rejected,
				}, err)
				if err != nil {
					return "", err
				}
			}
			return strings.Join(answers, ", "), nil
		},
		tells: backfilled(p.legacy, b.Backwards),
	}, nil
}

// backfilled are the days of legacy rows, each a part.
func backfilled(rows []Legacy, backwards bool) (days []part) {
	all := make([]time.Time, len(rows))
	for i, row := range rows {
		all[i] = row.At.UTC().Truncate(24 * time.Hour)
	}
	slices.SortFunc(all, time.Time.Compare)
	all = slices.Compact(all)
	if backwards {
		slices.Reverse(all)
	}
	for _, day := range all {
		days = append(days, func(w *oracle.World) string {
			counts, refused := w.BackfillDay(day)
			return told(counts, refused)
		})
	}
	return days
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

// insert is a statement that puts rows into a table.
func insert(table string, rows []Legacy) string {
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
		var columns []string
		for _, value := range derived(told.Content.Payload) {
			columns = append(columns, literal(value))
		}
		lines[i] = fmt.Sprintf("(%s, TIMESTAMP '%s', '%s', '%s', %s, %s, %s, %s, %s)", id, oracle.Instant(row.At), row.Name, row.User,
			literal(told.Content.PersonID), literal(told.Content.Payload), strings.Join(columns, ", "), inserted, stamp)
	}
	return `INSERT INTO posthog.` + table + `
		(event_id, created_at, event_name, user_id, person_id, event_payload, ` + derivedColumns + `, event_inserted_at, bq_ingested_timestamp)
		VALUES ` + strings.Join(lines, ", ")
}

func literal(text oracle.Text) string {
	if !text.Valid {
		return "NULL"
	}
	return "'" + text.V + "'"
}

// run runs statements of no interest.
func run(ctx context.Context, w Warehouse, statements ...string) error {
	for _, statement := range statements {
		if err := w.Look(ctx, statement, func([]string) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}
