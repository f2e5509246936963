//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// LatestLoad is the newest load of a window, nil when it was never loaded.
func (w *Warehouse) LatestLoad(ctx context.Context, win window.Window) (*ledger.Load, error) {
	var load *ledger.Load
	err := w.read(ctx, "ledger", func(s *session) error {
		var err error
		load, err = w.latest(ctx, s.conn, win)
		return err
	})
	return load, err
}

// RecordOutcome books a run that loaded nothing. Booking it again changes nothing.
func (w *Warehouse) RecordOutcome(ctx context.Context, outcome ledger.Outcome) error {
	return w.write(ctx, "ledger", func(s *session) error {
		s.bind["window"] = outcome.Window.Start()
		s.bind["load_id"] = outcome.ID
		s.bind["status"] = string(outcome.Status)
		s.bind["reason"] = outcome.Reason
		s.bind["detail"] = outcome.Detail
		s.bind["workflow_id"] = outcome.Run.WorkflowID
		s.bind["run_id"] = outcome.Run.RunID
		_, err := s.exec(ctx, "record_outcome")
		return err
	})
}

// latest and load read the ledger on the connection of a transaction.
func (w *Warehouse) latest(ctx context.Context, conn *databasesql.Conn, win window.Window) (*ledger.Load, error) {
	return readLoad(ctx, w.session(conn, "ledger"), "latest", win, "")
}

func (w *Warehouse) load(ctx context.Context, conn *databasesql.Conn, win window.Window, id string) (*ledger.Load, error) {
	return readLoad(ctx, w.session(conn, "ledger"), "load", win, id)
}

// readLoad reads at most one load; nil when there is none.
func readLoad(ctx context.Context, s *session, step string, win window.Window, id string) (*ledger.Load, error) {
	s.bind["window"] = win.Start()
	s.bind["load_id"] = id
	var found *ledger.Load
	err := s.query(ctx, step, func(rows *databasesql.Rows) error {
		load := ledger.Load{Window: win}
		var merged [5]databasesql.Null[int64]
		if err := rows.Scan(&load.ID, &load.Status, &load.Run.WorkflowID, &load.Run.RunID, &load.IngestedAt,
			&load.Rows.Read, &load.Rows.Loaded, &load.Rows.Rejected, &load.Rows.Bytes,
			&merged[0], &merged[1], &merged[2], &merged[3], &merged[4]); err != nil {
			return err
		}
		load.IngestedAt = load.IngestedAt.UTC()
		if load.Status == ledger.Merged {
			load.Merge = &ledger.Merge{
				Inserted: merged[0].V, Updated: merged[1].V, Unchanged: merged[2].V,
				Collided: merged[3].V, BeforeCutover: merged[4].V,
			}
		}
		found = &load
		return nil
	})
	return found, err
}
