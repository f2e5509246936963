// Package reading reads the tables of a warehouse as the oracle shows them, and says
// where the two differ.
package reading

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/posthog-tracks/posthog-tracks/testsuite/oracle"
)

// Warehouse runs statements that only read.
type Warehouse interface {
	Look(ctx context.Context, statement string, row func([]string) error) error
}

// content are the columns that hold the content of a delivery: the first four are
// told to the oracle, the others come out of the payload.
const content = `event_name, user_id, IFNULL(person_id, 'NULL'), event_payload IS NULL,
	session_id, active_feature_flags, feature_flags_values, lib_values, device_model, device_type, device_os, ip_address, client,
	geoip_city_name, geoip_continent_name, geoip_continent_code, geoip_country_name, geoip_country_code, geoip_time_zone,
	app_version, locale, event_payload`

// tables are all that is compared, in the columns the oracle shows. derived is where
// the columns begin that come out of the payload, 0 for none, and after how many
// columns from the end they are over.
var tables = []struct {
	name, statement string
	derived, after  int
}{
	{"raw_tracks", `SELECT event_id, created_at, event_inserted_at, bq_ingested_timestamp, ` + content + `,
		window_start, source_generation, source_row, content_hash FROM posthog.raw_tracks`, 8, 4},
	{"tracks", `SELECT event_id, created_at, event_inserted_at, bq_ingested_timestamp, ` + content + ` FROM posthog.tracks`, 8, 0},
	{"tracks_keys", `SELECT event_id, created_at, event_inserted_at, bq_ingested_timestamp, content_hash FROM posthog.tracks_keys`, 0, 0},
	{"raw_rejects", `SELECT window_start, source_generation, source_row, reason FROM posthog.raw_rejects`, 0, 0},
	{"merge_rejects", `SELECT window_start, source_generation,
		CASE WHEN source_object = 'posthog.tracks' THEN NULL ELSE source_row END, event_id, reason FROM posthog.merge_rejects`, 0, 0},
	{"window_ledger", `SELECT window_start, load_id, status, rows_read, rows_loaded, rows_rejected,
		rows_inserted, rows_updated, rows_unchanged, rows_collided, rows_before_cutover FROM posthog.window_ledger`, 0, 0},
}

// Reader reads tables.
type Reader struct {
	// HidesHashes leaves out what tracks_keys says of content, since the oracle does.
	HidesHashes bool
	// Delivered is told of each row of raw_tracks, in the order of its object, and of
	// its content.
	Delivered func(generation, row int, facts oracle.Facts) error
}

// Read reads all tables, a row a line.
func (r Reader) Read(ctx context.Context, w Warehouse) ([]string, error) {
	var lines []string
	for _, table := range tables {
		head := true
		err := w.Look(ctx, table.statement, func(row []string) error {
			if head {
				head = false
				return nil
			}
			if table.derived > 0 {
				end := len(row) - table.after
				columns := strings.Join(row[table.derived:end], "/")
				row = slices.Concat(row[:table.derived], []string{columns}, row[end:])
			}
			if last := len(row) - 1; table.name == "tracks_keys" && r.HidesHashes {
				row[last] = ""
			}
			lines = append(lines, line(table.name, row))
			if table.name == "raw_tracks" {
				return r.delivered(row[8], row[10:])
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", table.name, err)
		}
	}
	return lines, nil
}

// line shows a row as the oracle does. Empty is NULL, but for the ids of user and
// person, which may be empty.
func line(table string, row []string) string {
	columns := make([]any, len(row))
	for i, text := range row {
		columns[i] = text
		mayBeEmpty := (i == 5 || i == 6) && strings.HasSuffix(table, "tracks")
		if text == "" && !mayBeEmpty {
			columns[i] = oracle.Null
		}
	}
	return oracle.Line(table, columns...)
}

// delivered tells of a row of raw_tracks. place are its generation, its row and the
// hash of its content.
func (r Reader) delivered(columns string, place []string) error {
	generation, err := strconv.Atoi(place[0])
	if err != nil {
		return fmt.Errorf("read source_generation: %w", err)
	}
	row, err := strconv.Atoi(place[1])
	if err != nil {
		return fmt.Errorf("read source_row: %w", err)
	}
	hash, err := strconv.ParseInt(place[2], 10, 64)
	if err != nil {
		return fmt.Errorf("read content_hash: %w", err)
	}
	return r.Delivered(generation, row, oracle.Facts{Hash: hash, Columns: columns})
}

// Compare says where tables, as they were read, differ from the oracle's. notes stand
// before that, and are differences too.
func Compare(world *oracle.World, tables []string, notes ...string) error {
	differences := slices.Clone(notes)
	want := world.Tables()
	for _, line := range lacking(tables, want) {
		differences = append(differences, "only in the warehouse: "+line)
	}
	for _, line := range lacking(want, tables) {
		differences = append(differences, "only in the oracle:    "+line)
	}
	if len(differences) == 0 {
		return nil
	}
	return errors.New("differs from the oracle:\n" + strings.Join(differences, "\n"))
}

// lacking are the lines that others lack.
func lacking(lines, others []string) (left []string) {
	others = slices.Clone(others)
	for _, line := range lines {
		if i := slices.Index(others, line); i >= 0 {
			others = slices.Delete(others, i, i+1)
		} else {
			left = append(left, line)
		}
	}
	return left
}
