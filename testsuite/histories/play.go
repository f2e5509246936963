package histories

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/conformance"
	"github.com/posthog-tracks/posthog-tracks/testsuite/oracle"
	"github.com/posthog-tracks/posthog-tracks/testsuite/reading"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// Process is what has the warehouse open.
type Process interface {
	// Warehouse has the default tables and sample.DefaultCutover.
	Warehouse() Warehouse
	// Die runs do and kills the process before the statement of its write with this
	// number, counted from 1, or after do when there are fewer. Another process
	// opens what the dead one left on disk. survived says that do came to its end.
	Die(statement int, do func(Warehouse) error) (survived bool, err error)
	// IsBigQuery says that tracks takes rows without an id, and that payloads are not
	// kept as they were sent: what nobody delivered has no content_hash.
	IsBigQuery() bool
}

// Warehouse is a warehouse that histories are played in.
type Warehouse interface {
	conformance.Deduper
	conformance.KeysWarehouse
}

// Play plays a history in the warehouse of a process and in the oracle. The error
// says where the two differ. facets are learned from and used again.
func Play(ctx context.Context, process Process, area activities.Area, facets oracle.Facets, history History) error {
	p := &player{process: process, area: area, facets: facets, world: oracle.New(sample.DefaultCutover, facets)}
	for i, step := range history {
		if err := p.step(ctx, step); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

// player plays one history.
type player struct {
	process Process
	area    activities.Area
	facets  oracle.Facets
	world   *oracle.World
	loads   []load   // by number, from 0
	legacy  []Legacy // the rows of backfill_tracks
	// left is set when older tools have left rows in tracks.
	left bool
	// backfills, rebuilds and dedups count them.
	backfills, rebuilds, dedups int
}

// load is a load in both worlds.
type load struct {
	told   oracle.Load
	commit ledger.Commit
}

// act is a step as the warehouse does it and as the oracle does. Both answer in the
// same words.
type act struct {
	do func(context.Context, Warehouse) (string, error)
	// tells are its parts, and what each answers. Another writer may come in between.
	tells []part
	// resumes is set when another process goes on where one has died.
	resumes bool
	// rebuilds is set when other writers have to give way.
	rebuilds bool
}

type part func(*oracle.World) string

func (a act) tell(w *oracle.World) string {
	answers := make([]string, len(a.tells))
	for i, tell := range a.tells {
		answers[i] = tell(w)
	}
	return strings.Join(answers, ", ")
}

func (p *player) step(ctx context.Context, step Step) error {
	if len(step.Race) == 2 {
		return p.race(ctx, step.Race)
	}
	act, err := p.act(ctx, step)
	if err != nil {
		return err
	}
	var answer string
	survived := true
	if step.Dies == 0 {
		answer, err = act.do(ctx, p.process.Warehouse())
	} else {
		survived, err = p.process.Die(step.Dies, func(w Warehouse) error {
			var err error
			answer, err = act.do(ctx, w)
			return err
		})
	}
	if err == nil && !survived && act.resumes {
		if err := p.half(ctx, act); err != nil {
			return fmt.Errorf("dead: %w", err)
		}
		survived = true
		answer, err = act.do(ctx, p.process.Warehouse())
	}
	if err != nil {
		return err
	}
	tables, err := p.read(ctx)
	if err != nil {
		return err
	}
	if !survived {
		return compare("", "", p.world, tables)
	}
	return compare(answer, act.tell(p.world), p.world, tables)
}

// half compares what a dead process left: some parts of what it did, each whole.
func (p *player) half(ctx context.Context, act act) error {
	tables, err := p.read(ctx)
	if err != nil {
		return err
	}
	var differences []error
	world := p.world.Clone()
	for i := range len(act.tells) + 1 {
		difference := compare("", "", world, tables)
		if difference == nil {
			return nil
		}
		differences = append(differences, difference)
		if i < len(act.tells) {
			act.tells[i](world)
		}
	}
	return fmt.Errorf("neither as before nor as after any part: %w", errors.Join(differences...))
}

func (p *player) act(ctx context.Context, step Step) (act, error) {
	switch {
	case step.Load != nil:
		if err := p.deliver(ctx, *step.Load); err != nil {
			return act{}, err
		}
		return commits(p.loads[len(p.loads)-1]), nil
	case step.Again != 0:
		return commits(p.loads[step.Again-1]), nil
	case step.Backfill != nil:
		return p.backfill(ctx, *step.Backfill)
	case len(step.Left) > 0:
		return p.leave(step.Left)
	case step.Lost:
		return losesKeys(), nil
	case step.Rebuild != nil:
		return p.rebuild(*step.Rebuild), nil
	case step.Dedup != nil:
		return p.dedup(*step.Dedup), nil
	case step.Rollback != 0:
		return rollsBack(dedupID(step.Rollback)), nil
	default:
		return merges(p.loads[step.Merge-1]), nil
	}
}

// commits takes a load to raw_tracks.
func commits(l load) act {
	return act{
		do: func(ctx context.Context, w Warehouse) (string, error) {
			booked, err := w.CommitWindow(ctx, l.commit)
			if unmerged, ok := errors.AsType[*ledger.UnmergedError](err); ok {
				return unmerged.Load.ID + " is unmerged", nil
			}
			return string(booked.Status), err
		},
		tells: []part{func(w *oracle.World) string {
			status, unmerged := w.Commit(l.told)
			if unmerged != "" {
				return unmerged + " is unmerged"
			}
			return status
		}},
	}
}

// merges takes a load to tracks.
func merges(l load) act {
	return act{
		do: func(ctx context.Context, w Warehouse) (string, error) {
			merge, err := w.MergeLoad(ctx, l.commit.Load.Window, l.commit.Load.ID)
			return answer(oracle.Counts(merge), err)
		},
		tells: []part{func(w *oracle.World) string {
			counts, refused := w.Merge(l.told.Window, l.told.ID)
			return told(counts, refused)
		}},
	}
}

// answer is how a write went in the words of the oracle, which has a name for every
// way in which the product may refuse one.
func answer(counts any, err error) (string, error) {
	if missing, ok := errors.AsType[*warehouse.KeysMissingError](err); ok {
		if missing.Unfinished {
			return rebuilding, nil
		}
		return "keys are missing", nil
	}
	switch {
	case is[*warehouse.LoadUnknownError](err):
		return "unknown", nil
	case is[*warehouse.MovedError](err), is[*warehouse.PlanChangedError](err):
		return moved, nil
	case is[*warehouse.SnapshotGoneError](err):
		return "gone", nil
	case is[*warehouse.ChangedSinceError](err):
		return "changed since", nil
	default:
		return fmt.Sprint(counts), err
	}
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// told is how the oracle's write went.
func told(counts any, refused string) string {
	if refused != "" {
		return refused
	}
	return fmt.Sprint(counts)
}

// deliver makes a load of the next number, its export staged as StageObject does.
func (p *player) deliver(ctx context.Context, l Load) error {
	number := len(p.loads) + 1
	w, err := window.Starting(time.Date(2026, 6, 12, l.Hour, 0, 0, 0, time.UTC))
	if err != nil {
		return err
	}
	stamp := stampOf(l.Stamp)
	id := fmt.Sprintf("load-%d", number)
	made := load{
		told: oracle.Load{Window: w.Start(), ID: id, Stamp: stamp, Generation: int64(number)},
		commit: ledger.Commit{Load: ledger.Load{
			Window: w, ID: id, IngestedAt: stamp, Run: ledger.Run{WorkflowID: "hourly-" + w.String(), RunID: id},
		}},
	}
	if l.Of != 0 {
		of := p.loads[l.Of-1]
		made.told.Generation, made.told.Rows, made.commit.Staged = of.told.Generation, of.told.Rows, of.commit.Staged
		p.loads = append(p.loads, made)
		return nil
	}
	rows := make([]sample.Event, len(l.Events))
	for i, e := range l.Events {
		made.told.Rows = append(made.told.Rows, e.told())
		rows[i] = e.sent()
	}
	receipt, err := conformance.Stage(ctx, p.area, w, int64(number), rows...)
	made.commit.Staged = []ledger.Receipt{receipt}
	p.loads = append(p.loads, made)
	return err
}

// compare says where the warehouse and the oracle differ.
func compare(answer, told string, world *oracle.World, tables []string) error {
	if answer != told {
		return reading.Compare(world, tables, fmt.Sprintf("the warehouse answers %q, the oracle %q", answer, told))
	}
	return reading.Compare(world, tables)
}
