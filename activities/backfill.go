package activities

import (
	"context"
	"fmt"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// Historian is what a backfill needs of a warehouse.
type Historian interface {
	// PlanBackfill prepares a backfill and lists its days.
	PlanBackfill(ctx context.Context, days ledger.BackfillRange) (ledger.BackfillPlan, error)
	// BackfillDay takes one day into tracks, or only counts, all or nothing. Doing it
	// again under the same id changes nothing.
	BackfillDay(ctx context.Context, day ledger.BackfillDay) (ledger.Backfilled, error)
}

// History are the activities of a backfill.
type History struct{ Warehouse Historian }

// PlanBackfill lists the days that there are to backfill.
func (h *History) PlanBackfill(ctx context.Context, days ledger.BackfillRange) (ledger.BackfillPlan, error) {
	life := beat(ctx, "looking for events with several rows, and counting days")
	defer life.stop()
	plan, err := h.Warehouse.PlanBackfill(ctx, days)
	return plan, typed(err)
}

// BackfillDay takes one day into tracks. It runs inside WriteTracks only, whose fixed
// id makes it the one writer; a dry run writes nothing and runs anywhere.
func (h *History) BackfillDay(ctx context.Context, day ledger.BackfillDay) (ledger.Backfilled, error) {
	life := beat(ctx, fmt.Sprintf("day %s, %d rows", day.Day, day.Rows))
	defer life.stop()
	counts, err := h.Warehouse.BackfillDay(ctx, day)
	return counts, typed(err)
}
