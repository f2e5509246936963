//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"
	"fmt"
	"maps"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// Inspect runs a step of one of the files that only look (overview, explain) and
// hands over every row as text, in the order of its columns; NULL is empty. A
// worker that holds the file is waited for.
func (w *Warehouse) Inspect(ctx context.Context, task, step string, bind map[string]any, row func([]string) error) error {
	db, give, err := w.useWhenFree(ctx)
	if err != nil {
		return err
	}
	defer give()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to warehouse: %w", clean(err))
	}
	defer func() { _ = conn.Close() }()
	s := w.session(conn, task)
	maps.Copy(s.bind, bind)
	return s.query(ctx, step, func(rows *databasesql.Rows) error { return asText(rows, row) })
}

// asText hands over the row that rows stands at.
func asText(rows *databasesql.Rows, row func([]string) error) error {
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return err
	}
	return row(warehouse.Texts(values))
}
