package bigquery

import (
	"context"
	"time"

	bq "cloud.google.com/go/bigquery"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// standingRow is the newest load of a window, or its newest run that loaded nothing.
type standingRow struct {
	Start    time.Time     `bigquery:"window_start"`
	Status   string        `bigquery:"status"`
	Recorded time.Time     `bigquery:"recorded_at"`
	Objects  bq.NullString `bigquery:"objects"`
	Ignored  bq.NullString `bigquery:"ignored"`
}

// Standings are those of the windows of [from, until) that the ledger knows of.
func (w *Warehouse) Standings(ctx context.Context, from, until window.Window) ([]ledger.Standing, error) {
	if err := w.ensure(ctx); err != nil {
		return nil, err
	}
	s := w.script("standings", from)
	s.bind["from"], s.bind["until"] = from.Start(), until.Start()
	rows, err := ask[standingRow](ctx, s, "standings")
	if err != nil {
		return nil, err
	}
	var standings ledger.Standings
	for _, row := range rows {
		if err := standings.Add(row.Start, ledger.Status(row.Status), row.Recorded, row.Objects.StringVal, row.Ignored.StringVal); err != nil {
			return nil, err
		}
	}
	return standings.All(), nil
}
