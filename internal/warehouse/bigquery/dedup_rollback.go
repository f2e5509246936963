package bigquery

import (
	"context"
	"fmt"

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
	d, record, err := w.recorded(ctx, id)
	if err != nil {
		return ledger.DedupRollback{}, err
	}
	if err := d.find(ctx); err != nil {
		return ledger.DedupRollback{}, err
	}
	if record.Applied && !record.RolledBack {
		err = d.takeBack(ctx)
		// The job of an earlier attempt may have got through in between.
		if now, reading := d.record(ctx); err != nil && ctx.Err() == nil && reading == nil && now != nil && now.RolledBack {
			err = nil
		}
	} else {
		err = d.fresh(ctx, "verify_restored")
	}
	if err != nil {
		return ledger.DedupRollback{}, err
	}
	size, err := askOne[struct {
		Rows int64 `bigquery:"row_count"`
	}](ctx, d.script, "size")
	return ledger.DedupRollback{Rows: size.Rows, Restored: d.totals.Touched}, err
}

func (d *deduping) takeBack(ctx context.Context) error {
	state, err := askOne[dedupState](ctx, d.script, "state")
	if err != nil {
		return err
	}
	if state.Rebuilding || state.HasNone { // a few keys would pass for all of them
		return d.warehouse.options.Tables.KeysMissing(state.Rebuilding)
	}
	now, err := askOne[struct {
		Rows    int64 `bigquery:"row_count"`
		AsLeft  int64 `bigquery:"as_left"`
		Unkeyed int64 `bigquery:"unkeyed"`
	}](ctx, d.script, "affected")
	if err != nil {
		return err
	}
	if now.Rows != now.AsLeft || now.AsLeft != d.totals.Repeated || now.Unkeyed != 0 {
		return &warehouse.ChangedSinceError{ID: d.key, Events: max(d.totals.Repeated-now.AsLeft, now.Rows-now.AsLeft) + now.Unkeyed}
	}
	d.bind["fence"] = state.Fence
	// What was prepared before another's write is prepared again.
	key := fmt.Sprintf("%s-back-%d", d.key, state.Fence)
	if _, err := d.do(ctx, key, "restored_keys"); err != nil {
		return err
	}
	_, err = d.do(ctx, key,
		"begin", "fence", "move_fence", "restore_remove", "restore_insert",
		"restore_remove_keys", "restore_keys", "restore_rejects", "verify_restored", "record_rolled_back", "commit")
	return err
}
