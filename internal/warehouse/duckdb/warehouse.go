//go:build cgo

// Package duckdb is the embedded warehouse: one DuckDB file, held by one process.
//
// The file is opened when work comes and closed again when there has been none
// for a while, so that people can look into it while the worker runs.
package duckdb

import (
	databasesql "database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/sql"
)

// Options are the settings of the embedded warehouse.
type Options struct {
	// Path of the database file. Name it after the warehouse, not after the
	// dataset: DuckDB takes the file's name for a catalog and then cannot tell
	// posthog.tracks (schema) from posthog.tracks (catalog).
	Path string
	// MemoryLimit is DuckDB's, for example "512MB". The process takes up to half a
	// gigabyte more.
	MemoryLimit string
	// Threads is how many cores one statement may use.
	Threads int
	// IdleClose is how long the file stays open without work.
	IdleClose time.Duration
	// ReadOnly opens the file for looking only, and never creates it.
	ReadOnly bool
	Tables   warehouse.Tables
	// Cutover is the created_at from which on events are merged; what is older
	// comes from the backfill.
	Cutover time.Time
	// BeforeStep is called before every statement of a write, "commit" included, and
	// its error ends the write: how tests crash between any two statements.
	BeforeStep func(step string) error
	// Rewrite returns what runs instead of a step: how tests break a rule on purpose.
	Rewrite func(sql.Step) sql.Step
}

// Warehouse runs the pipeline's statements on a DuckDB file. It is safe for use
// by many goroutines; writers take turns.
type Warehouse struct {
	options Options
	tables  map[string]string
	scripts map[string][]sql.Step
	writer  chan struct{} // holds one token: DuckDB loses writes that race with each other

	mu    sync.Mutex // guards what follows
	db    *databasesql.DB
	users int
	idle  *time.Timer
}

// New prepares the warehouse. The file is not touched before the first call.
func New(options Options) (*Warehouse, error) {
	if base := filepath.Base(options.Path); base == options.Tables.Dataset+filepath.Ext(base) {
		return nil, fmt.Errorf("warehouse file %s is named like the dataset %s; name it warehouse.duckdb", options.Path, options.Tables.Dataset)
	}
	w := &Warehouse{
		options: options,
		tables:  options.Tables.Placeholders(quote),
		scripts: make(map[string][]sql.Step),
		writer:  make(chan struct{}, 1),
	}
	w.writer <- struct{}{}
	for _, task := range []string{
		"functions", "schema", "commit_window", "merge", "ledger", "standings", "backfill", "freshness",
		"overview", "explain", "explain_data", "dedup", "keys_rebuild", "keys_verify",
		"checks", "check_windows", "check_metrics", "check_event_freshness", "test_results", "read_size",
	} {
		steps, err := sql.Load("duckdb", task)
		if err != nil {
			return nil, err
		}
		if options.Rewrite != nil {
			for i := range steps {
				steps[i] = options.Rewrite(steps[i])
			}
		}
		w.scripts[task] = steps
	}
	return w, nil
}

// Tables are the names the warehouse uses.
func (w *Warehouse) Tables() warehouse.Tables { return w.options.Tables }
