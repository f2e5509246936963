package harness

import (
	"context"
	"errors"
	"fmt"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
)

// Query runs a statement on the rig's warehouse and returns its rows as text,
// without the head. No worker may be at work for long.
func (r *Rig) Query(ctx context.Context, statement string) (rows [][]string, err error) {
	if r.BigQuery != nil {
		if err := r.copyTables(ctx, readBy(statement)); err != nil {
			return nil, err
		}
	}
	return Query(ctx, r.WarehouseFile, statement)
}

// Query runs a statement on a warehouse file and returns its rows as text.
func Query(ctx context.Context, file, statement string) (rows [][]string, err error) {
	tables, err := duckdb.New(duckdb.Options{
		Path: file, MemoryLimit: "1GB", Threads: 2, ReadOnly: true, Tables: warehouse.DefaultTables(),
	})
	if err != nil {
		return nil, fmt.Errorf("open warehouse: %w", err)
	}
	defer func() { err = errors.Join(err, tables.Close()) }()
	return look(ctx, tables, statement)
}

// Change runs a statement on the rig's warehouse that no workflow would. A DuckDB file
// may be open in no worker.
func (r *Rig) Change(ctx context.Context, statement string) (err error) {
	if r.BigQuery != nil {
		_, err := r.OnBigQuery(ctx, statement)
		return err
	}
	tables, err := duckdb.New(duckdb.Options{
		Path: r.WarehouseFile, MemoryLimit: "512MB", Threads: 1, Tables: warehouse.DefaultTables(),
	})
	if err != nil {
		return fmt.Errorf("open warehouse: %w", err)
	}
	defer func() { err = errors.Join(err, tables.Close()) }()
	return tables.Look(ctx, statement, func([]string) error { return nil })
}

// looker is a warehouse that runs statements.
type looker interface {
	Look(ctx context.Context, statement string, row func([]string) error) error
}

func look(ctx context.Context, tables looker, statement string) (rows [][]string, err error) {
	head := true
	err = tables.Look(ctx, statement, func(row []string) error {
		if !head {
			rows = append(rows, append([]string(nil), row...))
		}
		head = false
		return nil
	})
	return rows, err
}
