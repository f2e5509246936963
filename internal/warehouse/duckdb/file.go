//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	duckdbdriver "github.com/duckdb/duckdb-go/v2"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// use lends the open file; give must be called once when done with it.
func (w *Warehouse) use(ctx context.Context) (db *databasesql.DB, give func(), err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.idle != nil {
		w.idle.Stop()
	}
	if w.db == nil {
		if w.db, err = w.open(ctx); err != nil {
			return nil, nil, err
		}
	}
	w.users++
	return w.db, w.give, nil
}

func (w *Warehouse) give() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.users--
	if w.users == 0 {
		w.idle = time.AfterFunc(w.options.IdleClose, func() { _ = w.closeIfUnused() })
	}
}

func (w *Warehouse) closeIfUnused() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.users > 0 || w.db == nil {
		return nil
	}
	w.idle.Stop() // it would keep the warehouse in memory until it runs
	db := w.db
	w.db = nil
	if err := db.Close(); err != nil {
		return fmt.Errorf("close warehouse file: %w", clean(err))
	}
	return nil
}

// Close closes the file. Nobody may be using the warehouse any more.
func (w *Warehouse) Close() error { return w.closeIfUnused() }

func (w *Warehouse) open(ctx context.Context) (*databasesql.DB, error) {
	if err := w.reachable(); err != nil {
		return nil, err
	}
	connector, err := duckdbdriver.NewConnector(w.dsn(), w.prepareConnection)
	if err != nil {
		return nil, w.openError(err)
	}
	db := databasesql.OpenDB(connector)
	if !w.options.ReadOnly {
		err = w.applySchema(ctx, db)
	} else {
		err = db.PingContext(ctx)
	}
	if err != nil {
		return nil, errors.Join(w.openError(err), db.Close())
	}
	return db, nil
}

func (w *Warehouse) reachable() error {
	if !w.options.ReadOnly {
		if err := os.MkdirAll(filepath.Dir(w.options.Path), 0o750); err != nil {
			return fmt.Errorf("create warehouse directory: %w", err)
		}
		return nil
	}
	if _, err := os.Stat(w.options.Path); err != nil {
		return fmt.Errorf("open warehouse file (the worker makes it at its first run): %w", err)
	}
	return nil
}

// fileFormat is that of files that are made. It is the first one that has ZSTD, which
// schema.sql wants for payloads. From 1.3 on there is no FSST any more, whose strings
// can be read one at a time. A file of an earlier format stays as it is.
const fileFormat = "v1.2.0"

// dsn turns off what reaches for the network, and keeps row order unspecified,
// which bounds the memory of large inserts.
func (w *Warehouse) dsn() string {
	settings := url.Values{
		"memory_limit":                  {w.options.MemoryLimit},
		"threads":                       {strconv.Itoa(w.options.Threads)},
		"preserve_insertion_order":      {"false"},
		"autoinstall_known_extensions":  {"false"},
		"autoload_known_extensions":     {"false"},
		"storage_compatibility_version": {fileFormat},
	}
	if w.options.ReadOnly {
		settings.Set("access_mode", "read_only")
	}
	return w.options.Path + "?" + settings.Encode()
}

// prepareConnection runs on every new connection. The time zone cannot be set
// with the file's other settings.
func (w *Warehouse) prepareConnection(conn driver.ExecerContext) error {
	ctx := context.Background()
	if _, err := conn.ExecContext(ctx, "SET TimeZone = 'UTC'", nil); err != nil {
		return fmt.Errorf("set time zone: %w", err)
	}
	for _, step := range w.scripts["functions"] {
		if _, err := conn.ExecContext(ctx, step.Text, nil); err != nil {
			return fmt.Errorf("define %s: %w", step.Name, err)
		}
	}
	return nil
}

func (w *Warehouse) applySchema(ctx context.Context, db *databasesql.DB) error {
	for _, step := range w.scripts["schema"] {
		filled, err := step.Fill(w.tables)
		if err != nil {
			return err
		}
		if _, err := db.ExecContext(ctx, filled.Text); err != nil {
			return fmt.Errorf("create %s: %w", step.Name, clean(err))
		}
	}
	return nil
}

// lockHolder finds what the engine says about who has the file, up to the hint
// behind it. The holder's path may hold dots, and where the engine may not look at
// other processes there is no path.
var lockHolder = regexp.MustCompile(`Could not set lock on file ".*?": (?:Conflicting lock is held in )?(.+?)(?:\. See also|$)`)

func (w *Warehouse) openError(err error) error {
	if match := lockHolder.FindStringSubmatch(err.Error()); match != nil {
		return &warehouse.HeldError{Path: w.options.Path, Holder: match[1]}
	}
	return fmt.Errorf("open warehouse file %s: %w", w.options.Path, clean(err))
}
