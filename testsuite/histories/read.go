package histories

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/testsuite/oracle"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// told is the event in the oracle's words.
func (e Event) told() oracle.Delivery {
	delivery := oracle.Delivery{
		EventID: e.ID, CreatedAt: e.At,
		Content: oracle.Content{EventName: e.Name, UserID: e.User, PersonID: nullable(e.Person), Payload: nullable(e.Payload)},
	}
	if e.Inserted != nil {
		delivery.InsertedAt = sql.Null[time.Time]{V: *e.Inserted, Valid: true}
	}
	return delivery
}

// sent is the event as PostHog exports it.
func (e Event) sent() sample.Event {
	event := sample.Event{
		UUID: sample.Text{V: e.ID, Valid: e.ID != ""}, Name: sample.Text{V: e.Name, Valid: true},
		DistinctID: sample.Text{V: e.User, Valid: true}, PersonID: nullable(e.Person), Properties: nullable(e.Payload),
		Timestamp: sample.Micros{V: e.At.UnixMicro(), Valid: true},
	}
	if e.Inserted != nil {
		event.InsertedAt = sample.Micros{V: e.Inserted.UnixMicro(), Valid: true}
	}
	return event
}

func nullable(text *string) sql.Null[string] {
	if text == nil {
		return sql.Null[string]{}
	}
	return sql.Null[string]{V: *text, Valid: true}
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

// read reads all tables as the oracle shows them, and learns what it does not know
// of contents from raw_tracks.
func (p *player) read(ctx context.Context) ([]string, error) {
	var lines []string
	for _, table := range tables {
		head := true
		err := p.process.Warehouse().Look(ctx, table.statement, func(row []string) error {
			if head {
				head = false
				return nil
			}
			if table.derived > 0 {
				end := len(row) - table.after
				columns := strings.Join(row[table.derived:end], "/")
				row = slices.Concat(row[:table.derived], []string{columns}, row[end:])
			}
			if last := len(row) - 1; table.name == "tracks_keys" && p.left && p.process.IsBigQuery() {
				row[last] = "" // unknown, mostly
			}
			lines = append(lines, line(table.name, row))
			if table.name == "raw_tracks" {
				return p.learn(row)
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

// learn takes in the content of a row of raw_tracks. A row that nobody delivered is
// left to the comparison.
func (p *player) learn(row []string) error {
	columns, place := row[8], row[9:]
	generation, err := strconv.Atoi(place[1])
	if err != nil {
		return fmt.Errorf("read source_generation: %w", err)
	}
	number, err := strconv.Atoi(place[2])
	if err != nil {
		return fmt.Errorf("read source_row: %w", err)
	}
	hash, err := strconv.ParseInt(place[3], 10, 64)
	if err != nil {
		return fmt.Errorf("read content_hash: %w", err)
	}
	if generation > len(p.loads) || number >= len(p.loads[generation-1].told.Rows) {
		return nil
	}
	return p.facets.Learn(p.loads[generation-1].told.Rows[number].Content, oracle.Facts{Hash: hash, Columns: columns})
}
