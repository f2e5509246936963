//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// PlanBackfill finds the events of backfill_tracks that have several rows, and lists
// the days. It writes nothing but what a backfill works with, and can be done again.
func (w *Warehouse) PlanBackfill(ctx context.Context, days ledger.BackfillRange) (ledger.BackfillPlan, error) {
	var plan ledger.BackfillPlan
	err := w.write(ctx, "backfill", func(s *session) error {
		plan = ledger.BackfillPlan{}
		s.bind["from"], s.bind["to"] = string(days.From), string(days.To)
		if _, err := s.exec(ctx, "repeats"); err != nil {
			return err
		}
		if err := s.queryRow(ctx, "count_repeats", &plan.Repeated); err != nil {
			return err
		}
		return s.query(ctx, "days", func(rows *databasesql.Rows) error {
			var day ledger.PlannedDay
			if err := rows.Scan(&day.Day, &day.Rows, &day.Done); err != nil {
				return err
			}
			plan.Days = append(plan.Days, day)
			return nil
		})
	})
	return plan, err
}

// BackfillDay takes one day of backfill_tracks into tracks and books the counts, all
// or nothing. Calling it again under the same id returns the counts of the first time.
// A dry run only counts.
//
// It returns a *warehouse.KeysMissingError when tracks_keys has yet to be built, a
// *warehouse.SourceMovedError when the day has other rows than planned, and a
// *warehouse.InvariantError when a law would have been broken.
func (w *Warehouse) BackfillDay(ctx context.Context, day ledger.BackfillDay) (ledger.Backfilled, error) {
	b := backfilling{warehouse: w, day: day}
	do := w.write
	if day.DryRun {
		do = w.read
	}
	err := do(ctx, "backfill", func(s *session) error {
		b.session, b.counts = s, ledger.Backfilled{}
		return b.run(ctx)
	})
	return b.counts, err
}

// backfilling is one day in progress.
type backfilling struct {
	*session
	warehouse *Warehouse
	day       ledger.BackfillDay
	counts    ledger.Backfilled
}

func (b *backfilling) run(ctx context.Context) error {
	b.bindDay()
	booked, err := b.booked(ctx)
	if booked || err != nil {
		return err
	}
	steps := []func(context.Context) error{b.guard, b.classify, b.change, b.reject, b.record, b.drop}
	if b.day.DryRun {
		steps = []func(context.Context) error{b.guard, b.classify, b.drop}
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// bindDay says which rows are the day's. Those without created_at stand in
// merge_rejects under 1970.
func (b *backfilling) bindDay() {
	rejectsAt := time.Unix(0, 0).UTC()
	b.fill["of_the_day"] = "b.created_at IS NULL"
	if b.day.Day != window.Undated {
		rejectsAt = b.day.Day.Start()
		b.fill["of_the_day"] = fmt.Sprintf("b.created_at >= %s AND b.created_at < %s", instant(b.day.Day.Start()), instant(b.day.Day.End()))
	}
	b.bind["rejects_at"] = rejectsAt
	b.bind["source"] = b.warehouse.options.Tables.BackfillTracks
	b.bind["backfill_id"] = b.day.ID
	b.bind["day"] = string(b.day.Day)
}

// booked reads the counts of the day when it is done already.
func (b *backfilling) booked(ctx context.Context) (found bool, err error) {
	err = b.query(ctx, "booked", func(rows *databasesql.Rows) error {
		found = true
		c := &b.counts
		return rows.Scan(&c.Read, &c.Inserted, &c.Present, &c.Duplicate, &c.Collided, &c.Rejected, &c.Bytes)
	})
	return found, err
}

// guard makes sure that tracks_keys can be relied on.
func (b *backfilling) guard(ctx context.Context) error {
	var hasRows, hasKeys, rebuilding bool
	if err := b.queryRow(ctx, "guard", &hasRows, &hasKeys, &rebuilding); err != nil {
		return err
	}
	if rebuilding || hasRows && !hasKeys {
		return b.warehouse.options.Tables.KeysMissing(rebuilding)
	}
	return nil
}

// classify finds out what becomes of every row.
func (b *backfilling) classify(ctx context.Context) error {
	for _, step := range []string{"rows", "known", "classify"} {
		if _, err := b.exec(ctx, step); err != nil {
			return err
		}
	}
	c := &b.counts
	if err := b.queryRow(ctx, "count", &c.Read, &c.Inserted, &c.Present, &c.Duplicate, &c.Collided, &c.Rejected); err != nil {
		return err
	}
	switch {
	case c.Read != b.day.Rows:
		return &warehouse.SourceMovedError{
			Table: b.warehouse.options.Tables.BackfillTracks, Day: string(b.day.Day), Planned: b.day.Rows, Found: c.Read,
		}
	case c.Total() != c.Read:
		return &warehouse.InvariantError{
			Law:   fmt.Sprintf("the %d rows of day %s must all be accounted for", c.Read, b.day.Day),
			Found: fmt.Sprintf("%d are", c.Total()),
		}
	}
	return b.queryRow(ctx, "bytes", &c.Bytes)
}

// change writes tracks and tracks_keys, and insists on exactly as many rows as were
// classified.
func (b *backfilling) change(ctx context.Context) error {
	for _, step := range []string{"insert_rows", "insert_keys"} {
		rows, err := b.exec(ctx, step)
		if err != nil {
			return err
		}
		if rows != b.counts.Inserted {
			return &warehouse.InvariantError{
				Law:   fmt.Sprintf("%s must write %d rows", step, b.counts.Inserted),
				Found: fmt.Sprintf("it wrote %d", rows),
			}
		}
	}
	return nil
}

func (b *backfilling) reject(ctx context.Context) error {
	if _, err := b.exec(ctx, "remove_rejects"); err != nil {
		return err
	}
	_, err := b.exec(ctx, "insert_rejects")
	return err
}

func (b *backfilling) record(ctx context.Context) error {
	b.bind["rows_read"] = b.counts.Read
	b.bind["inserted"] = b.counts.Inserted
	b.bind["present"] = b.counts.Present
	b.bind["duplicate"] = b.counts.Duplicate
	b.bind["collided"] = b.counts.Collided
	b.bind["rejected"] = b.counts.Rejected
	b.bind["bytes"] = b.counts.Bytes
	b.bind["workflow_id"] = b.day.Run.WorkflowID
	b.bind["run_id"] = b.day.Run.RunID
	b.bind["recorded_at"] = time.Now().UTC()
	_, err := b.exec(ctx, "record")
	return err
}

// drop gives back the memory. What a failed day leaves is replaced by the next.
func (b *backfilling) drop(ctx context.Context) error {
	for _, step := range []string{"drop_verdict", "drop_known", "drop_rows"} {
		if _, err := b.exec(ctx, step); err != nil {
			return err
		}
	}
	return nil
}
