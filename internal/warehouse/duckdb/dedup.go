//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// PlanDedup counts what a dedup of tracks would do, and changes nothing. Merges can
// go on meanwhile.
func (w *Warehouse) PlanDedup(ctx context.Context) (ledger.DedupPlan, error) {
	var plan ledger.DedupPlan
	err := w.read(ctx, "dedup", func(s *session) error {
		return s.transact(ctx, func() error {
			d := deduping{session: s, warehouse: w}
			d.look(w.tables["tracks"])
			if err := d.find(ctx); err != nil {
				return err
			}
			if err := d.queryRow(ctx, "count", &plan.Rows); err != nil {
				return err
			}
			plan.Repeated, plan.Rewritten, plan.Days = d.repeated, d.rewritten, d.days
			plan.Excess = d.excess()
			plan.Events = plan.Rows - plan.Excess.Total()
			return d.forget(ctx)
		})
	})
	if err != nil {
		return ledger.DedupPlan{}, err
	}
	plan.DiskNeeded, plan.DiskFree, err = w.diskFor()
	return plan, err
}

// deduping is one dedup in progress, or its planning or rollback.
type deduping struct {
	*session
	warehouse *Warehouse
	// What the table that is looked at holds.
	repeated, rewritten, rejected int64
	days                          []ledger.DedupDay
}

// look sets the table that is looked at.
func (d *deduping) look(source string) { d.fill["source"] = source }

// find finds the rows that a dedup touches and decides what becomes of each.
func (d *deduping) find(ctx context.Context) error {
	d.bind["cutover"] = d.warehouse.options.Cutover.UTC()
	for _, step := range []string{"events", "rows", "verdict"} {
		if _, err := d.exec(ctx, step); err != nil {
			return err
		}
	}
	if err := d.queryRow(ctx, "totals", &d.repeated, &d.rewritten, &d.rejected); err != nil {
		return err
	}
	d.days = nil
	return d.query(ctx, "days", func(rows *databasesql.Rows) error {
		var day ledger.DedupDay
		if err := rows.Scan(&day.Day, &day.NoKey, &day.Collided, &day.DoubleRun, &day.Backfill, &day.AcrossDays, &day.SameDay); err != nil {
			return err
		}
		d.days = append(d.days, day)
		return nil
	})
}

// excess sums up the days.
func (d *deduping) excess() (sum ledger.DedupCounts) {
	for _, day := range d.days {
		sum = sum.Plus(day.DedupCounts)
	}
	return sum
}

// forget drops what find left on the connection.
func (d *deduping) forget(ctx context.Context) error {
	for _, step := range []string{"drop_counted", "drop_keys", "drop_verdict", "drop_rows", "drop_events"} {
		if _, err := d.exec(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

// touch runs steps that each must change a known number of rows.
func (d *deduping) touch(ctx context.Context, steps ...touching) error {
	for _, step := range steps {
		rows, err := d.exec(ctx, step.name)
		if err != nil {
			return err
		}
		if rows != step.rows {
			return &warehouse.InvariantError{Law: law("%s must touch %d rows", step.name, step.rows), Found: law("it touched %d", rows)}
		}
	}
	return nil
}

// touching is a step and the rows it must change.
type touching struct {
	name string
	rows int64
}
