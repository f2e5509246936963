//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// dedupRecord is what tracks_dedups holds of one dedup.
type dedupRecord struct {
	order     ledger.DedupOrder
	snapshot  ledger.Snapshot
	fence     string
	checksums map[string]string
	dedup     ledger.Dedup

	applied, rolledBack, dropped bool
}

// record reads what is recorded of a dedup; nil when there is nothing.
func (d *deduping) record(ctx context.Context, id string) (*dedupRecord, error) {
	d.bind["id"] = id
	d.bind["now"] = time.Now().UTC()
	var found *dedupRecord
	err := d.query(ctx, "record", func(rows *databasesql.Rows) error {
		r := dedupRecord{order: ledger.DedupOrder{ID: id}}
		var days string
		var checksums databasesql.Null[string]
		var counts [5]databasesql.Null[int64]
		if err := rows.Scan(&r.snapshot.Name, &r.snapshot.Rows, &r.fence, &r.snapshot.Bytes, &r.snapshot.ExpiresAt, &r.order.OrderedAt,
			&r.order.Excess, &days, &checksums, &counts[0], &counts[1], &counts[2], &counts[3], &counts[4],
			&r.applied, &r.rolledBack, &r.dropped); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(days), &r.order.Days); err != nil {
			return fmt.Errorf("decode days: %w", err)
		}
		if checksums.Valid {
			if err := json.Unmarshal([]byte(checksums.V), &r.checksums); err != nil {
				return fmt.Errorf("decode checksums: %w", err)
			}
		}
		r.snapshot.ExpiresAt, r.order.OrderedAt = r.snapshot.ExpiresAt.UTC(), r.order.OrderedAt.UTC()
		r.dedup = ledger.Dedup{
			Rows: counts[0].V, Removed: counts[1].V, Rejected: counts[2].V, Rewritten: counts[3].V, KeysMended: counts[4].V,
		}
		found = &r
		return nil
	})
	if found != nil {
		d.bind["source_object"] = d.warehouse.options.Tables.Name()
		d.bind["source_generation"] = found.order.OrderedAt.UnixMicro()
	}
	return found, err
}

// usable makes sure that a recorded dedup still has its snapshot.
func (r *dedupRecord) usable(id string) error {
	switch {
	case r == nil:
		return &warehouse.SnapshotGoneError{ID: id, Why: "there is no such dedup"}
	case r.dropped:
		return &warehouse.SnapshotGoneError{ID: id, Why: "its snapshot has been dropped"}
	}
	if _, err := os.Stat(r.snapshot.Name); errors.Is(err, fs.ErrNotExist) {
		return &warehouse.SnapshotGoneError{ID: id, Why: "its snapshot " + r.snapshot.Name + " is not there"}
	}
	return nil
}

// SnapshotTracks copies the warehouse file and records the copy. Calling it again
// for the same order returns the first copy.
func (w *Warehouse) SnapshotTracks(ctx context.Context, order ledger.DedupOrder) (ledger.Snapshot, error) {
	known, err := w.lookUp(ctx, order.ID)
	if err != nil {
		return ledger.Snapshot{}, err
	}
	if known != nil {
		return known.snapshot, nil
	}
	snapshot := ledger.Snapshot{ExpiresAt: order.ExpiresAt.UTC()}
	snapshot.Name = w.snapshotPath(order)
	if snapshot.Bytes, err = w.copyTo(ctx, snapshot.Name); err != nil {
		return ledger.Snapshot{}, err
	}
	err = w.dedup(ctx, snapshot.Name, func(d *deduping) error {
		var fence string
		d.look(w.snapshotTable(w.options.Tables.Tracks))
		if err := d.queryRow(ctx, "fence", &snapshot.Rows, &fence); err != nil {
			return err
		}
		days, err := json.Marshal(order.Days)
		if err != nil {
			return fmt.Errorf("encode days: %w", err)
		}
		maps.Copy(d.bind, map[string]any{
			"id": order.ID, "workflow_id": order.Run.WorkflowID, "approved": order.Excess, "days": string(days),
			"ordered_at": order.OrderedAt.UTC(), "snapshot": snapshot.Name, "snapshot_bytes": snapshot.Bytes,
			"rows_before": snapshot.Rows, "fence_before": fence, "expires_at": snapshot.ExpiresAt,
		})
		_, err = d.exec(ctx, "record_snapshot")
		return err
	})
	if err != nil {
		return ledger.Snapshot{}, err
	}
	return snapshot, nil
}

// snapshotPath names the copy by the instant of its order.
func (w *Warehouse) snapshotPath(order ledger.DedupOrder) string {
	return w.options.Path + ".before-dedup-" + order.OrderedAt.UTC().Format("20060102T150405")
}

// lookUp reads the record outside of any transaction of ours.
func (w *Warehouse) lookUp(ctx context.Context, id string) (record *dedupRecord, err error) {
	err = w.read(ctx, "dedup", func(s *session) error {
		record, err = (&deduping{session: s, warehouse: w}).record(ctx, id)
		return err
	})
	return record, err
}

// DropSnapshot drops the snapshot of an order, which can then not be taken back, and
// all snapshots whose time is over. There may be none, or one that was made and not
// recorded, which the order's instant names. With unlessApplied the snapshot of a dedup
// that was done stays, and is returned.
func (w *Warehouse) DropSnapshot(ctx context.Context, order ledger.DedupOrder, unlessApplied bool) (kept *ledger.Snapshot, err error) {
	err = w.write(ctx, "dedup", func(s *session) error {
		d := deduping{session: s, warehouse: w}
		r, err := d.record(ctx, order.ID)
		if err != nil {
			return err
		}
		drop := make(map[string]string)
		switch {
		case r == nil && !order.OrderedAt.IsZero():
			drop[order.ID] = w.snapshotPath(order)
		case r == nil || r.dropped:
		case unlessApplied && r.applied && !r.rolledBack:
			kept = &r.snapshot
		default:
			drop[order.ID] = r.snapshot.Name
		}
		err = d.query(ctx, "expired", func(rows *databasesql.Rows) error {
			var expired, name string
			err := rows.Scan(&expired, &name)
			drop[expired] = name
			return err
		})
		if err != nil {
			return err
		}
		return d.drop(ctx, drop)
	})
	return kept, err
}

// drop removes snapshots, by the id of their dedup.
func (d *deduping) drop(ctx context.Context, snapshots map[string]string) error {
	for id, name := range snapshots {
		for _, file := range []string{name, name + unfinished} {
			if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("drop snapshot: %w", err)
			}
		}
		d.bind["id"] = id
		if _, err := d.exec(ctx, "record_dropped"); err != nil {
			return err
		}
	}
	return nil
}

// dedupOf runs fn in a transaction, alone, on a recorded dedup whose snapshot is
// attached.
func (w *Warehouse) dedupOf(ctx context.Context, id string, fn func(*deduping, *dedupRecord) error) error {
	known, err := w.lookUp(ctx, id)
	if err != nil {
		return err
	}
	if err := known.usable(id); err != nil {
		return err
	}
	return w.dedup(ctx, known.snapshot.Name, func(d *deduping) error {
		record, err := d.record(ctx, id)
		if err != nil {
			return err
		}
		return fn(d, record)
	})
}

// dedup runs fn in a transaction, alone, with a snapshot attached.
func (w *Warehouse) dedup(ctx context.Context, snapshot string, fn func(*deduping) error) error {
	select {
	case <-w.writer:
		defer func() { w.writer <- struct{}{} }()
	case <-ctx.Done():
		return fmt.Errorf("wait for the other writer: %w", ctx.Err())
	}
	return w.read(ctx, "dedup", func(s *session) error {
		s.before = w.options.BeforeStep
		d := deduping{session: s, warehouse: w}
		return s.withSnapshot(ctx, snapshot, func() error {
			return s.transact(ctx, func() error { return fn(&d) })
		})
	})
}

func law(format string, args ...any) string { return fmt.Sprintf(format, args...) }
