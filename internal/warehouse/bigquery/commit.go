package bigquery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	bq "cloud.google.com/go/bigquery"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// CommitWindow replaces the window's rows in raw_tracks and raw_rejects by what
// was staged and books the load, all or nothing. Calling it again for the same
// load changes nothing: its jobs are found and not run again.
//
// It returns a *ledger.UnmergedError when the rows it would replace were never
// merged, and a *warehouse.StagedMissingError when staged files are gone.
func (w *Warehouse) CommitWindow(ctx context.Context, commit ledger.Commit) (ledger.Load, error) {
	if err := w.ensure(ctx); err != nil {
		return ledger.Load{}, err
	}
	load := commit.Load
	if booked, err := w.replaceable(ctx, load); err != nil || booked != nil {
		return orZero(booked), err
	}
	load.Status = ledger.Loaded
	load.Rows = ledger.RowsOf(commit.Staged)
	s := w.script("commit_window", load.Window)
	if err := w.loadStaged(ctx, s, load, commit.Staged); err != nil {
		return ledger.Load{}, err
	}
	if err := bindLoad(s, load, commit); err != nil {
		return ledger.Load{}, err
	}
	_, err := s.do(ctx, load.ID, replacement(load)...)
	if broken, ok := errors.AsType[*warehouse.InvariantError](err); ok {
		// Another run may have committed the window in between.
		if _, found := w.replaceable(ctx, load); found != nil {
			return ledger.Load{}, found
		}
		return ledger.Load{}, broken
	}
	if err != nil {
		return ledger.Load{}, err
	}
	w.dropStaged(ctx, load)
	// The window is committed, whether or not its cost gets into the ledger.
	_ = s.bookCost(ctx, load)
	return load, nil
}

// replacement is the steps of the transaction that replaces a window.
func replacement(load ledger.Load) []string {
	steps := []string{"begin", "guard", "remove_rows", "remove_rejects"}
	if load.Rows.Loaded > 0 {
		steps = append(steps, "insert_rows")
	}
	if load.Rows.Rejected > 0 {
		steps = append(steps, "insert_rejects")
	}
	return append(steps, "record", "verify", "commit")
}

// replaceable returns the load if it is booked already, and an UnmergedError if
// the window holds rows of another one that were never merged.
func (w *Warehouse) replaceable(ctx context.Context, load ledger.Load) (*ledger.Load, error) {
	latest, err := w.LatestLoad(ctx, load.Window)
	if err != nil || latest == nil || latest.ID == load.ID {
		return latest, err
	}
	// Another load may have replaced this one since.
	if booked, err := w.loadByID(ctx, load.Window, load.ID); err != nil || booked != nil {
		return booked, err
	}
	if latest.Status == ledger.Loaded {
		return nil, &ledger.UnmergedError{Load: *latest}
	}
	return nil, nil
}

func orZero(load *ledger.Load) ledger.Load {
	if load == nil {
		return ledger.Load{}
	}
	return *load
}

// The tables of one load's staged rows.
func (w *Warehouse) stagingTables(load ledger.Load) (events, rejects string) {
	sum := sha256.Sum256([]byte(load.ID))
	suffix := load.Window.Start().Format("20060102T15") + "_" + hex.EncodeToString(sum[:6])
	return "staged_events_" + suffix, "staged_rejects_" + suffix
}

// loadStaged loads the staged files into tables of their own. Loading is free, and
// atomic.
func (w *Warehouse) loadStaged(ctx context.Context, s *script, load ledger.Load, staged []ledger.Receipt) error {
	var events, rejects []string
	for _, receipt := range staged {
		if receipt.Loaded > 0 {
			events = append(events, receipt.Events)
		}
		if receipt.Rejected > 0 {
			rejects = append(rejects, receipt.Rejects)
		}
	}
	eventsTable, rejectsTable := w.stagingTables(load)
	for _, files := range []struct {
		table, placeholder string
		uris               []string
		schema             bq.Schema
	}{
		{eventsTable, "staged_events", events, stagedEvents},
		{rejectsTable, "staged_rejects", rejects, stagedRejects},
	} {
		if len(files.uris) == 0 {
			continue
		}
		into, quoted := w.table(files.table)
		s.fill[files.placeholder] = quoted
		result, err := w.jobs.load(ctx, loadOf(s, load, into, files.uris, files.schema))
		if missing, ok := errors.AsType[*Error](err); ok && missing.Reason == "notFound" {
			return &warehouse.StagedMissingError{File: files.uris[0]}
		}
		if err != nil {
			return fmt.Errorf("load staged files: %w", err)
		}
		s.results = append(s.results, result)
	}
	return nil
}

func loadOf(s *script, rows ledger.Load, into *bq.Table, uris []string, schema bq.Schema) load {
	return load{
		task: task{step: "load-staged", window: s.window, key: rows.ID},
		uris: uris, into: into, schema: schema, expires: stagingLife, disposition: bq.WriteTruncateData,
	}
}

// dropStaged saves the storage; what stays behind expires by itself.
func (w *Warehouse) dropStaged(ctx context.Context, load ledger.Load) {
	events, rejects := w.stagingTables(load)
	for _, name := range []string{events, rejects} {
		table, _ := w.table(name)
		_ = w.jobs.insist(ctx, table.Delete)
	}
}

// bindLoad gives the ledger's columns their values.
func bindLoad(s *script, load ledger.Load, commit ledger.Commit) error {
	for name, value := range map[string]any{
		"objects": commit.Staged, "ignored": commit.Ignored, "rejected_by": load.Rows.RejectedBy, "mended": load.Rows.Mended,
	} {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("encode %s for the ledger: %w", name, err)
		}
		s.bind[name] = string(text)
	}
	s.bind["load_id"] = load.ID
	s.bind["rows_read"] = load.Rows.Read
	s.bind["rows_loaded"] = load.Rows.Loaded
	s.bind["rows_rejected"] = load.Rows.Rejected
	s.bind["bytes_read"] = load.Rows.Bytes
	s.bind["workflow_id"] = load.Run.WorkflowID
	s.bind["run_id"] = load.Run.RunID
	s.bind["ingested_at"] = load.IngestedAt.UTC()
	return nil
}
