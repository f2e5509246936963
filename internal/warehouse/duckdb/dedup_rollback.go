//go:build cgo

package duckdb

import (
	"context"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// RollbackDedup puts the rows that a dedup touched back as the snapshot has them,
// all or nothing. What was merged since stays. Calling it again changes nothing.
//
// It returns a *warehouse.SnapshotGoneError when there is no snapshot any more, a
// *warehouse.KeysMissingError when tracks_keys is empty or half-way through a rebuild,
// and a *warehouse.ChangedSinceError when the touched events themselves have changed.
func (w *Warehouse) RollbackDedup(ctx context.Context, id string) (ledger.DedupRollback, error) {
	var rollback ledger.DedupRollback
	err := w.dedupOf(ctx, id, func(d *deduping, record *dedupRecord) error {
		d.look(w.snapshotTable(w.options.Tables.Tracks))
		if err := d.find(ctx); err != nil {
			return err
		}
		if record.applied && !record.rolledBack {
			if err := d.takeBack(ctx, id); err != nil {
				return err
			}
		}
		if err := d.verifyRestored(ctx, &rollback); err != nil {
			return err
		}
		if _, err := d.exec(ctx, "record_rolled_back"); err != nil {
			return err
		}
		return d.forget(ctx)
	})
	return rollback, err
}

func (d *deduping) takeBack(ctx context.Context, id string) error {
	if err := d.guardKeys(ctx, false); err != nil { // a few keys would pass for all of them
		return err
	}
	var rows, asLeft, withoutKey int64
	if err := d.queryRow(ctx, "affected", &rows, &asLeft, &withoutKey); err != nil {
		return err
	}
	if rows != asLeft || asLeft != d.repeated || withoutKey != 0 {
		return &warehouse.ChangedSinceError{ID: id, Events: max(d.repeated-asLeft, rows-asLeft) + withoutKey}
	}
	if d.excess().NoKey > 0 {
		if _, err := d.exec(ctx, "allow_null"); err != nil {
			return err
		}
	}
	d.fill["source_keys"] = d.warehouse.snapshotTable(d.warehouse.options.Tables.TracksKeys)
	if err := d.touch(ctx, touching{"restore_remove", d.repeated}, touching{"restore_insert", d.touched()}); err != nil {
		return err
	}
	for _, step := range []string{"restored_keys", "remove_keys", "insert_keys", "restore_rejects"} {
		if _, err := d.exec(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

// touched is how many rows the events of a dedup had before it.
func (d *deduping) touched() int64 { return d.repeated + d.excess().Total() }

func (d *deduping) verifyRestored(ctx context.Context, rollback *ledger.DedupRollback) error {
	var rows, asBefore int64
	if err := d.queryRow(ctx, "restored", &rows, &asBefore, &rollback.Rows); err != nil {
		return err
	}
	if rows != d.touched() || asBefore != rows {
		return &warehouse.InvariantError{
			Law:   law("the events of the dedup must have the %d rows of the snapshot", d.touched()),
			Found: law("they have %d, %d of them as the snapshot has them", rows, asBefore),
		}
	}
	rollback.Restored = rows
	return nil
}
