package bigquery

import (
	"context"
	"time"

	bq "cloud.google.com/go/bigquery"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// LatestLoad is the newest load of a window, nil when it was never loaded.
func (w *Warehouse) LatestLoad(ctx context.Context, win window.Window) (*ledger.Load, error) {
	if err := w.ensure(ctx); err != nil {
		return nil, err
	}
	return readLoad(ctx, w.script("ledger", win), "latest", win)
}

// loadByID is the load of a window with this id, nil when there is none.
func (w *Warehouse) loadByID(ctx context.Context, win window.Window, id string) (*ledger.Load, error) {
	s := w.script("ledger", win)
	s.bind["load_id"] = id
	return readLoad(ctx, s, "load", win)
}

// RecordOutcome books a run that loaded nothing. Booking it again changes nothing.
func (w *Warehouse) RecordOutcome(ctx context.Context, outcome ledger.Outcome) error {
	if err := w.ensure(ctx); err != nil {
		return err
	}
	s := w.script("ledger", outcome.Window)
	s.bind["load_id"] = outcome.ID
	s.bind["status"] = string(outcome.Status)
	s.bind["reason"] = outcome.Reason
	s.bind["detail"] = outcome.Detail
	s.bind["workflow_id"] = outcome.Run.WorkflowID
	s.bind["run_id"] = outcome.Run.RunID
	_, err := s.do(ctx, outcome.ID, "record_outcome")
	return err
}

// loadRow is a load as the ledger holds it.
type loadRow struct {
	ID            string       `bigquery:"load_id"`
	Status        string       `bigquery:"status"`
	WorkflowID    string       `bigquery:"workflow_id"`
	RunID         string       `bigquery:"run_id"`
	IngestedAt    time.Time    `bigquery:"ingested_at"`
	Read          int64        `bigquery:"rows_read"`
	Loaded        int64        `bigquery:"rows_loaded"`
	Rejected      int64        `bigquery:"rows_rejected"`
	Bytes         int64        `bigquery:"bytes_read"`
	Inserted      bq.NullInt64 `bigquery:"rows_inserted"`
	Updated       bq.NullInt64 `bigquery:"rows_updated"`
	Unchanged     bq.NullInt64 `bigquery:"rows_unchanged"`
	Collided      bq.NullInt64 `bigquery:"rows_collided"`
	BeforeCutover bq.NullInt64 `bigquery:"rows_before_cutover"`
}

func readLoad(ctx context.Context, s *script, step string, win window.Window) (*ledger.Load, error) {
	found, err := ask[loadRow](ctx, s, step)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	row := found[0]
	load := &ledger.Load{
		Window: win, ID: row.ID, Status: ledger.Status(row.Status), IngestedAt: row.IngestedAt.UTC(),
		Run:  ledger.Run{WorkflowID: row.WorkflowID, RunID: row.RunID},
		Rows: ledger.Rows{Read: row.Read, Loaded: row.Loaded, Rejected: row.Rejected, Bytes: row.Bytes},
	}
	if load.Status == ledger.Merged {
		load.Merge = &ledger.Merge{
			Inserted: row.Inserted.Int64, Updated: row.Updated.Int64, Unchanged: row.Unchanged.Int64,
			Collided: row.Collided.Int64, BeforeCutover: row.BeforeCutover.Int64,
		}
	}
	return load, nil
}
