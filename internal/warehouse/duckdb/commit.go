//go:build cgo

package duckdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// CommitWindow replaces the window's rows in raw_tracks and raw_rejects by what
// was staged and books the load, all or nothing. Calling it again for the same
// load changes nothing.
//
// It returns a *ledger.UnmergedError when the rows it would replace were never
// merged, and a *warehouse.StagedMissingError when staged files are gone.
func (w *Warehouse) CommitWindow(ctx context.Context, commit ledger.Commit) (ledger.Load, error) {
	load := commit.Load
	err := w.write(ctx, "commit_window", func(s *session) error {
		// Its own row first: another load may have replaced this one since.
		booked, err := w.load(ctx, s.conn, load.Window, load.ID)
		if err != nil {
			return err
		}
		if booked != nil {
			load = *booked
			return nil
		}
		latest, err := w.latest(ctx, s.conn, load.Window)
		if err != nil {
			return err
		}
		if latest != nil && latest.Status == ledger.Loaded {
			return &ledger.UnmergedError{Load: *latest}
		}
		load.Status = ledger.Loaded
		load.Rows = ledger.RowsOf(commit.Staged)
		return replaceWindow(ctx, s, load, commit)
	})
	if err != nil {
		return ledger.Load{}, err
	}
	return load, nil
}

func replaceWindow(ctx context.Context, s *session, load ledger.Load, commit ledger.Commit) error {
	events, rejects, err := stagedFiles(commit.Staged)
	if err != nil {
		return err
	}
	if err := bindLoad(s, load, commit); err != nil {
		return err
	}
	for _, step := range []string{"remove_rows", "remove_rejects"} {
		if _, err := s.exec(ctx, step); err != nil {
			return err
		}
	}
	if err := insertStaged(ctx, s, "insert_rows", "events_files", events, load.Rows.Loaded); err != nil {
		return err
	}
	if err := insertStaged(ctx, s, "insert_rejects", "rejects_files", rejects, load.Rows.Rejected); err != nil {
		return err
	}
	_, err = s.exec(ctx, "record")
	return err
}

// insertStaged loads files and insists on the number of rows their receipts name.
func insertStaged(ctx context.Context, s *session, step, list string, files []string, want int64) error {
	if len(files) == 0 {
		return nil
	}
	s.fill[list] = textList(files)
	got, err := s.exec(ctx, step)
	if err != nil {
		return err
	}
	if got != want {
		return &warehouse.InvariantError{
			Law:   fmt.Sprintf("%s must insert the %d rows of the receipts", step, want),
			Found: fmt.Sprintf("the staged files hold %d", got),
		}
	}
	return nil
}

func stagedFiles(staged []ledger.Receipt) (events, rejects []string, err error) {
	for _, receipt := range staged {
		if receipt.Loaded > 0 {
			events = append(events, receipt.Events)
		}
		if receipt.Rejected > 0 {
			rejects = append(rejects, receipt.Rejects)
		}
	}
	for _, files := range [][]string{events, rejects} {
		for _, file := range files {
			if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
				return nil, nil, &warehouse.StagedMissingError{File: file}
			}
		}
	}
	return events, rejects, nil
}

// bindLoad gives the ledger's columns their values.
func bindLoad(s *session, load ledger.Load, commit ledger.Commit) error {
	for name, value := range map[string]any{
		"objects": commit.Staged, "ignored": commit.Ignored, "rejected_by": load.Rows.RejectedBy, "mended": load.Rows.Mended,
	} {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("encode %s for the ledger: %w", name, err)
		}
		s.bind[name] = string(text)
	}
	s.bind["window"] = load.Window.Start()
	s.bind["load_id"] = load.ID
	s.bind["rows_read"] = load.Rows.Read
	s.bind["rows_loaded"] = load.Rows.Loaded
	s.bind["rows_rejected"] = load.Rows.Rejected
	s.bind["bytes_read"] = load.Rows.Bytes
	s.bind["workflow_id"] = load.Run.WorkflowID
	s.bind["run_id"] = load.Run.RunID
	s.bind["ingested_at"] = load.IngestedAt.UTC()
	s.bind["recorded_at"] = time.Now().UTC()
	return nil
}
