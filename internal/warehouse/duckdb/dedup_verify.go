//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"
	"maps"
	"math/big"
	"slices"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// VerifyDedup looks at tracks as readers see it after a dedup, and compares it with
// the snapshot from before. It returns a *warehouse.InvariantError when a law is
// broken.
func (w *Warehouse) VerifyDedup(ctx context.Context, order ledger.DedupOrder) error {
	return w.dedupOf(ctx, order.ID, func(d *deduping, record *dedupRecord) error {
		if err := d.verify(ctx, record); err != nil {
			return err
		}
		if _, err := d.exec(ctx, "record_verified"); err != nil {
			return err
		}
		return d.forget(ctx)
	})
}

// verify checks that tracks has one row an event, and that every column of them has
// the checksum that follows from the snapshot.
func (d *deduping) verify(ctx context.Context, record *dedupRecord) error {
	if err := d.verifyDistinct(ctx, record.dedup.Rows); err != nil {
		return err
	}
	now, err := d.checksums(ctx, "count_all")
	if err != nil {
		return err
	}
	for _, column := range slices.Sorted(maps.Keys(record.checksums)) {
		if now[column] != record.checksums[column] {
			return &warehouse.InvariantError{
				Law:   "a dedup must leave the rows of other events as they were, and of each repeated event the newest content",
				Found: "the checksum of " + column + " is not what follows from the snapshot",
			}
		}
	}
	return nil
}

// expected are the checksums of tracks after the dedup: those of the snapshot's rows
// that are not touched, and of what stays of the others.
func (d *deduping) expected(ctx context.Context) (map[string]string, error) {
	d.look(d.warehouse.snapshotTable(d.warehouse.options.Tables.Tracks))
	defer d.look(d.warehouse.tables["tracks"])
	untouched, err := d.checksums(ctx, "count_untouched")
	if err != nil {
		return nil, err
	}
	kept, err := d.checksums(ctx, "count_kept")
	if err != nil {
		return nil, err
	}
	sums := make(map[string]string)
	for column := range untouched {
		sums[column] = sum(untouched[column], kept[column])
	}
	return sums, nil
}

// sum adds numbers of any size. That of no rows is empty.
func sum(numbers ...string) string {
	total := new(big.Int)
	for _, number := range numbers {
		if n, ok := new(big.Int).SetString(number, 10); ok {
			total.Add(total, n)
		}
	}
	return total.String()
}

// verifyDistinct counts rows and events.
func (d *deduping) verifyDistinct(ctx context.Context, want int64) error {
	var rows, keyed, events int64
	if err := d.queryRow(ctx, "distinct_hashes", &rows, &keyed, &events); err != nil {
		return err
	}
	if events < keyed {
		if err := d.queryRow(ctx, "distinct_ids", &events); err != nil {
			return err
		}
	}
	if rows != want || keyed != want || events != want {
		return &warehouse.InvariantError{
			Law:   law("tracks must have %d rows of as many events", want),
			Found: law("it has %d rows, %d of them with an event_id, of %d events", rows, keyed, events),
		}
	}
	return nil
}

// verifyDays checks that each day has shrunk by what the plan says.
func (d *deduping) verifyDays(ctx context.Context, before map[string]int64) error {
	now, err := d.dayRows(ctx)
	if err != nil {
		return err
	}
	for _, day := range d.days {
		before[day.Day] -= day.Total()
		if before[day.Day] == 0 {
			delete(before, day.Day)
		}
	}
	for _, day := range slices.Sorted(maps.Keys(before)) {
		if now[day] != before[day] {
			return &warehouse.InvariantError{Law: law("%s must be left with %d rows", day, before[day]), Found: law("it has %d", now[day])}
		}
	}
	if len(now) != len(before) {
		return &warehouse.InvariantError{Law: law("%d days must be left", len(before)), Found: law("there are %d", len(now))}
	}
	return nil
}

func (d *deduping) dayRows(ctx context.Context) (map[string]int64, error) {
	days := make(map[string]int64)
	err := d.query(ctx, "day_rows", func(rows *databasesql.Rows) error {
		var day string
		var n int64
		err := rows.Scan(&day, &n)
		days[day] = n
		return err
	})
	return days, err
}

// checksums are those of some rows, by column.
func (d *deduping) checksums(ctx context.Context, counted string) (map[string]string, error) {
	if _, err := d.exec(ctx, counted); err != nil {
		return nil, err
	}
	sums := make(map[string]string)
	err := d.query(ctx, "checksums", func(rows *databasesql.Rows) error {
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		values, into := make([]databasesql.Null[string], len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, column := range columns {
			sums[column] = sum(values[i].V)
		}
		return nil
	})
	return sums, err
}
