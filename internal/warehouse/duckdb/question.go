//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"
	"fmt"
	"maps"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// Ask answers a question. It takes no turn at writing and is held up by no writer. What
// has to be read for it is found out first, if it may not read everything.
func (w *Warehouse) Ask(ctx context.Context, q warehouse.Question) (warehouse.Answer, error) {
	var answer warehouse.Answer
	err := w.read(ctx, q.Task, func(s *session) error {
		if err := w.pose(s, q); err != nil {
			return err
		}
		if q.MaxBytes > 0 {
			size, err := w.readSize(ctx, s, q.Step)
			if err != nil {
				return err
			}
			if answer.Bytes = size; size > q.MaxBytes {
				return &warehouse.TooLargeError{Bytes: size, MaxBytes: q.MaxBytes}
			}
		}
		return s.query(ctx, q.Step, func(rows *databasesql.Rows) error {
			row, err := scanRow(rows)
			answer.Rows = append(answer.Rows, row)
			return err
		})
	})
	return answer, err
}

// Tell runs a step that writes tables of the data tests, in a transaction.
func (w *Warehouse) Tell(ctx context.Context, q warehouse.Question) error {
	return w.write(ctx, q.Task, func(s *session) error {
		if err := w.pose(s, q); err != nil {
			return err
		}
		_, err := s.exec(ctx, q.Step)
		return err
	})
}

func (w *Warehouse) pose(s *session, q warehouse.Question) error {
	fill, err := q.Fill(warehouse.Dialect{
		Tables: w.tables, Table: quote,
		Column: func(name string) string { return quote(name) },
		Text:   func(text string) string { return textList([]string{text}) },
	})
	if err != nil {
		return err
	}
	maps.Copy(s.fill, fill)
	maps.Copy(s.bind, q.Bind)
	return nil
}

// scanRow reads a row into the types an answer has.
func scanRow(rows *databasesql.Rows) ([]any, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	row, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	for i, value := range row {
		switch v := value.(type) {
		case nil, int64, float64, bool, string:
		case int32:
			row[i] = int64(v)
		case time.Time:
			row[i] = v.UTC()
		default:
			return nil, fmt.Errorf("column %s is a %T, which no answer holds", columns[i], value)
		}
	}
	return row, nil
}
