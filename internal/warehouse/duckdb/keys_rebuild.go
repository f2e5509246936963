//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/keys"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// keySliceRows is how many rows of tracks one slice of a rebuild reads: it keeps a
// slice under a minute, and well inside a memory limit of 512 MB.
const keySliceRows = 1_000_000

// PlanKeys is the rebuild of tracks_keys that is not finished, or else a new one.
func (w *Warehouse) PlanKeys(ctx context.Context, request keys.PlanRequest) (keys.Plan, error) {
	var plan keys.Plan
	err := w.write(ctx, "keys_rebuild", func(s *session) error {
		var err error
		if plan, err = unfinishedKeys(ctx, s); err != nil || len(plan.Slices) > 0 {
			return err
		}
		s.bind["rebuild_id"] = request.RebuildID
		s.bind["slice_rows"] = request.SliceRows
		if request.SliceRows == 0 {
			s.bind["slice_rows"] = int64(keySliceRows)
		}
		for _, step := range []string{"forget", "drop_next", "plan"} {
			if _, err := s.exec(ctx, step); err != nil {
				return err
			}
		}
		if err := w.createNextKeys(ctx, s); err != nil {
			return err
		}
		plan, err = unfinishedKeys(ctx, s)
		return err
	})
	return plan, err
}

// createNextKeys creates the table that takes the place of tracks_keys, by the same
// definition.
func (w *Warehouse) createNextKeys(ctx context.Context, s *session) error {
	schema := w.session(s.conn, "schema")
	schema.fill["tracks_keys"] = w.tables["tracks_keys_next"]
	schema.before = s.before
	_, err := schema.exec(ctx, "tracks_keys")
	return err
}

func unfinishedKeys(ctx context.Context, s *session) (keys.Plan, error) {
	var plan keys.Plan
	err := s.query(ctx, "unfinished", func(rows *databasesql.Rows) error {
		var slice keys.Slice
		if err := rows.Scan(&plan.RebuildID, &slice.Number, &slice.Source, &slice.Begins, &slice.Ends, &slice.Rows, &slice.Done); err != nil {
			return err
		}
		slice.Begins, slice.Ends = slice.Begins.UTC(), slice.Ends.UTC()
		plan.Slices = append(plan.Slices, slice)
		return nil
	})
	return plan, err
}

// DiscardKeys throws an unfinished rebuild away. tracks_keys stays as it is.
func (w *Warehouse) DiscardKeys(ctx context.Context) error {
	return w.write(ctx, "keys_rebuild", func(s *session) error {
		for _, step := range []string{"discard", "drop_next"} {
			if _, err := s.exec(ctx, step); err != nil {
				return err
			}
		}
		return nil
	})
}

// SwapKeys makes the rebuilt keys tracks_keys, when all slices are done and tracks
// is still as they found it.
//
// It returns a *warehouse.InvariantError when it is not.
func (w *Warehouse) SwapKeys(ctx context.Context, rebuildID string) (keys.Rebuilt, error) {
	rebuilt := keys.Rebuilt{RebuildID: rebuildID}
	err := w.write(ctx, "keys_rebuild", func(s *session) error {
		s.bind["rebuild_id"] = rebuildID
		booked, err := builtKeys(ctx, s)
		if err != nil {
			return err
		}
		var undated int64
		if err := s.queryRow(ctx, "undated", &undated); err != nil {
			return err
		}
		rebuilt.Built, rebuilt.Slices = booked.Add(keys.Built{Rows: undated, Unkeyed: undated}), booked.slices
		if booked.swapped {
			return nil
		}
		var rows, written int64
		if err := s.queryRow(ctx, "totals", &rows, &written); err != nil {
			return err
		}
		if err := keys.Complete(booked.Built, booked.undone, rows, written); err != nil {
			return warehouse.RebuildUnfit(w.options.Tables, rebuildID, err)
		}
		s.fill["tracks_keys_name"] = quote(w.options.Tables.TracksKeys)
		s.bind["swapped_at"] = time.Now().UTC()
		for _, step := range []string{"drop_keys", "rename_next", "swapped"} {
			if _, err := s.exec(ctx, step); err != nil {
				return err
			}
		}
		return nil
	})
	return rebuilt, err
}

// bookedKeys is what the slices of a rebuild came to.
type bookedKeys struct {
	keys.Built

	slices, undone int
	swapped        bool
}

func builtKeys(ctx context.Context, s *session) (bookedKeys, error) {
	var booked bookedKeys
	err := s.query(ctx, "outcomes", func(rows *databasesql.Rows) error {
		var outcome databasesql.Null[string]
		if err := rows.Scan(&outcome, &booked.swapped); err != nil {
			return err
		}
		booked.slices++
		if !outcome.Valid {
			booked.undone++
			return nil
		}
		built, err := keys.ParseBuilt(outcome.V)
		booked.Built = booked.Add(built)
		return err
	})
	if err == nil && booked.slices == 0 {
		err = fmt.Errorf("there is no rebuild %s of tracks_keys any more; start it again", s.bind["rebuild_id"])
	}
	return booked, err
}
