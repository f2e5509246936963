package bigquery

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/posthog-tracks/posthog-tracks/internal/keys"
)

// placeRow is a day, or an event on a day, with its numbers of rows and of keys.
type placeRow struct {
	EventID string `bigquery:"event_id"`
	Day     string `bigquery:"day"`
	Rows    int64  `bigquery:"row_count"`
	Keys    int64  `bigquery:"key_count"`
	Agrees  bool   `bigquery:"agrees"`
}

// CompareKeys compares tracks and tracks_keys, as they are at one instant. The sample
// is taken a moment later.
func (w *Warehouse) CompareKeys(ctx context.Context, request keys.CompareRequest) (keys.Drift, error) {
	var drift keys.Drift
	if err := w.ensure(ctx); err != nil {
		return drift, err
	}
	s := w.keysScript("keys_verify")
	request = request.Bounded()
	s.bind["from"], s.bind["until"] = request.From.UTC(), request.Until.UTC()
	s.fill["sample_size"] = strconv.Itoa(keys.SampleSize)
	state, err := askOne[struct {
		Rebuilding bool `bigquery:"rebuilding"`
	}](ctx, s, "rebuilding")
	if err != nil {
		return drift, err
	}
	drift.Rebuilding = state.Rebuilding
	days, err := ask[placeRow](ctx, s, "days")
	if err != nil {
		return drift, err
	}
	for _, day := range days {
		drift.Count(day.Day, day.Rows, day.Keys, day.Agrees)
	}
	if drift.Drifted == 0 {
		return drift, nil
	}
	s.fill["drifted_ranges"] = onDays("created_at", drift.On)
	strays, err := ask[placeRow](ctx, s, "strays")
	for _, stray := range strays {
		drift.Sample = append(drift.Sample, keys.Stray{EventID: stray.EventID, Day: stray.Day, Rows: stray.Rows, Keys: stray.Keys})
	}
	return drift, err
}

// onDays is a condition that column lies on one of the days, in ranges of literals,
// which prune.
func onDays(column string, days []keys.DayDrift) string {
	ranges := make([]string, len(days))
	for i, day := range days {
		ranges[i] = fmt.Sprintf("(%s >= TIMESTAMP '%s 00:00:00+00' AND %s < TIMESTAMP_ADD(TIMESTAMP '%s 00:00:00+00', INTERVAL 1 DAY))",
			column, day.Day, column, day.Day)
	}
	return "(" + strings.Join(ranges, " OR ") + ")"
}
