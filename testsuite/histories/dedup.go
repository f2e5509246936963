package histories

import (
	"context"
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/testsuite/oracle"
)

func dedupID(number int) string { return fmt.Sprintf("dedup-%d", number) }

// dedup plans, approves what was planned, takes a snapshot, applies and verifies.
func (p *player) dedup(d Dedup) act {
	p.dedups++
	id := dedupID(p.dedups)
	at := time.Date(2026, 7, 3, 0, 0, p.dedups, 0, time.UTC)
	var order *ledger.DedupOrder // as it was approved, for whoever goes on
	var found oracle.Deduped
	var refused error // by what it was refused, when its snapshot is being dropped
	return act{
		resumes: true,
		do: func(ctx context.Context, w Warehouse) (string, error) {
			if order == nil {
				plan, err := w.PlanDedup(ctx)
				if err != nil {
					return "", err
				}
				found = planOf(plan)
				order = &ledger.DedupOrder{
					ID: id, Run: ledger.Run{WorkflowID: "dedup", RunID: id}, Excess: plan.Excess.Total(), Days: plan.Days,
					OrderedAt: at, ExpiresAt: time.Now().Add(time.Hour).UTC(), WholeTable: d.Whole,
				}
			}
			if order.Excess == 0 {
				return fmt.Sprint(found), nil
			}
			done, err := applyDedup(ctx, w, *order)
			if refused != nil && is[*warehouse.SnapshotGoneError](err) {
				err = refused // a death came while the snapshot was dropped
			}
			// A merge may have come after the plan and made nothing excess.
			found.Rows, found.Events, found.Rewritten = done.Rows+done.Removed, done.Rows, done.Rewritten
			if _, unknown := answer(nil, err); err == nil || unknown != nil {
				return answer(found, err)
			}
			refused = err
			// A dedup that is refused leaves no snapshot.
			if _, err := w.DropSnapshot(ctx, *order, true); err != nil {
				return "", err
			}
			return answer(found, refused)
		},
		tells: []part{func(w *oracle.World) string {
			planned, refused := w.Dedup(id, at)
			return told(planned, refused)
		}},
	}
}

// applyDedup does what was approved.
func applyDedup(ctx context.Context, w Warehouse, order ledger.DedupOrder) (ledger.Dedup, error) {
	if _, err := w.SnapshotTracks(ctx, order); err != nil {
		return ledger.Dedup{}, err
	}
	done, err := w.ApplyDedup(ctx, order)
	if err != nil {
		return ledger.Dedup{}, err
	}
	return done, w.VerifyDedup(ctx, order)
}

// planOf is a plan in the oracle's words.
func planOf(plan ledger.DedupPlan) oracle.Deduped {
	planned := oracle.Deduped{Rows: plan.Rows, Events: plan.Events, Repeated: plan.Repeated, Rewritten: plan.Rewritten}
	for _, day := range plan.Days {
		planned.Days = append(planned.Days, oracle.Excess{
			Day: day.Day, NoKey: day.NoKey, Collided: day.Collided, DoubleRun: day.DoubleRun,
			Backfill: day.Backfill, AcrossDays: day.AcrossDays, SameDay: day.SameDay,
		})
	}
	return planned
}

// rollsBack takes a dedup back. Whoever goes on does so again, which changes nothing while
// there is a snapshot.
func rollsBack(id string) act {
	takenBack := false
	return act{
		resumes: true,
		do: func(ctx context.Context, w Warehouse) (string, error) {
			_, err := w.RollbackDedup(ctx, id)
			if err != nil && (!takenBack || !is[*warehouse.SnapshotGoneError](err)) {
				return answer(nil, err)
			}
			takenBack = true
			// As the workflow does: a dedup that was taken back is over.
			_, err = w.DropSnapshot(ctx, ledger.DedupOrder{ID: id}, false)
			return "taken back", err
		},
		tells: []part{func(w *oracle.World) string {
			if refused := w.Rollback(id); refused != "" {
				return refused
			}
			return "taken back"
		}},
	}
}
