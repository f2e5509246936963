//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Standings are those of the windows of [from, until) that the ledger knows of.
func (w *Warehouse) Standings(ctx context.Context, from, until window.Window) ([]ledger.Standing, error) {
	var standings ledger.Standings
	err := w.read(ctx, "standings", func(s *session) error {
		s.bind["from"], s.bind["until"] = from.Start(), until.Start()
		return s.query(ctx, "standings", func(rows *databasesql.Rows) error {
			var start, recorded time.Time
			var status string
			var objects, ignored databasesql.NullString
			if err := rows.Scan(&start, &status, &recorded, &objects, &ignored); err != nil {
				return err
			}
			return standings.Add(start, ledger.Status(status), recorded, objects.String, ignored.String)
		})
	})
	return standings.All(), err
}
