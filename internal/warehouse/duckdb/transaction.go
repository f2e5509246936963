//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"
	"fmt"
	"maps"

	"github.com/posthog-tracks/posthog-tracks/sql"
)

// session runs the steps of one SQL file on one connection.
type session struct {
	conn  *databasesql.Conn
	steps map[string]sql.Step
	// fill are the values of ${names}, bind those of @names.
	fill map[string]string
	bind map[string]any
	// before is Options.BeforeStep in a write, else nil.
	before func(step string) error
}

// read runs fn on a connection of its own, outside of any transaction of ours.
func (w *Warehouse) read(ctx context.Context, task string, fn func(*session) error) error {
	db, give, err := w.use(ctx)
	if err != nil {
		return err
	}
	defer give()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to warehouse: %w", clean(err))
	}
	defer func() { _ = conn.Close() }()
	return fn(w.session(conn, task))
}

// write runs fn in a transaction, alone: it is committed when fn returns nil and
// else leaves nothing behind.
//
// Every statement's error ends fn, for after a failed statement DuckDB's COMMIT
// reports success and commits nothing.
func (w *Warehouse) write(ctx context.Context, task string, fn func(*session) error) error {
	select {
	case <-w.writer:
		defer func() { w.writer <- struct{}{} }()
	case <-ctx.Done():
		return fmt.Errorf("wait for the other writer: %w", ctx.Err())
	}
	return w.read(ctx, task, func(s *session) error {
		s.before = w.options.BeforeStep
		return s.transact(ctx, func() error { return fn(s) })
	})
}

// transact runs fn between BEGIN and COMMIT. Whatever ends it early, a panic too,
// rolls back: the connection goes back to a pool.
func (s *session) transact(ctx context.Context, fn func() error) error {
	if _, err := s.conn.ExecContext(ctx, "BEGIN TRANSACTION"); err != nil {
		return fmt.Errorf("begin transaction: %w", clean(err))
	}
	done := false
	defer func() {
		if !done { // even though the caller may have given up
			_, _ = s.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		}
	}()
	if err := fn(); err != nil {
		return err
	}
	if err := s.announce("commit"); err != nil {
		return err
	}
	if _, err := s.conn.ExecContext(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("commit transaction: %w", clean(err))
	}
	done = true
	return nil
}

func (s *session) announce(step string) error {
	if s.before == nil {
		return nil
	}
	return s.before(step)
}

func (w *Warehouse) session(conn *databasesql.Conn, task string) *session {
	s := &session{conn: conn, steps: make(map[string]sql.Step), fill: maps.Clone(w.tables), bind: make(map[string]any)}
	for _, step := range w.scripts[task] {
		s.steps[step.Name] = step
	}
	return s
}

// exec runs one step and returns how many rows it changed.
func (s *session) exec(ctx context.Context, name string) (int64, error) {
	text, args, err := s.statement(name)
	if err != nil {
		return 0, err
	}
	if err := s.announce(name); err != nil {
		return 0, err
	}
	result, err := s.conn.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, fmt.Errorf("run %s: %w", name, clean(err))
	}
	return result.RowsAffected()
}

// query runs one step and calls scan for every row.
func (s *session) query(ctx context.Context, name string, scan func(*databasesql.Rows) error) error {
	text, args, err := s.statement(name)
	if err != nil {
		return err
	}
	if err := s.announce(name); err != nil {
		return err
	}
	rows, err := s.conn.QueryContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("run %s: %w", name, clean(err))
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("read result of %s: %w", name, clean(err))
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read result of %s: %w", name, clean(err))
	}
	return nil
}

// queryRow runs one step that returns one row.
func (s *session) queryRow(ctx context.Context, name string, into ...any) error {
	return s.query(ctx, name, func(rows *databasesql.Rows) error { return rows.Scan(into...) })
}

func (s *session) statement(name string) (text string, args []any, err error) {
	step, ok := s.steps[name]
	if !ok {
		return "", nil, fmt.Errorf("there is no SQL step %q", name)
	}
	if step, err = step.Fill(s.fill); err != nil {
		return "", nil, err
	}
	for _, parameter := range step.Parameters() {
		value, ok := s.bind[parameter]
		if !ok {
			return "", nil, fmt.Errorf("step %s: no value for @%s", name, parameter)
		}
		args = append(args, databasesql.Named(parameter, value))
	}
	return step.WithParameters(func(name string) string { return "$" + name }), args, nil
}
