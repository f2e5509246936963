package bigquery

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// PreviewMerge counts what CommitWindow and MergeLoad would do with what is staged,
// and prices the statements that would do it. The rows are loaded into a table of
// their own, which stands for raw_tracks and is dropped at the end; no other table
// changes.
//
// It returns the errors of CommitWindow and MergeLoad, but for UnmergedError: a load
// that was never merged is named in the preview.
func (w *Warehouse) PreviewMerge(ctx context.Context, commit ledger.Commit) (ledger.Preview, error) {
	if err := w.ensure(ctx); err != nil {
		return ledger.Preview{}, err
	}
	load := commit.Load
	load.Rows = ledger.RowsOf(commit.Staged)
	latest, err := w.LatestLoad(ctx, load.Window)
	if err != nil {
		return ledger.Preview{}, err
	}
	p := previewing{
		committing: w.script("commit_window", load.Window),
		merging:    merging{script: w.script("merge", load.Window), load: load},
		preview:    ledger.Preview{Rows: load.Rows, Days: []ledger.TouchedDay{}, Estimate: &ledger.Estimate{}},
	}
	if latest != nil && latest.Status == ledger.Loaded {
		p.preview.Unmerged = latest.ID
	}
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return p.load(ctx, commit) }, p.classify, p.price,
	} {
		if err := step(ctx); err != nil {
			return ledger.Preview{}, err
		}
	}
	p.clean(ctx)
	return p.preview, nil
}

// previewing is one preview in progress.
type previewing struct {
	committing *script
	merging    merging
	preview    ledger.Preview
}

// standIn is the table that takes the rows instead of raw_tracks.
func (p *previewing) standIn() string {
	events, _ := p.committing.warehouse.stagingTables(p.merging.load)
	return strings.Replace(events, "staged_events", "window_preview", 1)
}

// load takes the staged rows to a table of the shape of raw_tracks.
func (p *previewing) load(ctx context.Context, commit ledger.Commit) error {
	s, rows := p.committing, p.merging.load
	if err := s.warehouse.loadStaged(ctx, s, rows, commit.Staged); err != nil {
		return err
	}
	if err := bindLoad(s, rows, commit); err != nil {
		return err
	}
	_, s.fill["window_preview"] = s.warehouse.table(p.standIn())
	if err := s.fresh(ctx, "preview"); err != nil {
		return err
	}
	p.merging.fill["raw_tracks"] = s.fill["window_preview"]
	if rows.Rows.Loaded == 0 {
		return nil
	}
	raw := s.fill["raw_tracks"]
	s.fill["raw_tracks"] = s.fill["window_preview"]
	defer func() { s.fill["raw_tracks"] = raw }()
	return s.fresh(ctx, "insert_rows")
}

// classify finds out what would become of every row, by the merge's own statements.
func (p *previewing) classify(ctx context.Context) error {
	m := &p.merging
	if err := m.prepare(ctx); err != nil {
		return err
	}
	m.key += "-dry-" + rand.Text() // a verdict that a dry run has thrown away is nobody's
	if err := m.classify(ctx); err != nil {
		return err
	}
	p.preview.Merge = m.counts
	days, err := ask[struct {
		Day      string `bigquery:"day"`
		Inserted int64  `bigquery:"inserted"`
		Updated  int64  `bigquery:"updated"`
	}](ctx, m.script, "days")
	for _, day := range days {
		p.preview.Days = append(p.preview.Days, ledger.TouchedDay(day))
	}
	return err
}

// price asks what each statement of a run would read. They can be priced one by one
// because they hold literals only.
func (p *previewing) price(ctx context.Context) error {
	steps := append([]string{"state", "classify", "plan"}, p.merging.transaction()...)
	if err := p.estimate(ctx, p.committing, replacement(p.merging.load)); err != nil {
		return err
	}
	return p.estimate(ctx, p.merging.script, steps)
}

func (p *previewing) estimate(ctx context.Context, s *script, steps []string) error {
	for _, step := range steps {
		if slices.Contains([]string{"begin", "commit"}, step) {
			continue
		}
		text, err := s.text(step)
		if err != nil {
			return err
		}
		name := s.jobStep(step)
		planned, err := s.warehouse.jobs.estimate(ctx, query{task: task{step: name, window: s.window}, sql: text})
		if err != nil {
			return err
		}
		e := p.preview.Estimate
		e.Bytes += planned.bytes
		e.USD += planned.usd
		e.Steps = append(e.Steps, ledger.StepEstimate{Step: name, Bytes: planned.bytes})
	}
	return nil
}

// clean drops the tables, which would expire by themselves, and adds up what they cost.
func (p *previewing) clean(ctx context.Context) {
	s := p.committing
	s.warehouse.dropStaged(ctx, p.merging.load)
	p.merging.dropVerdict(ctx)
	table, _ := s.warehouse.table(p.standIn())
	_ = s.warehouse.jobs.insist(ctx, table.Delete)
	spent := ledger.Cost{}
	for _, step := range append(s.costs(), p.merging.costs()...) {
		spent = spent.Plus(step.Cost)
	}
	p.preview.Spent = &spent
}
