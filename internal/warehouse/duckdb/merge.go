//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// MergeLoad merges the rows of a load into tracks and books the counts, all or
// nothing. Calling it again for the same load returns the counts of the first time.
//
// It returns a *warehouse.LoadUnknownError when the ledger has no such load, a
// *warehouse.KeysMissingError when tracks_keys has yet to be built, and a
// *warehouse.InvariantError when a law would have been broken.
func (w *Warehouse) MergeLoad(ctx context.Context, win window.Window, loadID string) (ledger.Merge, error) {
	var merge ledger.Merge
	err := w.write(ctx, "merge", func(s *session) error {
		load, err := w.load(ctx, s.conn, win, loadID)
		switch {
		case err != nil:
			return err
		case load == nil:
			return &warehouse.LoadUnknownError{Window: win.String(), LoadID: loadID}
		case load.Merge != nil:
			merge = *load.Merge
			return nil
		}
		m := merging{warehouse: w, session: s, load: *load}
		if err := m.run(ctx); err != nil {
			return err
		}
		merge = m.counts
		return nil
	})
	return merge, err
}

// merging is one merge in progress.
type merging struct {
	*session
	warehouse *Warehouse
	load      ledger.Load
	counts    ledger.Merge
	advanced  int64
}

func (m *merging) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{m.look, m.change, m.reject, m.record} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// look finds out what the merge will do, and changes nothing.
func (m *merging) look(ctx context.Context) error {
	m.bind["window"] = m.load.Window.Start()
	m.bind["load_id"] = m.load.ID
	m.bind["cutover"] = m.warehouse.options.Cutover.UTC()
	m.bind["ingested_at"] = m.load.IngestedAt.UTC()
	if err := m.guard(ctx); err != nil {
		return err
	}
	return m.classify(ctx)
}

// guard makes sure that tracks_keys can be relied on and that raw_tracks holds
// the load that the ledger speaks of.
func (m *merging) guard(ctx context.Context) error {
	var hasRows, hasKeys, rebuilding bool
	var loaded int64
	if err := m.queryRow(ctx, "guard", &hasRows, &hasKeys, &rebuilding, &loaded); err != nil {
		return err
	}
	if rebuilding || hasRows && !hasKeys {
		return m.warehouse.options.Tables.KeysMissing(rebuilding)
	}
	if loaded != m.load.Rows.Loaded {
		return &warehouse.InvariantError{
			Law:   fmt.Sprintf("window %s must hold the %d rows of load %s", m.load.Window, m.load.Rows.Loaded, m.load.ID),
			Found: fmt.Sprintf("%s holds %d of it", m.warehouse.options.Tables.RawTracks, loaded),
		}
	}
	return nil
}

// classify finds out what becomes of every row.
func (m *merging) classify(ctx context.Context) error {
	m.fill["batch_repeats"] = repeats(m.load.Rows.Loaded)
	for _, step := range []string{"batch", "known", "classify"} {
		if _, err := m.exec(ctx, step); err != nil {
			return err
		}
	}
	var unchanged int64
	if err := m.queryRow(ctx, "count", &m.counts.Inserted, &m.counts.Updated, &unchanged, &m.advanced,
		&m.counts.Collided, &m.counts.BeforeCutover); err != nil {
		return err
	}
	m.counts.Unchanged = unchanged + m.advanced
	if m.counts.Total() != m.load.Rows.Loaded {
		return &warehouse.InvariantError{
			Law:   fmt.Sprintf("the %d loaded rows must all be accounted for", m.load.Rows.Loaded),
			Found: fmt.Sprintf("%d are", m.counts.Total()),
		}
	}
	return m.compareKeys(ctx)
}

// compareKeys makes sure that the events of the batch will have one key each.
func (m *merging) compareKeys(ctx context.Context) error {
	var events, known int64
	if err := m.queryRow(ctx, "events", &events, &known); err != nil {
		return err
	}
	if events != known+m.counts.Inserted {
		return &warehouse.InvariantError{
			Law:   fmt.Sprintf("the %d events of the batch must have one key each", events),
			Found: fmt.Sprintf("%d have one and %d get one", known, m.counts.Inserted),
		}
	}
	return nil
}

// change writes tracks and tracks_keys, and insists on exactly as many rows as
// were classified: another number means that the two tables disagree. Only of rows to
// remove there may be more, where older tools wrote some twice.
func (m *merging) change(ctx context.Context) error {
	for _, loads := range []struct{ step, stamp string }{
		{"changed_loads", "t.bq_ingested_timestamp"}, {"known_loads", "k.bq_ingested_timestamp"},
	} {
		stamps, err := column[databasesql.Null[time.Time]](ctx, m.session, loads.step)
		if err != nil {
			return err
		}
		m.fill[loads.step] = isOneOf(loads.stamp, stamps)
	}
	m.fill["changed_repeats"] = repeats(m.counts.Updated)
	written := m.counts.Inserted + m.counts.Updated
	for _, step := range []struct {
		name        string
		least, most int64
	}{
		{"remove_changed", m.counts.Updated, math.MaxInt64},
		{"insert_rows", written, written},
		{"remove_keys", m.counts.Updated + m.advanced, m.counts.Updated + m.advanced},
		{"insert_keys", written + m.advanced, written + m.advanced},
	} {
		rows, err := m.exec(ctx, step.name)
		if err != nil {
			return err
		}
		if rows < step.least || rows > step.most {
			return &warehouse.InvariantError{
				Law:   fmt.Sprintf("%s must touch %d rows", step.name, step.least),
				Found: fmt.Sprintf("it touched %d: tracks and tracks_keys have drifted apart, see \"starter keys verify\"", rows),
			}
		}
	}
	return nil
}

// repeats is how often a list of so many rows says everything to be a good filter, see
// merge.sql: the shorter, the more often, for the list must be held in memory.
func repeats(rows int64) string {
	const enough, most = 200_000, 32
	return strconv.FormatInt(min(most, enough/max(1, rows)+1), 10)
}

func (m *merging) reject(ctx context.Context) error {
	if _, err := m.exec(ctx, "remove_rejects"); err != nil {
		return err
	}
	_, err := m.exec(ctx, "insert_rejects")
	return err
}

func (m *merging) record(ctx context.Context) error {
	m.bind["inserted"] = m.counts.Inserted
	m.bind["updated"] = m.counts.Updated
	m.bind["unchanged"] = m.counts.Unchanged
	m.bind["collided"] = m.counts.Collided
	m.bind["before_cutover"] = m.counts.BeforeCutover
	m.bind["merged_at"] = time.Now().UTC()
	for _, step := range []string{"record", "drop_verdict", "drop_known", "drop_batch"} {
		if _, err := m.exec(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

// column collects the only column of a step's rows.
func column[T any](ctx context.Context, s *session, step string) ([]T, error) {
	var values []T
	err := s.query(ctx, step, func(rows *databasesql.Rows) error {
		var value T
		if err := rows.Scan(&value); err != nil {
			return err
		}
		values = append(values, value)
		return nil
	})
	return values, err
}
