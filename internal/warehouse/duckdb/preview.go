//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"
	"errors"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// errPreviewed rolls back a preview that has been made.
var errPreviewed = errors.New("previewed")

// PreviewMerge counts what CommitWindow and MergeLoad would do with what is staged. It
// does the first and half of the second, in a transaction that is rolled back.
//
// It returns the errors of CommitWindow and MergeLoad, but for UnmergedError: a load
// that was never merged is named in the preview.
func (w *Warehouse) PreviewMerge(ctx context.Context, commit ledger.Commit) (ledger.Preview, error) {
	load := commit.Load
	load.Rows = ledger.RowsOf(commit.Staged)
	preview := ledger.Preview{Rows: load.Rows, Days: []ledger.TouchedDay{}}
	err := w.write(ctx, "commit_window", func(s *session) error {
		latest, err := w.latest(ctx, s.conn, load.Window)
		if err != nil {
			return err
		}
		if latest != nil && latest.Status == ledger.Loaded {
			preview.Unmerged = latest.ID
		}
		if err := replaceWindow(ctx, s, load, commit); err != nil {
			return err
		}
		m := merging{warehouse: w, session: w.session(s.conn, "merge"), load: load}
		m.before = s.before
		if err := m.look(ctx); err != nil {
			return err
		}
		preview.Merge = m.counts
		if preview.Days, err = m.days(ctx); err != nil {
			return err
		}
		return errPreviewed
	})
	if !errors.Is(err, errPreviewed) {
		return ledger.Preview{}, err
	}
	return preview, nil
}

// days are the days of tracks that change.
func (m *merging) days(ctx context.Context) ([]ledger.TouchedDay, error) {
	days := []ledger.TouchedDay{}
	err := m.query(ctx, "days", func(rows *databasesql.Rows) error {
		var day ledger.TouchedDay
		if err := rows.Scan(&day.Day, &day.Inserted, &day.Updated); err != nil {
			return err
		}
		days = append(days, day)
		return nil
	})
	return days, err
}
