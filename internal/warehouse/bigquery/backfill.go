package bigquery

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// PlanBackfill finds the events of backfill_tracks that have several rows, and lists
// the days. It writes nothing but what a backfill works with, and can be done again.
func (w *Warehouse) PlanBackfill(ctx context.Context, days ledger.BackfillRange) (ledger.BackfillPlan, error) {
	if err := w.ensure(ctx); err != nil {
		return ledger.BackfillPlan{}, err
	}
	s := w.script("backfill", window.Window{})
	if err := s.fresh(ctx, "repeats"); err != nil {
		return ledger.BackfillPlan{}, err
	}
	repeats, err := askOne[struct {
		Repeated int64 `bigquery:"repeated"`
	}](ctx, s, "count_repeats")
	if err != nil {
		return ledger.BackfillPlan{}, err
	}
	s.bind["from"], s.bind["to"] = string(days.From), string(days.To)
	found, err := ask[struct {
		Day  string `bigquery:"day"`
		Rows int64  `bigquery:"n"`
		Done bool   `bigquery:"done"`
	}](ctx, s, "days")
	plan := ledger.BackfillPlan{Repeated: repeats.Repeated}
	for _, day := range found {
		plan.Days = append(plan.Days, ledger.PlannedDay{Day: window.Day(day.Day), Rows: day.Rows, Done: day.Done})
	}
	return plan, err
}

// BackfillDay takes one day of backfill_tracks into tracks and books the counts, all
// or nothing. Calling it again under the same id returns the counts of the first time.
// A dry run only counts.
//
// It returns a *warehouse.KeysMissingError when tracks_keys has yet to be built, a
// *warehouse.SourceMovedError when the day has other rows than planned, and a
// *warehouse.InvariantError when a law would have been broken.
func (w *Warehouse) BackfillDay(ctx context.Context, day ledger.BackfillDay) (ledger.Backfilled, error) {
	if err := w.ensure(ctx); err != nil {
		return ledger.Backfilled{}, err
	}
	b := backfilling{script: w.script("backfill", window.Window{}), day: day}
	b.bindDay()
	booked, err := ask[backfilledRow](ctx, b.script, "booked")
	switch {
	case err != nil:
		return ledger.Backfilled{}, err
	case len(booked) > 0:
		return booked[0].counts(), nil
	}
	steps := []func(context.Context) error{b.prepare, b.classify, b.write}
	if day.DryRun {
		steps = steps[:2]
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return ledger.Backfilled{}, err
		}
	}
	table, _ := w.table(b.verdict())
	_ = w.jobs.insist(ctx, table.Delete) // left behind, it expires by itself
	return b.counts, nil
}

// backfilling is one day in progress.
type backfilling struct {
	*script
	day    ledger.BackfillDay
	counts ledger.Backfilled
	// key names the jobs of this day. The fence is part of it: what was prepared
	// before another's write is prepared again.
	key string
}

// backfillState is what a day has to know before it begins.
type backfillState struct {
	Fence      int64   `bigquery:"fence"`
	HasRows    bool    `bigquery:"has_rows"`
	HasKeys    bool    `bigquery:"has_keys"`
	Rebuilding bool    `bigquery:"rebuilding"`
	Read       int64   `bigquery:"rows_read"`
	Buckets    []int64 `bigquery:"buckets"`
}

// backfilledRow is the counts of a day as they are counted and booked.
type backfilledRow struct {
	Read      int64 `bigquery:"rows_read"`
	Inserted  int64 `bigquery:"rows_inserted"`
	Present   int64 `bigquery:"rows_present"`
	Duplicate int64 `bigquery:"rows_duplicate"`
	Collided  int64 `bigquery:"rows_collided"`
	Rejected  int64 `bigquery:"rows_rejected"`
	Bytes     int64 `bigquery:"bytes_inserted"`
}

func (r backfilledRow) counts() ledger.Backfilled { return ledger.Backfilled(r) }

// bindDay says which rows are the day's. Those without created_at stand in
// merge_rejects under 1970.
func (b *backfilling) bindDay() {
	rejectsAt := time.Unix(0, 0).UTC()
	b.fill["of_the_day"] = "b.created_at IS NULL"
	if b.day.Day != window.Undated {
		rejectsAt = b.day.Day.Start()
		b.fill["of_the_day"] = dayRanges("b.created_at", []civil.Date{civil.DateOf(rejectsAt)})
	}
	b.window = string(b.day.Day)
	b.bind["rejects_at"] = rejectsAt
	b.bind["source"] = b.warehouse.options.Tables.BackfillTracks
	b.bind["backfill_id"] = b.day.ID
	b.bind["day"] = string(b.day.Day)
	b.bind["workflow_id"] = b.day.Run.WorkflowID
	b.bind["run_id"] = b.day.Run.RunID
}

// prepare makes sure that tracks_keys can be relied on and that the day is as planned.
func (b *backfilling) prepare(ctx context.Context) error {
	state, err := askOne[backfillState](ctx, b.script, "state")
	if err != nil {
		return err
	}
	tables := b.warehouse.options.Tables
	switch {
	case state.Rebuilding || state.HasRows && !state.HasKeys:
		return tables.KeysMissing(state.Rebuilding)
	case state.Read != b.day.Rows:
		return &warehouse.SourceMovedError{Table: tables.BackfillTracks, Day: string(b.day.Day), Planned: b.day.Rows, Found: state.Read}
	}
	slices.Sort(state.Buckets)
	b.fill["buckets"] = numberList(state.Buckets)
	b.bind["fence"] = state.Fence
	b.key = fmt.Sprintf("%s-%d", b.day.ID, state.Fence)
	if b.day.DryRun { // a verdict that a dry run has thrown away is nobody's
		b.key += "-dry-" + rand.Text()
	}
	_, b.fill["backfill_verdict"] = b.warehouse.table(b.verdict())
	return nil
}

// verdict is the table that says what becomes of each row.
func (b *backfilling) verdict() string {
	sum := sha256.Sum256([]byte(b.key))
	return "backfill_verdict_" + strings.ReplaceAll(string(b.day.Day), "-", "") + "_" + hex.EncodeToString(sum[:6])
}

// classify finds out what becomes of every row.
func (b *backfilling) classify(ctx context.Context) error {
	if _, err := b.do(ctx, b.key, "classify"); err != nil {
		return err
	}
	counted, err := askOne[backfilledRow](ctx, b.script, "count")
	if err != nil {
		return err
	}
	b.counts = counted.counts()
	if b.counts.Total() != b.day.Rows {
		return &warehouse.InvariantError{
			Law:   fmt.Sprintf("the %d rows of day %s must all be accounted for", b.day.Rows, b.day.Day),
			Found: fmt.Sprintf("%d are", b.counts.Total()),
		}
	}
	return nil
}

// write runs the transaction, with no statement that has nothing to do: each is
// billed for what it looks at.
func (b *backfilling) write(ctx context.Context) error {
	b.bind["rows_read"] = b.counts.Read
	b.bind["inserted"] = b.counts.Inserted
	b.bind["present"] = b.counts.Present
	b.bind["duplicate"] = b.counts.Duplicate
	b.bind["collided"] = b.counts.Collided
	b.bind["rejected"] = b.counts.Rejected
	b.bind["bytes"] = b.counts.Bytes
	steps := []string{"begin", "fence", "move_fence"}
	if b.counts.Inserted > 0 {
		steps = append(steps, "insert_rows", "insert_keys")
	}
	steps = append(steps, "remove_rejects")
	if b.counts.Collided+b.counts.Rejected > 0 {
		steps = append(steps, "insert_rejects")
	}
	_, err := b.do(ctx, b.key, append(steps, "verify", "record", "commit")...)
	return err
}
