package bigquery

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/civil"

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
	if err := w.ensure(ctx); err != nil {
		return ledger.Merge{}, err
	}
	load, err := w.loadByID(ctx, win, loadID)
	switch {
	case err != nil:
		return ledger.Merge{}, err
	case load == nil:
		return ledger.Merge{}, &warehouse.LoadUnknownError{Window: win.String(), LoadID: loadID}
	case load.Merge != nil:
		return *load.Merge, nil
	}
	m := merging{script: w.script("merge", win), load: *load}
	for _, step := range []func(context.Context) error{m.prepare, m.classify, m.write} {
		if err := step(ctx); err != nil {
			return ledger.Merge{}, err
		}
	}
	m.dropVerdict(ctx)
	// The load is merged, whether or not its cost gets into the ledger.
	_ = m.bookCost(ctx, m.load)
	return m.counts, nil
}

// merging is one merge in progress.
type merging struct {
	*script
	load   ledger.Load
	counts ledger.Merge
	plan   mergePlan
	// key names the jobs of this merge. The fence is part of it: what was prepared
	// before another's write is prepared again.
	key string
}

// mergeState is what a merge has to know before it begins.
type mergeState struct {
	Fence         int64   `bigquery:"fence"`
	HasRows       bool    `bigquery:"has_rows"`
	HasKeys       bool    `bigquery:"has_keys"`
	Rebuilding    bool    `bigquery:"rebuilding"`
	Loaded        int64   `bigquery:"loaded"`
	BeforeCutover int64   `bigquery:"before_cutover"`
	Buckets       []int64 `bigquery:"buckets"`
}

// mergePlan is what becomes of the deliveries, and where the rows to change are.
type mergePlan struct {
	Inserted       int64        `bigquery:"inserted"`
	Updated        int64        `bigquery:"updated"`
	Unchanged      int64        `bigquery:"unchanged"`
	Advanced       int64        `bigquery:"advanced"`
	Collided       int64        `bigquery:"collided"`
	ChangedDays    []civil.Date `bigquery:"changed_days"`
	ChangedBuckets []int64      `bigquery:"changed_buckets"`
}

// prepare makes sure that tracks_keys can be relied on and that raw_tracks holds
// the load that the ledger speaks of.
func (m *merging) prepare(ctx context.Context) error {
	m.bind["load_id"] = m.load.ID
	m.bind["cutover"] = m.warehouse.options.Cutover.UTC()
	m.bind["ingested_at"] = m.load.IngestedAt.UTC()
	state, err := askOne[mergeState](ctx, m.script, "state")
	if err != nil {
		return err
	}
	tables := m.warehouse.options.Tables
	switch {
	case state.Rebuilding || state.HasRows && !state.HasKeys:
		return tables.KeysMissing(state.Rebuilding)
	case state.Loaded != m.load.Rows.Loaded:
		return &warehouse.InvariantError{
			Law:   fmt.Sprintf("window %s must hold the %d rows of load %s", m.load.Window, m.load.Rows.Loaded, m.load.ID),
			Found: fmt.Sprintf("%s holds %d of it", tables.RawTracks, state.Loaded),
		}
	}
	m.counts.BeforeCutover = state.BeforeCutover
	slices.Sort(state.Buckets)
	m.fill["buckets"] = numberList(state.Buckets)
	m.bind["fence"] = state.Fence
	m.key = fmt.Sprintf("%s-%d", m.load.ID, state.Fence)
	_, m.fill["merge_verdict"] = m.warehouse.table(m.verdict())
	return nil
}

// verdict is the table that says what becomes of each delivery.
func (m *merging) verdict() string {
	events, _ := m.warehouse.stagingTables(m.load)
	return strings.Replace(events, "staged_events", "merge_verdict", 1)
}

// classify finds out what becomes of every row.
func (m *merging) classify(ctx context.Context) error {
	if _, err := m.do(ctx, m.key, "classify"); err != nil {
		return err
	}
	var err error
	if m.plan, err = askOne[mergePlan](ctx, m.script, "plan"); err != nil {
		return err
	}
	p := m.plan
	m.counts.Inserted, m.counts.Updated, m.counts.Collided = p.Inserted, p.Updated, p.Collided
	m.counts.Unchanged = p.Unchanged + p.Advanced
	if m.counts.Total() != m.load.Rows.Loaded {
		return &warehouse.InvariantError{
			Law:   fmt.Sprintf("the %d loaded rows must all be accounted for", m.load.Rows.Loaded),
			Found: fmt.Sprintf("%d are", m.counts.Total()),
		}
	}
	slices.SortFunc(m.plan.ChangedDays, civil.Date.Compare)
	slices.Sort(m.plan.ChangedBuckets)
	m.fill["changed_ranges"] = dayRanges("t.created_at", m.plan.ChangedDays)
	m.fill["changed_buckets"] = numberList(m.plan.ChangedBuckets)
	return nil
}

// write runs the transaction.
func (m *merging) write(ctx context.Context) error {
	_, err := m.do(ctx, m.key, m.transaction()...)
	return err
}

// transaction is the steps of the transaction, without those that have nothing to do:
// each is billed for what it looks at.
func (m *merging) transaction() []string {
	m.bind["inserted"] = m.counts.Inserted
	m.bind["updated"] = m.counts.Updated
	m.bind["unchanged"] = m.counts.Unchanged
	m.bind["collided"] = m.counts.Collided
	m.bind["before_cutover"] = m.counts.BeforeCutover
	steps := []string{"begin", "fence", "move_fence"}
	for _, step := range []struct {
		name string
		rows int64
	}{
		{"insert_rows", m.plan.Inserted},
		{"change_rows", m.plan.Updated},
		{"change_keys", m.plan.Updated + m.plan.Advanced},
		{"insert_keys", m.plan.Inserted},
		{"remove_rejects", 1},
		{"insert_rejects", m.plan.Collided},
	} {
		if step.rows > 0 {
			steps = append(steps, step.name)
		}
	}
	return append(steps, "verify", "record", "commit")
}

// dropVerdict saves the storage; left behind, it expires by itself.
func (m *merging) dropVerdict(ctx context.Context) {
	table, _ := m.warehouse.table(m.verdict())
	_ = m.warehouse.jobs.insist(ctx, table.Delete)
}

// dayRanges is a condition that column lies in one of the days, in half-open ranges
// of literals, which prune. Days that follow each other share a range. No day is no
// row.
func dayRanges(column string, days []civil.Date) string {
	var ranges []string
	for i := 0; i < len(days); {
		last := i
		for last+1 < len(days) && days[last+1] == days[last].AddDays(1) {
			last++
		}
		ranges = append(ranges, fmt.Sprintf("%s >= TIMESTAMP '%s 00:00:00+00' AND %s < TIMESTAMP '%s 00:00:00+00'",
			column, days[i], column, days[last].AddDays(1)))
		i = last + 1
	}
	if len(ranges) == 0 {
		return "FALSE"
	}
	return strings.Join(ranges, " OR ")
}
