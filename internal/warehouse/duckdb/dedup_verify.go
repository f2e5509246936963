//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"
	"maps"
	"slices"
	"strconv"
	"strings"

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

// verify checks that tracks has the rows that must be left, and that every column of
// them has the checksum that follows from the snapshot. The rows are then the same as
// those that verifyDistinct counted.
func (d *deduping) verify(ctx context.Context, record *dedupRecord) error {
	rows, now, err := d.checksums(ctx, "count_all")
	if err != nil {
		return err
	}
	if rows != record.dedup.Rows {
		return &warehouse.InvariantError{Law: law("tracks must have %d rows", record.dedup.Rows), Found: law("it has %d", rows)}
	}
	var unlike []string
	for _, column := range slices.Sorted(maps.Keys(record.checksums)) {
		if strconv.FormatUint(now[column], 10) != record.checksums[column] {
			unlike = append(unlike, column)
		}
	}
	if unlike == nil {
		return nil
	}
	return &warehouse.InvariantError{
		Law:   "a dedup must leave the rows of other events as they were and of each repeated event the newest content",
		Found: "by their checksums these columns are not what follows from the snapshot: " + strings.Join(unlike, ", "),
	}
}

// expected are the checksums of tracks after the dedup: those of the snapshot, without
// the rows that are touched, and with what stays of them.
func (d *deduping) expected(ctx context.Context) (map[string]string, error) {
	d.fill["snapshot"] = d.warehouse.snapshotTable(d.warehouse.options.Tables.Tracks)
	sums := make(map[string]uint64)
	for _, counted := range []string{"count_snapshot", "count_touched", "count_kept"} {
		_, part, err := d.checksums(ctx, counted)
		if err != nil {
			return nil, err
		}
		for column, sum := range part {
			sums[column] ^= sum
		}
	}
	texts := make(map[string]string)
	for column, sum := range sums {
		texts[column] = strconv.FormatUint(sum, 10)
	}
	return texts, nil
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
func (d *deduping) checksums(ctx context.Context, counted string) (n int64, sums map[string]uint64, err error) {
	if _, err := d.exec(ctx, counted); err != nil {
		return 0, nil, err
	}
	sums = make(map[string]uint64)
	err = d.query(ctx, "checksums", func(rows *databasesql.Rows) error {
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		values, into := make([]uint64, len(columns)), make([]any, len(columns))
		into[0] = &n
		for i := 1; i < len(into); i++ {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, column := range columns[1:] {
			sums[column] = values[i+1]
		}
		return nil
	})
	return n, sums, err
}
