//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// patience is how long people who look wait for another process to close the file.
const patience = 30 * time.Second

// Look runs a person's statement and hands over the column names and then every
// row as text; NULL is empty. A worker that holds the file is waited for.
//
// Errors keep the engine's words, for whoever typed the statement may see the data.
func (w *Warehouse) Look(ctx context.Context, statement string, row func([]string) error) error {
	db, give, err := w.useWhenFree(ctx)
	if err != nil {
		return err
	}
	defer give()
	rows, err := db.QueryContext(ctx, statement)
	if err != nil {
		return fmt.Errorf("run statement: %w", err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("read columns: %w", err)
	}
	if err := row(columns); err != nil {
		return err
	}
	for rows.Next() {
		if err := asText(rows, row); err != nil {
			return fmt.Errorf("read row: %w", err)
		}
	}
	return rows.Err()
}

// useWhenFree is use that waits for another process to close the file.
func (w *Warehouse) useWhenFree(ctx context.Context) (db *databasesql.DB, give func(), err error) {
	db, give, err = w.use(ctx)
	for deadline := time.Now().Add(patience); isHeld(err) && time.Now().Before(deadline); {
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
		db, give, err = w.use(ctx)
	}
	return db, give, err
}

func isHeld(err error) bool {
	var held *warehouse.HeldError
	return errors.As(err, &held)
}
