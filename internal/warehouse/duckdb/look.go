//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// patience is how long Look waits for another process to close the file.
const patience = 30 * time.Second

// Look runs a person's statement and hands over the column names and then every
// row as text; NULL is empty. A worker that holds the file is waited for.
//
// Errors keep the engine's words, for whoever typed the statement may see the data.
func (w *Warehouse) Look(ctx context.Context, statement string, row func([]string) error) error {
	db, give, err := w.use(ctx)
	for deadline := time.Now().Add(patience); isHeld(err) && time.Now().Before(deadline); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
		db, give, err = w.use(ctx)
	}
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
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read row: %w", err)
		}
		if err := row(warehouse.Texts(values)); err != nil {
			return err
		}
	}
	return rows.Err()
}

func isHeld(err error) bool {
	var held *warehouse.HeldError
	return errors.As(err, &held)
}
