package bigquery

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"cloud.google.com/go/civil"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// PlanDedup counts what a dedup of tracks would do, and changes nothing. Merges can
// go on meanwhile.
func (w *Warehouse) PlanDedup(ctx context.Context) (ledger.DedupPlan, error) {
	if err := w.ensure(ctx); err != nil {
		return ledger.DedupPlan{}, err
	}
	d := w.deduping(rand.Text(), time.Now().Add(stagingLife))
	for copied, table := range map[string]string{"source": "tracks", "snapshot": "tracks", "keys_snapshot": "tracks_keys"} {
		d.fill[copied] = w.tables[table]
	}
	columns, err := w.columns(ctx, w.tableOf("tracks"))
	if err != nil {
		return ledger.DedupPlan{}, err
	}
	d.checksum(columns)
	now, err := askOne[position](ctx, d.script, "position")
	if err != nil {
		return ledger.DedupPlan{}, err
	}
	if err := d.find(ctx); err != nil {
		return ledger.DedupPlan{}, err
	}
	plan := ledger.DedupPlan{
		Rows: now.Rows, Events: now.Rows - d.excess().Total(), Repeated: d.totals.Repeated, Rewritten: d.totals.Content,
		Excess: d.excess(), Days: d.days,
	}
	if plan.Excess.Total() > 0 {
		if err := d.price(ctx, &plan); err != nil {
			return ledger.DedupPlan{}, err
		}
	}
	d.dropTables(ctx)
	return plan, nil
}

// deduping is one dedup in progress, or its planning or rollback.
type deduping struct {
	*script

	// key names the jobs, and by its hash the tables.
	key string
	// What the table that is looked at holds.
	totals dedupTotals
	days   []ledger.DedupDay
	// touched are the days on which the events of the dedup have rows.
	touched []civil.Date
}

// position is where a table stands.
type position struct {
	Rows        int64 `bigquery:"row_count"`
	Fingerprint int64 `bigquery:"fingerprint"`
}

// dedupTotals counts the rows that a dedup touches.
type dedupTotals struct {
	// Repeated events keep a row, Content of them with another's created_at.
	Repeated int64 `bigquery:"repeated"`
	Content  int64 `bigquery:"content"`
	Rejected int64 `bigquery:"rejected"`
	Touched  int64 `bigquery:"touched"`
	Undated  int64 `bigquery:"undated"`
	// RewrittenDays are the partitions that lose rows or get others.
	RewrittenDays []civil.Date `bigquery:"rewritten_days"`
}

// dedupTables are what a dedup works with.
var dedupTables = []string{"dedup_events", "dedup_rows", "dedup_drifted", "dedup_keys", "dedup_expected", "dedup_restored"}

// deduping names the tables of one dedup, which live until then.
func (w *Warehouse) deduping(id string, until time.Time) *deduping {
	d := &deduping{script: w.script("dedup", window.Window{}), key: id}
	for _, placeholder := range dedupTables {
		_, d.fill[placeholder] = w.table(d.tableName(placeholder))
	}
	d.bind["id"], d.bind["expires_at"] = id, until.UTC()
	d.bind["cutover"] = w.options.Cutover.UTC()
	return d
}

func (d *deduping) tableName(placeholder string) string {
	sum := sha256.Sum256([]byte(d.key))
	return placeholder + "_" + hex.EncodeToString(sum[:8])
}

// dropTables saves the storage; what stays behind expires by itself.
func (d *deduping) dropTables(ctx context.Context) {
	for _, placeholder := range dedupTables {
		table, _ := d.warehouse.table(d.tableName(placeholder))
		_ = d.warehouse.jobs.insist(ctx, table.Delete)
	}
}

// find finds the rows that a dedup touches and decides what becomes of each. What an
// earlier attempt has found is not looked for again.
func (d *deduping) find(ctx context.Context) (err error) {
	if _, err := d.do(ctx, d.key, "events"); err != nil {
		return err
	}
	on, err := askOne[struct {
		Days []civil.Date `bigquery:"days"`
	}](ctx, d.script, "touched_days")
	if err != nil {
		return err
	}
	d.touched = inOrder(on.Days)
	d.fill["touched_ranges"] = dayRanges("t.created_at", d.touched)
	if _, err := d.do(ctx, d.key, "rows"); err != nil {
		return err
	}
	if d.totals, err = askOne[dedupTotals](ctx, d.script, "totals"); err != nil {
		return err
	}
	d.fill["rewritten_ranges"] = dayRanges("t.created_at", inOrder(d.totals.RewrittenDays))
	d.fill["checked_ranges"] = d.fill["rewritten_ranges"]
	found, err := ask[dedupDay](ctx, d.script, "days")
	d.days = nil
	for _, day := range found {
		d.days = append(d.days, ledger.DedupDay{Day: day.Day, DedupCounts: ledger.DedupCounts{
			NoKey: day.NoKey, Collided: day.Collided, DoubleRun: day.DoubleRun,
			Backfill: day.Backfill, AcrossDays: day.AcrossDays, SameDay: day.SameDay,
		}})
	}
	return err
}

// dedupDay is a day's excess rows as they are counted.
type dedupDay struct {
	Day        string `bigquery:"day"`
	NoKey      int64  `bigquery:"no_key"`
	Collided   int64  `bigquery:"collided"`
	DoubleRun  int64  `bigquery:"double_run"`
	Backfill   int64  `bigquery:"backfill"`
	AcrossDays int64  `bigquery:"across_days"`
	SameDay    int64  `bigquery:"same_day"`
}

// inOrder is days as literals need them.
func inOrder(days []civil.Date) []civil.Date {
	slices.SortFunc(days, civil.Date.Compare)
	return days
}

// excess sums up the days.
func (d *deduping) excess() (sum ledger.DedupCounts) {
	for _, day := range d.days {
		sum = sum.Plus(day.DedupCounts)
	}
	return sum
}

// price adds to the plan what the dedup reads: what the plan has read, once more, and
// what BigQuery says of the statements that follow.
func (d *deduping) price(ctx context.Context, plan *ledger.DedupPlan) error {
	d.bind["rows_after"] = plan.Events
	for _, result := range d.results {
		plan.Bytes += result.processed()
	}
	for _, step := range []struct {
		name  string
		times int64
	}{
		{"position", 2}, // the plan's own is the third
		{"drifted", 1},
		{"expected", 3}, // twice compared with what is there
		{"remove_rows", 1},
		{"touched_days", 3}, // and two counts of events, which read less
	} {
		text, err := d.text(step.name)
		if err != nil {
			return err
		}
		estimated, err := d.warehouse.jobs.estimate(ctx, query{task: task{step: "dedup-plan"}, sql: text})
		if err != nil {
			return err
		}
		plan.Bytes += step.times * estimated.bytes
	}
	plan.CostUSD = d.warehouse.jobs.Price.dollars(plan.Bytes, 0)
	return nil
}
