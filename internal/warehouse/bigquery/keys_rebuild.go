package bigquery

import (
	"context"
	"fmt"
	"time"

	bq "cloud.google.com/go/bigquery"

	"github.com/posthog-tracks/posthog-tracks/internal/keys"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// keySliceRows is how many rows of tracks one slice of a rebuild reads. Each slice
// reads the keys of its buckets that are there already, so that few large slices
// cost less than many small ones.
const keySliceRows = 200_000_000

// keysScript is a script about tracks_keys, which concerns no window.
func (w *Warehouse) keysScript(task string) *script { return w.script(task, window.Window{}) }

// plannedSlice is a slice as it was planned.
type plannedSlice struct {
	RebuildID string        `bigquery:"rebuild_id"`
	Slice     int64         `bigquery:"slice"`
	Source    string        `bigquery:"source"`
	Begins    time.Time     `bigquery:"begins"`
	Ends      time.Time     `bigquery:"ends"`
	Rows      int64         `bigquery:"rows_planned"`
	Done      bool          `bigquery:"done"`
	Fence     int64         `bigquery:"fence"`
	Outcome   bq.NullString `bigquery:"outcome"`
}

func (p plannedSlice) slice() keys.Slice {
	return keys.Slice{
		Number: int(p.Slice), Source: keys.Source(p.Source), Begins: p.Begins.UTC(), Ends: p.Ends.UTC(), Rows: p.Rows, Done: p.Done,
	}
}

// PlanKeys is the rebuild of tracks_keys that is not finished, or else a new one. A
// new one moves the fence: a merge that was prepared before stops.
func (w *Warehouse) PlanKeys(ctx context.Context, request keys.PlanRequest) (keys.Plan, error) {
	if err := w.ensure(ctx); err != nil {
		return keys.Plan{}, err
	}
	s := w.keysScript("keys_rebuild")
	plan, err := unfinishedKeys(ctx, s)
	if err != nil || len(plan.Slices) > 0 {
		return plan, err
	}
	now, err := askOne[struct {
		Fence int64 `bigquery:"fence"`
	}](ctx, s, "fence_now")
	if err != nil {
		return keys.Plan{}, err
	}
	for _, step := range []string{"drop_next", "create_next"} {
		if err := s.fresh(ctx, step); err != nil {
			return keys.Plan{}, err
		}
	}
	s.bind["fence"], s.bind["rebuild_id"], s.bind["slice_rows"] = now.Fence, request.RebuildID, request.SliceRows
	if request.SliceRows == 0 {
		s.bind["slice_rows"] = int64(keySliceRows)
	}
	if _, err := s.do(ctx, request.RebuildID, "begin", "fence", "move_fence", "forget", "plan", "commit"); err != nil {
		return keys.Plan{}, err
	}
	return unfinishedKeys(ctx, s)
}

func unfinishedKeys(ctx context.Context, s *script) (keys.Plan, error) {
	var plan keys.Plan
	found, err := ask[plannedSlice](ctx, s, "unfinished")
	for _, planned := range found {
		plan.RebuildID = planned.RebuildID
		plan.Slices = append(plan.Slices, planned.slice())
	}
	return plan, err
}

// DiscardKeys throws an unfinished rebuild away. tracks_keys stays as it is.
func (w *Warehouse) DiscardKeys(ctx context.Context) error {
	if err := w.ensure(ctx); err != nil {
		return err
	}
	s := w.keysScript("keys_rebuild")
	if err := s.fresh(ctx, "discard"); err != nil {
		return err
	}
	return s.fresh(ctx, "drop_next")
}

// SwapKeys makes the rebuilt keys tracks_keys, when all slices are done and nobody
// has written tracks since they were planned.
//
// It returns a *warehouse.InvariantError when somebody has.
func (w *Warehouse) SwapKeys(ctx context.Context, rebuildID string) (keys.Rebuilt, error) {
	if err := w.ensure(ctx); err != nil {
		return keys.Rebuilt{}, err
	}
	s := w.keysScript("keys_rebuild")
	s.bind["rebuild_id"] = rebuildID
	booked, err := builtKeys(ctx, s)
	if err != nil {
		return keys.Rebuilt{}, err
	}
	undated, err := askOne[struct {
		Rows int64 `bigquery:"undated"`
	}](ctx, s, "undated")
	if err != nil {
		return keys.Rebuilt{}, err
	}
	rebuilt := keys.Rebuilt{
		RebuildID: rebuildID, Slices: booked.slices,
		Built: booked.Add(keys.Built{Rows: undated.Rows, Unkeyed: undated.Rows}),
	}
	if booked.swapped {
		return rebuilt, s.fresh(ctx, "drop_next")
	}
	totals, err := askOne[struct {
		Rows int64 `bigquery:"row_count"`
		Keys int64 `bigquery:"key_count"`
	}](ctx, s, "totals")
	if err != nil {
		return keys.Rebuilt{}, err
	}
	if err := keys.Complete(booked.Built, booked.undone, totals.Rows, totals.Keys); err != nil {
		return keys.Rebuilt{}, warehouse.RebuildUnfit(w.options.Tables, rebuildID, err)
	}
	s.bind["fence"] = booked.fence
	if _, err := s.do(ctx, rebuildID, "begin", "fence", "move_fence", "remove_keys", "insert_all", "swapped", "commit"); err != nil {
		return keys.Rebuilt{}, err
	}
	return rebuilt, s.fresh(ctx, "drop_next")
}

// bookedKeys is what the slices of a rebuild came to.
type bookedKeys struct {
	keys.Built

	slices, undone int
	swapped        bool
	fence          int64
}

func builtKeys(ctx context.Context, s *script) (bookedKeys, error) {
	var booked bookedKeys
	found, err := ask[struct {
		Outcome bq.NullString `bigquery:"outcome"`
		Swapped bool          `bigquery:"swapped"`
		Fence   int64         `bigquery:"fence"`
	}](ctx, s, "outcomes")
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("there is no rebuild %s of tracks_keys any more; start it again", s.bind["rebuild_id"])
	}
	if err != nil {
		return booked, err
	}
	booked.slices = len(found)
	for _, slice := range found {
		booked.swapped, booked.fence = slice.Swapped, slice.Fence
		if !slice.Outcome.Valid {
			booked.undone++
			continue
		}
		built, err := keys.ParseBuilt(slice.Outcome.StringVal)
		if err != nil {
			return booked, err
		}
		booked.Built = booked.Add(built)
	}
	return booked, nil
}
