package bigquery

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	bq "cloud.google.com/go/bigquery"
	"google.golang.org/api/iterator"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// Look runs a person's statement and hands over the column names and then every
// row as text; NULL is empty.
func (w *Warehouse) Look(ctx context.Context, statement string, row func([]string) error) error {
	if err := w.ensure(ctx); err != nil {
		return err
	}
	q := query{task: task{step: "look", window: "by-hand", key: rand.Text()}, sql: statement}
	if w.options.ReadOnly {
		planned, err := w.jobs.estimate(ctx, q)
		if err != nil {
			return err
		}
		if planned.kind != "SELECT" {
			return fmt.Errorf("this is a %s statement, and only queries are run here", planned.kind)
		}
	}
	result, err := w.jobs.query(ctx, q)
	if err != nil {
		return err
	}
	list, err := result.job.Read(ctx)
	if err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	for head := true; ; head = false {
		var values []bq.Value
		err := list.Next(&values)
		if head {
			if err := row(namesOf(list.Schema)); err != nil {
				return err
			}
		}
		if errors.Is(err, iterator.Done) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read rows: %w", err)
		}
		if err := row(warehouse.Texts(plain(values))); err != nil {
			return err
		}
	}
}

func namesOf(schema bq.Schema) []string {
	names := make([]string, len(schema))
	for i, field := range schema {
		names[i] = field.Name
	}
	return names
}

// plain are the client's values as Go's own.
func plain(values []bq.Value) []any {
	row := make([]any, len(values))
	for i, value := range values {
		row[i] = value
		if day, ok := value.(interface {
			In(zone *time.Location) time.Time
		}); ok {
			row[i] = day.In(time.UTC)
		}
	}
	return row
}
