package bigquery

import (
	"context"
	"maps"

	bq "cloud.google.com/go/bigquery"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Inspect runs a step of one of the files that only look (overview, explain) and
// hands over every row as text, in the order of its columns; NULL is empty.
func (w *Warehouse) Inspect(ctx context.Context, task, step string, bind map[string]any, row func([]string) error) error {
	if err := w.ensure(ctx); err != nil {
		return err
	}
	s := w.script(task, window.Window{})
	maps.Copy(s.bind, bind)
	found, err := ask[[]bq.Value](ctx, s, step)
	if err != nil {
		return err
	}
	for _, values := range found {
		if err := row(warehouse.Texts(plain(values))); err != nil {
			return err
		}
	}
	return nil
}
