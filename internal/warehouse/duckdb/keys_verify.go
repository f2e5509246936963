//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/keys"
)

// CompareKeys compares tracks and tracks_keys, as they are at one instant.
func (w *Warehouse) CompareKeys(ctx context.Context, request keys.CompareRequest) (keys.Drift, error) {
	var drift keys.Drift
	err := w.read(ctx, "keys_verify", func(s *session) error {
		return s.transact(ctx, func() error {
			request = request.Bounded()
			s.bind["from"], s.bind["until"] = request.From.UTC(), request.Until.UTC()
			s.bind["sample_size"] = keys.SampleSize
			if err := s.queryRow(ctx, "rebuilding", &drift.Rebuilding); err != nil {
				return err
			}
			err := s.query(ctx, "days", func(rows *databasesql.Rows) error {
				var day, inRows, inKeys int64
				var agrees bool
				err := rows.Scan(&day, &inRows, &inKeys, &agrees)
				drift.Count(dayOf(day), inRows, inKeys, agrees)
				return err
			})
			if err != nil || drift.Drifted == 0 {
				return err
			}
			s.fill["drifted_ranges"] = onDays("created_at", drift.On)
			return s.query(ctx, "strays", func(rows *databasesql.Rows) error {
				var stray keys.Stray
				var day int64
				err := rows.Scan(&stray.EventID, &day, &stray.Rows, &stray.Keys)
				stray.Day = dayOf(day)
				drift.Sample = append(drift.Sample, stray)
				return err
			})
		})
	})
	return drift, err
}

// dayOf names a day that is counted from 1970.
func dayOf(day int64) string { return time.Unix(day*86400, 0).UTC().Format(time.DateOnly) }

// onDays is a condition that column lies on one of the days, in ranges of literals.
func onDays(column string, days []keys.DayDrift) string {
	ranges := make([]string, len(days))
	for i, day := range days {
		ranges[i] = fmt.Sprintf("(%s >= TIMESTAMPTZ '%s 00:00:00+00' AND %s < TIMESTAMPTZ '%s 00:00:00+00' + INTERVAL 1 DAY)", column, day.Day, column, day.Day)
	}
	return "(" + strings.Join(ranges, " OR ") + ")"
}
