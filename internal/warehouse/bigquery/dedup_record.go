package bigquery

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	bq "cloud.google.com/go/bigquery"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// dedupRecord is what tracks_dedups holds of one dedup.
type dedupRecord struct {
	Snapshot    string       `bigquery:"snapshot"`
	Rows        int64        `bigquery:"rows_before"`
	Fence       int64        `bigquery:"fence_before"`
	Fingerprint int64        `bigquery:"fingerprint_before"`
	ExpiresAt   time.Time    `bigquery:"expires_at"`
	OrderedAt   time.Time    `bigquery:"ordered_at"`
	Approved    int64        `bigquery:"approved"`
	RowsAfter   bq.NullInt64 `bigquery:"rows_after"`
	Removed     bq.NullInt64 `bigquery:"removed"`
	Rejected    bq.NullInt64 `bigquery:"rejected"`
	Rewritten   bq.NullInt64 `bigquery:"rewritten"`
	KeysMended  bq.NullInt64 `bigquery:"keys_mended"`
	Applied     bool         `bigquery:"applied"`
	RolledBack  bool         `bigquery:"rolled_back"`
	Dropped     bool         `bigquery:"dropped"`
}

func (r *dedupRecord) snapshot() ledger.Snapshot {
	return ledger.Snapshot{Name: r.Snapshot, Rows: r.Rows, ExpiresAt: r.ExpiresAt.UTC()}
}

func (r *dedupRecord) dedup() ledger.Dedup {
	return ledger.Dedup{
		Rows: r.RowsAfter.Int64, Removed: r.Removed.Int64, Rejected: r.Rejected.Int64,
		Rewritten: r.Rewritten.Int64, KeysMended: r.KeysMended.Int64,
	}
}

// position is where tracks stood at the snapshot.
func (r *dedupRecord) position() position { return position{Rows: r.Rows, Fingerprint: r.Fingerprint} }

// record reads what is recorded of the dedup; nil when there is nothing.
func (d *deduping) record(ctx context.Context) (*dedupRecord, error) {
	found, err := ask[dedupRecord](ctx, d.script, "record")
	if err != nil || len(found) == 0 {
		return nil, err
	}
	d.nameSnapshots(found[0].OrderedAt)
	d.bind["expires_at"] = found[0].ExpiresAt.UTC()
	return &found[0], nil
}

// recorded is a recorded dedup that still has its snapshot, ready for its statements.
func (w *Warehouse) recorded(ctx context.Context, id string) (*deduping, *dedupRecord, error) {
	if err := w.ensure(ctx); err != nil {
		return nil, nil, err
	}
	d := w.deduping(id, time.Time{})
	record, err := d.record(ctx)
	switch {
	case err != nil:
		return nil, nil, err
	case record == nil:
		return nil, nil, &warehouse.SnapshotGoneError{ID: id, Why: "there is no such dedup"}
	case record.Dropped:
		return nil, nil, &warehouse.SnapshotGoneError{ID: id, Why: "its snapshot has been dropped"}
	}
	for _, table := range []string{"tracks", "tracks_keys"} {
		name := d.snapshotName(table)
		columns, err := w.columns(ctx, name)
		if err != nil {
			return nil, nil, fmt.Errorf("look at snapshot %s: %w", name, err)
		}
		if columns == nil {
			return nil, nil, &warehouse.SnapshotGoneError{ID: id, Why: "its snapshot " + name + " is not there"}
		}
		if table == "tracks" {
			d.checksum(columns)
		}
	}
	return d, record, nil
}

// nameSnapshots gives the snapshots the instant of the order, for people, and the
// dedup's hash, so that no two share one.
func (d *deduping) nameSnapshots(orderedAt time.Time) {
	d.bind["source_object"] = d.warehouse.options.Tables.Name()
	d.bind["source_generation"] = orderedAt.UnixMicro()
	for placeholder, table := range map[string]string{"snapshot": "tracks", "keys_snapshot": "tracks_keys"} {
		name := d.tableName(d.warehouse.tableOf(table) + "_before_dedup_" + orderedAt.UTC().Format("20060102T150405"))
		_, d.fill[placeholder] = d.warehouse.table(name)
	}
	d.fill["source"] = d.fill["snapshot"]
}

// snapshotName is the name of a table's snapshot within the dataset.
func (d *deduping) snapshotName(table string) string {
	placeholder := map[string]string{"tracks": "snapshot", "tracks_keys": "keys_snapshot"}[table]
	quoted := strings.Trim(d.fill[placeholder], "`")
	return quoted[strings.LastIndexByte(quoted, '.')+1:]
}

// SnapshotTracks makes snapshots of tracks and tracks_keys, and records them. Calling
// it again for the same order returns the first ones. BigQuery drops them when their
// time is over.
func (w *Warehouse) SnapshotTracks(ctx context.Context, order ledger.DedupOrder) (ledger.Snapshot, error) {
	if err := w.ensure(ctx); err != nil {
		return ledger.Snapshot{}, err
	}
	d := w.deduping(order.ID, order.ExpiresAt)
	known, err := d.record(ctx)
	if err != nil {
		return ledger.Snapshot{}, err
	}
	if known != nil {
		return known.snapshot(), nil
	}
	d.nameSnapshots(order.OrderedAt)
	state, err := askOne[dedupState](ctx, d.script, "state")
	if err != nil {
		return ledger.Snapshot{}, err
	}
	for _, step := range []string{"keys_snapshot", "snapshot"} {
		if _, err := d.do(ctx, d.key, step); err != nil {
			return ledger.Snapshot{}, err
		}
	}
	was, err := askOne[position](ctx, d.script, "position")
	if err != nil {
		return ledger.Snapshot{}, err
	}
	days, err := json.Marshal(order.Days)
	if err != nil {
		return ledger.Snapshot{}, fmt.Errorf("encode days: %w", err)
	}
	d.bind["workflow_id"], d.bind["approved"], d.bind["days"] = order.Run.WorkflowID, order.Excess, string(days)
	d.bind["ordered_at"], d.bind["snapshot"] = order.OrderedAt.UTC(), d.warehouse.options.Tables.Dataset+"."+d.snapshotName("tracks")
	d.bind["rows_before"], d.bind["fence_before"], d.bind["fingerprint_before"] = was.Rows, state.Fence, was.Fingerprint
	if err := d.fresh(ctx, "record_snapshot"); err != nil {
		return ledger.Snapshot{}, err
	}
	known, err = d.record(ctx)
	if err == nil && known == nil {
		err = fmt.Errorf("the snapshot of dedup %s was recorded and is not in %s", order.ID, d.warehouse.tableOf("tracks_dedups"))
	}
	if err != nil {
		return ledger.Snapshot{}, err
	}
	return known.snapshot(), nil
}

// DropSnapshot drops the snapshots of an order, which can then not be taken back, and
// all whose time is over. There may be none, or one that was made and not recorded,
// which the order's instant names. With unlessApplied the snapshot of a dedup that was
// done stays, and is returned.
func (w *Warehouse) DropSnapshot(ctx context.Context, order ledger.DedupOrder, unlessApplied bool) (*ledger.Snapshot, error) {
	if err := w.ensure(ctx); err != nil {
		return nil, err
	}
	d := w.deduping(order.ID, time.Time{})
	record, err := d.record(ctx)
	switch {
	case err != nil:
		return nil, err
	case record == nil && !order.OrderedAt.IsZero():
		d.nameSnapshots(order.OrderedAt)
		if err := d.dropSnapshots(ctx); err != nil {
			return nil, err
		}
	case record == nil || record.Dropped:
	case unlessApplied && record.Applied && !record.RolledBack:
		kept := record.snapshot()
		return &kept, w.sweep(ctx, d)
	default:
		if err := d.drop(ctx); err != nil {
			return nil, err
		}
	}
	return nil, w.sweep(ctx, d)
}

// sweep drops what dedups of the past have left.
func (w *Warehouse) sweep(ctx context.Context, d *deduping) error {
	expired, err := ask[struct {
		ID        string    `bigquery:"dedup_id"`
		OrderedAt time.Time `bigquery:"ordered_at"`
	}](ctx, d.script, "expired")
	if err != nil {
		return err
	}
	for _, past := range expired {
		old := w.deduping(past.ID, time.Time{})
		old.nameSnapshots(past.OrderedAt)
		if err := old.drop(ctx); err != nil {
			return err
		}
	}
	return nil
}

// drop drops the snapshots and all that the dedup worked with.
func (d *deduping) drop(ctx context.Context) error {
	if err := d.dropSnapshots(ctx); err != nil {
		return err
	}
	d.dropTables(ctx)
	return d.fresh(ctx, "record_dropped")
}

func (d *deduping) dropSnapshots(ctx context.Context) error {
	for _, name := range []string{d.snapshotName("tracks"), d.snapshotName("tracks_keys")} {
		if err := d.warehouse.dropSnapshot(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// dropSnapshot drops a snapshot, which may be gone. Who may not drop it leaves it to
// its expiry: writing a dataset does not include that.
func (w *Warehouse) dropSnapshot(ctx context.Context, name string) error {
	table, _ := w.table(name)
	err := w.jobs.insist(ctx, table.Delete)
	switch {
	case err == nil, missing(err), forbidden(err):
		return nil
	case ctx.Err() != nil:
		return ended(ctx, err)
	default:
		return fmt.Errorf("drop snapshot %s: %w", name, explain("", err))
	}
}
