// Package overview reads what the tables know of many hours, or of one event, for
// people: the status, the report, the story of an event. It only looks.
package overview

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Tables are what is looked into: any warehouse.
type Tables interface {
	// Inspect runs a step of an SQL file and hands over every row as text, in the
	// order of its columns; NULL is empty.
	Inspect(ctx context.Context, task, step string, bind map[string]any, row func([]string) error) error
}

// record takes the columns of a row one by one. The first that cannot be read is
// kept in err.
type record struct {
	columns []string
	at      int
	err     error
}

func (r *record) text() string {
	if r.at >= len(r.columns) {
		r.fail(fmt.Errorf("there are only %d columns", len(r.columns)))
		return ""
	}
	r.at++
	return r.columns[r.at-1]
}

func (r *record) number() int64 {
	text := r.text()
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	r.fail(err)
	return n
}

func (r *record) decimal() float64 {
	text := r.text()
	if text == "" {
		return 0
	}
	n, err := strconv.ParseFloat(text, 64)
	r.fail(err)
	return n
}

// time is the zero time for NULL.
func (r *record) time() time.Time {
	text := r.text()
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse("2006-01-02 15:04:05.999999Z07:00", text)
	r.fail(err)
	return t.UTC()
}

func (r *record) fail(err error) {
	if r.err == nil && err != nil {
		r.err = fmt.Errorf("column %d: %w", r.at, err)
	}
}

// read runs a step and makes a T of every row.
func read[T any](ctx context.Context, tables Tables, task, step string, bind map[string]any, one func(*record) T) ([]T, error) {
	all := []T{}
	err := tables.Inspect(ctx, task, step, bind, func(columns []string) error {
		r := &record{columns: columns}
		all = append(all, one(r))
		return r.err
	})
	if err != nil {
		return nil, fmt.Errorf("look up %s of %s: %w", step, task, err)
	}
	return all, nil
}
