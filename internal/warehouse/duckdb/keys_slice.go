//go:build cgo

package duckdb

import (
	"context"
	databasesql "database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/keys"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// BuildKeys does one slice of a rebuild, all or nothing. Doing it again changes
// nothing and returns the counts of the first time.
//
// It returns a *warehouse.InvariantError when the rebuild is over or tracks has
// rows that the plan does not know of.
func (w *Warehouse) BuildKeys(ctx context.Context, rebuildID string, number int) (keys.Built, error) {
	var built keys.Built
	err := w.write(ctx, "keys_rebuild", func(s *session) error {
		s.bind["rebuild_id"], s.bind["slice"] = rebuildID, number
		slice, booked, err := plannedSlice(ctx, s)
		if err != nil || slice.Done {
			built = booked
			return err
		}
		s.bind["begins"], s.bind["ends"] = slice.Begins.UTC(), slice.Ends.UTC()
		s.bind["cutover"] = w.options.Cutover.UTC()
		s.bind["sample_size"] = keys.SampleSize
		if slice.Source == keys.Tracks {
			built, err = keysOfRows(ctx, s)
		} else {
			built, err = keysOfDeliveries(ctx, s)
		}
		if err != nil {
			return err
		}
		if slice.Source == keys.Tracks && built.Rows != slice.Rows {
			return warehouse.RebuildUnfit(w.options.Tables, rebuildID, fmt.Errorf("slice %d (%s) has %d rows now", slice.Number, slice, built.Rows))
		}
		return finishSlice(ctx, s, built)
	})
	return built, err
}

// plannedSlice is the slice as it was planned, with its counts when it is done.
func plannedSlice(ctx context.Context, s *session) (keys.Slice, keys.Built, error) {
	slice := keys.Slice{Number: -1}
	var built keys.Built
	err := s.query(ctx, "slice", func(rows *databasesql.Rows) error {
		var outcome databasesql.Null[string]
		err := rows.Scan(&slice.Source, &slice.Begins, &slice.Ends, &slice.Rows, &slice.Done, &outcome)
		if err == nil && outcome.Valid {
			built, err = keys.ParseBuilt(outcome.V)
		}
		slice.Number = s.bind["slice"].(int) //nolint:forcetypeassert // bound by BuildKeys
		return err
	})
	if err == nil && slice.Number < 0 {
		err = warehouse.RebuildOver(s.bind["rebuild_id"].(string), s.bind["slice"].(int)) //nolint:forcetypeassert // bound by BuildKeys
	}
	return slice, built, err
}

// keysOfRows makes keys of the rows of tracks.
func keysOfRows(ctx context.Context, s *session) (keys.Built, error) {
	var built keys.Built
	changed, err := execAll(ctx, s, "rows", "rivals", "remove_beaten", "insert_keys")
	if err != nil {
		return built, err
	}
	if err := s.queryRow(ctx, "count", &built.Rows, &built.Unkeyed); err != nil {
		return built, err
	}
	built.Keys = changed["insert_keys"] - changed["remove_beaten"]
	built.Duplicates = built.Rows - built.Unkeyed - built.Keys
	if built.Duplicates > 0 {
		if built.Sample, err = column[string](ctx, s, "sample"); err != nil {
			return built, err
		}
	}
	_, err = execAll(ctx, s, "drop_rivals", "drop_rows")
	return built, err
}

// keysOfDeliveries adds what raw_tracks knows of newer deliveries.
func keysOfDeliveries(ctx context.Context, s *session) (keys.Built, error) {
	changed, err := execAll(ctx, s, "deliveries", "fresher", "remove_stale", "insert_fresher", "drop_fresher", "drop_deliveries")
	if err != nil {
		return keys.Built{}, err
	}
	if changed["remove_stale"] != changed["insert_fresher"] {
		return keys.Built{}, &warehouse.InvariantError{
			Law:   fmt.Sprintf("%d keys must be replaced by as many", changed["remove_stale"]),
			Found: fmt.Sprintf("they were replaced by %d", changed["insert_fresher"]),
		}
	}
	return keys.Built{Refreshed: changed["insert_fresher"]}, nil
}

// execAll runs steps and returns how many rows each changed.
func execAll(ctx context.Context, s *session, steps ...string) (map[string]int64, error) {
	changed := make(map[string]int64, len(steps))
	for _, step := range steps {
		rows, err := s.exec(ctx, step)
		if err != nil {
			return nil, err
		}
		changed[step] = rows
	}
	return changed, nil
}

func finishSlice(ctx context.Context, s *session, built keys.Built) error {
	outcome, err := json.Marshal(built)
	if err != nil {
		return fmt.Errorf("encode what a slice came to: %w", err)
	}
	s.bind["outcome"], s.bind["keys_written"], s.bind["done_at"] = string(outcome), built.Keys, time.Now().UTC()
	finished, err := s.exec(ctx, "finish")
	if err == nil && finished != 1 {
		err = &warehouse.InvariantError{Law: "a slice must be finished once", Found: fmt.Sprintf("%d were", finished)}
	}
	return err
}
