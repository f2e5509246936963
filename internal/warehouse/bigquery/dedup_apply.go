package bigquery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	bq "cloud.google.com/go/bigquery"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// dedupState is what a dedup has to know of the other writers.
type dedupState struct {
	Fence      int64 `bigquery:"fence"`
	Rebuilding bool  `bigquery:"rebuilding"`
	// HasNone is set when tracks has rows and tracks_keys has none.
	HasNone bool `bigquery:"has_none"`
}

// ApplyDedup removes the excess rows that somebody approved. What stays of the
// repeated events is built next to tracks and counted; then one transaction puts it
// in their place, writes tracks_keys and merge_rejects, and commits only when tracks
// is what follows from the snapshot. Calling it again for the same order returns what
// was done the first time.
//
// It returns a *warehouse.MovedError when tracks is not what the snapshot holds, a
// *warehouse.PlanChangedError when the excess rows are not the approved ones, and a
// *warehouse.InvariantError when the result would break a law.
func (w *Warehouse) ApplyDedup(ctx context.Context, order ledger.DedupOrder) (ledger.Dedup, error) {
	d, record, err := w.recorded(ctx, order.ID)
	if err != nil {
		return ledger.Dedup{}, err
	}
	if record.Applied {
		return record.dedup(), nil
	}
	dedup, err := d.apply(ctx, order, record)
	if err == nil || ctx.Err() != nil {
		return dedup, err
	}
	// The job of an earlier attempt may have got through in between, and moved tracks.
	if now, reading := d.record(ctx); reading == nil && now != nil && now.Applied {
		return now.dedup(), nil
	}
	if broken, ok := errors.AsType[*warehouse.InvariantError](err); ok {
		if state, asking := askOne[dedupState](ctx, d.script, "state"); asking == nil && state.Fence != record.Fence {
			return ledger.Dedup{}, &warehouse.MovedError{Tracks: w.options.Tables.Name(), Since: "the snapshot"}
		}
		return ledger.Dedup{}, broken
	}
	return ledger.Dedup{}, err
}

func (d *deduping) apply(ctx context.Context, order ledger.DedupOrder, record *dedupRecord) (ledger.Dedup, error) {
	if err := d.guard(ctx, record); err != nil {
		return ledger.Dedup{}, err
	}
	if err := d.find(ctx); err != nil {
		return ledger.Dedup{}, err
	}
	if d.excess().Total() != order.Excess || !slices.Equal(d.days, order.Days) {
		return ledger.Dedup{}, &warehouse.PlanChangedError{
			Tracks: d.warehouse.options.Tables.Name(), Approved: order.Excess, Found: d.excess().Total(),
		}
	}
	dedup := ledger.Dedup{
		Rows: record.Rows - order.Excess, Removed: order.Excess, Rejected: d.totals.Rejected, Rewritten: d.totals.Content,
	}
	d.check(order)
	var err error
	if dedup.KeysMended, err = d.build(ctx, dedup.Rows); err != nil {
		return ledger.Dedup{}, err
	}
	return dedup, d.swap(ctx, order, record, dedup)
}

// check says which days are compared with the snapshot: those that are written again.
func (d *deduping) check(order ledger.DedupOrder) {
	if order.WholeTable {
		d.fill["checked_ranges"] = "TRUE"
	}
}

// checksum says how a checksum of each column is made of rows t, and how those that
// differ between e and f are named. The columns are those that the table really has.
func (d *deduping) checksum(columns map[string]bq.FieldType) {
	sums, unlike := make([]string, 0, len(columns)), make([]string, 0, len(columns))
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		value := fmt.Sprintf("IF(t.`%[1]s` IS NULL, '', CONCAT(CHR(31), TO_JSON_STRING(t.`%[1]s`)))", name)
		sums = append(sums, fmt.Sprintf("BIT_XOR(FARM_FINGERPRINT(CONCAT(t.event_id, %s))) AS `%s`", value, name))
		unlike = append(unlike, fmt.Sprintf("IF(LOGICAL_OR(e.checksums.`%[1]s` != f.checksums.`%[1]s`), '%[1]s', NULL)", name))
	}
	d.fill["checksums"] = "STRUCT(\n  " + strings.Join(sums, ",\n  ") + "\n)"
	d.fill["unlike_columns"] = "[\n  " + strings.Join(unlike, ",\n  ") + "\n]"
}

// guard makes sure that tracks is what the snapshot holds, and that nobody is
// half-way through rebuilding tracks_keys.
func (d *deduping) guard(ctx context.Context, record *dedupRecord) error {
	tables := d.warehouse.options.Tables
	state, err := askOne[dedupState](ctx, d.script, "state")
	if err != nil {
		return err
	}
	if state.Rebuilding {
		return tables.KeysMissing(true)
	}
	if state.Fence != record.Fence {
		return &warehouse.MovedError{Tracks: tables.Name(), Since: "the snapshot"}
	}
	defer func() { d.fill["source"] = d.fill["snapshot"] }()
	for _, compared := range []struct{ source, since string }{
		{d.fill["tracks"], "the snapshot"},
		{d.fill["snapshot"], "its own snapshot, which is damaged"},
	} {
		d.fill["source"] = compared.source
		now, err := askOne[position](ctx, d.script, "position")
		if err != nil {
			return err
		}
		if now != record.position() {
			return &warehouse.MovedError{Tracks: tables.Name(), Since: compared.since}
		}
	}
	return nil
}

// build makes, next to tracks, the keys and the checksums as they have to be, and
// counts. It returns how many events that are not touched get other keys.
func (d *deduping) build(ctx context.Context, rows int64) (mended int64, err error) {
	for _, step := range []string{"drifted", "keys", "expected"} {
		if _, err := d.do(ctx, d.key, step); err != nil {
			return 0, err
		}
	}
	counted, err := askOne[struct {
		Drifted     int64 `bigquery:"drifted"`
		Keys        int64 `bigquery:"key_count"`
		WithRow     int64 `bigquery:"with_row"`
		KeyedEvents int64 `bigquery:"keyed_events"`
		Events      int64 `bigquery:"events"`
	}](ctx, d.script, "counted")
	switch {
	case err != nil:
		return 0, err
	case counted.Events != rows:
		return 0, &warehouse.InvariantError{
			Law:   fmt.Sprintf("a dedup must leave a row of each of the %d events of the snapshot", counted.Events),
			Found: fmt.Sprintf("it would leave %d", rows),
		}
	case counted.Keys != counted.KeyedEvents || counted.Keys != d.totals.Repeated+counted.WithRow:
		return 0, &warehouse.InvariantError{
			Law:   fmt.Sprintf("each of %d events must get one key", d.totals.Repeated+counted.WithRow),
			Found: fmt.Sprintf("there are %d keys of %d events", counted.Keys, counted.KeyedEvents),
		}
	}
	return counted.Drifted, nil
}

// swap runs the transaction, with no statement that has nothing to do: each is billed
// for what it looks at.
func (d *deduping) swap(ctx context.Context, order ledger.DedupOrder, record *dedupRecord, dedup ledger.Dedup) error {
	d.bind["fence"] = record.Fence
	d.bind["rows_after"] = dedup.Rows
	d.bind["removed"], d.bind["rejected"] = dedup.Removed, dedup.Rejected
	d.bind["rewritten"], d.bind["keys_mended"] = dedup.Rewritten, dedup.KeysMended
	steps := []string{"begin", "fence", "move_fence"}
	if order.WholeTable {
		steps = append(steps, "remove_all", "insert_all")
	} else {
		steps = append(steps, "remove_rows")
		if d.excess().NoKey > 0 {
			steps = append(steps, "remove_unkeyed")
		}
		steps = append(steps, "insert_rows")
	}
	steps = append(steps, "remove_keys", "insert_keys")
	if dedup.Rejected > 0 {
		steps = append(steps, "insert_rejects")
	}
	_, err := d.do(ctx, d.key, append(steps, "verify_events", "verify_days", "verify_sizes", "record_applied", "commit")...)
	return err
}

// VerifyDedup looks at tracks as readers see it after a dedup, and compares it with
// the snapshot from before. It returns a *warehouse.InvariantError when a law is
// broken.
func (w *Warehouse) VerifyDedup(ctx context.Context, order ledger.DedupOrder) error {
	d, record, err := w.recorded(ctx, order.ID)
	if err != nil {
		return err
	}
	if err := d.find(ctx); err != nil {
		return err
	}
	d.check(order)
	d.bind["rows_after"] = record.dedup().Rows
	for _, step := range []string{"verify_events", "verify_days", "verify_sizes", "record_verified"} {
		if err := d.fresh(ctx, step); err != nil {
			return err
		}
	}
	return nil
}
