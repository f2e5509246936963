//go:build cgo

package duckdb

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// ApplyDedup removes the excess rows that somebody approved, verifies the result
// against the snapshot, and only then lets readers see it: all or nothing. Calling
// it again for the same order returns what was done the first time.
//
// It returns a *warehouse.MovedError when tracks is not what the snapshot holds, a
// *warehouse.PlanChangedError when the excess rows are not the approved ones, and a
// *warehouse.InvariantError when the result would break a law.
func (w *Warehouse) ApplyDedup(ctx context.Context, order ledger.DedupOrder) (ledger.Dedup, error) {
	var dedup ledger.Dedup
	err := w.dedupOf(ctx, order.ID, func(d *deduping, record *dedupRecord) error {
		if !record.applied {
			if err := d.apply(ctx, order, record); err != nil {
				return err
			}
		}
		dedup = record.dedup
		return nil
	})
	return dedup, err
}

func (d *deduping) apply(ctx context.Context, order ledger.DedupOrder, record *dedupRecord) error {
	if err := d.guard(ctx, record); err != nil {
		return err
	}
	if err := d.find(ctx); err != nil {
		return err
	}
	if d.excess().Total() != order.Excess || !slices.Equal(d.days, order.Days) {
		return &warehouse.PlanChangedError{Tracks: d.warehouse.options.Tables.Name(), Approved: order.Excess, Found: d.excess().Total()}
	}
	before, err := d.dayRows(ctx)
	if err != nil {
		return err
	}
	if record.checksums, err = d.expected(ctx); err != nil {
		return err
	}
	if err := d.change(ctx, order, record.snapshot.Rows); err != nil {
		return err
	}
	record.dedup = ledger.Dedup{
		Rows: record.snapshot.Rows - order.Excess, Removed: order.Excess, Rejected: d.rejected, Rewritten: d.rewritten,
	}
	if record.dedup.KeysMended, err = d.writeKeys(ctx); err != nil {
		return err
	}
	if err := d.verifyDays(ctx, before); err != nil {
		return err
	}
	if err := d.verifyDistinct(ctx, record.dedup.Rows); err != nil {
		return err
	}
	if err := d.verify(ctx, record); err != nil {
		return err
	}
	return d.recordApplied(ctx, record)
}

// guard makes sure that tracks is what the snapshot holds, and that nobody is
// half-way through rebuilding tracks_keys.
func (d *deduping) guard(ctx context.Context, record *dedupRecord) error {
	tables := d.warehouse.options.Tables
	for source, what := range map[string]string{
		d.warehouse.tables["tracks"]:             "the snapshot",
		d.warehouse.snapshotTable(tables.Tracks): "its own snapshot, which is damaged",
	} {
		var rows int64
		var fence string
		d.look(source)
		if err := d.queryRow(ctx, "fence", &rows, &fence); err != nil {
			return err
		}
		if rows != record.snapshot.Rows || fence != record.fence {
			return &warehouse.MovedError{Tracks: tables.Name(), Since: what}
		}
	}
	d.look(d.warehouse.tables["tracks"])
	return d.guardKeys(ctx, true)
}

// guardKeys makes sure that nobody is half-way through rebuilding tracks_keys, and that
// there are keys, unless what follows mends them.
func (d *deduping) guardKeys(ctx context.Context, mends bool) error {
	var rebuilding, missing bool
	if err := d.queryRow(ctx, "guard", &rebuilding, &missing); err != nil {
		return err
	}
	if rebuilding || missing && !mends {
		return d.warehouse.options.Tables.KeysMissing(rebuilding)
	}
	return nil
}

func (d *deduping) change(ctx context.Context, order ledger.DedupOrder, rows int64) error {
	removed := d.excess().Total() + d.rewritten
	var err error
	if order.WholeTable {
		err = d.writeAgain(ctx, rows-removed)
	} else {
		err = d.touch(ctx, touching{"remove_rows", removed})
	}
	if err != nil {
		return err
	}
	return d.touch(
		ctx,
		touching{"insert_rows", d.rewritten},
		touching{"insert_rejects", d.rejected},
	)
}

// writeAgain puts the rows that stay where they are into a new table, made by the
// schema's own statement, which then takes the place of tracks.
func (d *deduping) writeAgain(ctx context.Context, rows int64) error {
	for _, step := range d.warehouse.scripts["schema"] {
		if step.Name == "tracks" {
			d.steps["create_next"] = step
		}
	}
	d.fill["tracks_name"] = quote(d.warehouse.options.Tables.Tracks)
	d.fill["tracks"] = d.fill["tracks_next"]
	_, err := d.exec(ctx, "create_next")
	d.fill["tracks"] = d.warehouse.tables["tracks"]
	if err != nil {
		return err
	}
	if err := d.touch(ctx, touching{"copy_rows", rows}); err != nil {
		return err
	}
	for _, step := range []string{"drop_tracks", "rename_next"} {
		if _, err := d.exec(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

// writeKeys gives the touched events their keys, and mends the others' when they do
// not agree with tracks: it returns how many it wrote for those.
func (d *deduping) writeKeys(ctx context.Context) (mended int64, err error) {
	for _, step := range []string{"seen", "remove_keys", "insert_keys"} {
		if _, err := d.exec(ctx, step); err != nil {
			return 0, err
		}
	}
	for {
		var agree bool
		if err := d.queryRow(ctx, "keys_agree", &agree); err != nil || agree {
			return mended, err
		}
		if mended > 0 {
			return 0, &warehouse.InvariantError{Law: "every row of tracks must have one key", Found: "tracks_keys has others after it was mended"}
		}
		removed, err := d.exec(ctx, "remove_wrong_keys")
		if err != nil {
			return 0, err
		}
		inserted, err := d.exec(ctx, "insert_missing_keys")
		if err != nil {
			return 0, err
		}
		mended = max(removed, inserted)
		if mended == 0 {
			return 0, &warehouse.InvariantError{Law: "every row of tracks must have one key", Found: "tracks_keys disagrees and no key is wrong"}
		}
	}
}

func (d *deduping) recordApplied(ctx context.Context, record *dedupRecord) error {
	text, err := json.Marshal(record.checksums)
	if err != nil {
		return fmt.Errorf("encode checksums: %w", err)
	}
	d.bind["checksums"] = string(text)
	d.bind["rows_after"] = record.dedup.Rows
	d.bind["removed"] = record.dedup.Removed
	d.bind["rejected"] = record.dedup.Rejected
	d.bind["rewritten"] = record.dedup.Rewritten
	d.bind["keys_mended"] = record.dedup.KeysMended
	if _, err := d.exec(ctx, "record_applied"); err != nil {
		return err
	}
	return d.forget(ctx)
}
