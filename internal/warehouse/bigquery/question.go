package bigquery

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"strings"
	"time"

	bq "cloud.google.com/go/bigquery"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Ask answers a question, reading no more than it may: BigQuery refuses a query that
// would, and charges nothing for it.
func (w *Warehouse) Ask(ctx context.Context, q warehouse.Question) (warehouse.Answer, error) {
	if err := w.ensure(ctx); err != nil {
		return warehouse.Answer{}, err
	}
	text, err := w.pose(q)
	if err != nil {
		return warehouse.Answer{}, err
	}
	result, err := w.jobs.query(ctx, query{task: taskOf(q), sql: text, maxBytes: q.MaxBytes})
	if err != nil {
		return warehouse.Answer{}, fmt.Errorf("run %s: %w", q.Step, err)
	}
	found, err := rows[[]bq.Value](ctx, result)
	if err != nil {
		return warehouse.Answer{}, err
	}
	answer := warehouse.Answer{Rows: make([][]any, len(found)), Bytes: max(result.processed(), result.cost.BytesBilled)}
	for i, row := range found {
		answer.Rows[i] = make([]any, len(row))
		for j, value := range row {
			if at, ok := value.(time.Time); ok {
				value = at.UTC()
			}
			answer.Rows[i][j] = value
		}
	}
	return answer, nil
}

// Tell runs a step that writes tables of the data tests.
func (w *Warehouse) Tell(ctx context.Context, q warehouse.Question) error {
	if err := w.ensure(ctx); err != nil {
		return err
	}
	text, err := w.pose(q)
	if err != nil {
		return err
	}
	if _, err := w.jobs.query(ctx, query{task: taskOf(q), sql: text, maxBytes: q.MaxBytes}); err != nil {
		return fmt.Errorf("run %s: %w", q.Step, err)
	}
	return nil
}

// pose writes the question's statement.
func (w *Warehouse) pose(q warehouse.Question) (string, error) {
	fill, err := q.Fill(warehouse.Dialect{
		Tables: w.tables, Table: quoteIn(w.options.Project),
		Column: func(name string) string { return "`" + name + "`" },
		Text:   quoteText,
	})
	if err != nil {
		return "", err
	}
	s := w.script(q.Task, window.Window{})
	maps.Copy(s.fill, fill)
	maps.Copy(s.bind, q.Bind)
	return s.text(q.Step)
}

// taskOf names the job. Whoever asks again wants an answer of now.
func taskOf(q warehouse.Question) task {
	return task{step: strings.ReplaceAll(q.Task+"-"+q.Step, "_", "-"), key: rand.Text()}
}
