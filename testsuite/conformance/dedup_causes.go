package conformance

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"
)

// copied puts a changed copy of an event's first row into tracks, as older tools left them.
// The changes are assignments, such as "person_id = 'second'".
func (l *dedupLab) copied(id string, changes ...string) {
	l.t.Helper()
	columns := strings.Join(tracksColumns, ", ")
	selected := make([]string, len(tracksColumns))
	copy(selected, tracksColumns)
	for _, change := range changes {
		column, value, ok := strings.Cut(change, " = ")
		require.True(l.t, ok, change)
		for i, name := range tracksColumns {
			if name == column {
				selected[i] = value + " AS " + column
			}
		}
	}
	l.sabotage(fmt.Sprintf(`INSERT INTO posthog.tracks (%s) SELECT %s
		FROM (SELECT * FROM posthog.tracks WHERE event_id LIKE '%%%s' ORDER BY created_at, event_inserted_at LIMIT 1) AS original`,
		columns, strings.Join(selected, ", "), id))
}

var tracksColumns = []string{
	"event_id", "created_at", "event_name", "user_id", "person_id", "session_id", "active_feature_flags",
	"feature_flags_values", "lib_values", "device_model", "device_type", "device_os", "ip_address", "client",
	"geoip_city_name", "geoip_continent_name", "geoip_continent_code", "geoip_country_name", "geoip_country_code",
	"geoip_time_zone", "app_version", "locale", "event_payload", "bq_ingested_timestamp", "event_inserted_at",
}

const (
	stampedLater  = "bq_ingested_timestamp = TIMESTAMP '2026-07-02 00:00:00+00'"
	insertedLater = "event_inserted_at = TIMESTAMP '2026-06-12 14:00:00+00'"
	anotherDay    = "created_at = TIMESTAMP '2026-06-20 12:00:00+00'"
)

// madeCopy is a changed copy of an event's row.
type madeCopy struct {
	id      string
	changes []string
}

// everyCause are duplicates of every cause of the first eight events, some of which
// have none.
var everyCause = []madeCopy{
	{"0001", []string{"person_id = 'second'", insertedLater, stampedLater}},             // the same day
	{"0002", []string{"person_id = 'second'", insertedLater, stampedLater, anotherDay}}, // across days
	{"0003", []string{ // an insert-only backfill
		"person_id = 'legacy'", "event_inserted_at = NULL", "bq_ingested_timestamp = NULL",
		"created_at = TIMESTAMP '2026-06-01 12:00:00+00'",
	}},
	{"0004", nil}, // a merge that ran twice
	{"0004", nil}, // and once more
	{"0005", []string{"event_name = 'purchase'", insertedLater, stampedLater}},                                        // a collision
	{"0006", []string{"event_id = NULL", "person_id = 'nobody'", stampedLater}},                                       // without key
	{"0006", []string{"event_id = NULL", "person_id = 'nobody'", stampedLater}},                                       // the same, again
	{"0007", []string{"person_id = 'second'", insertedLater, stampedLater, anotherDay}},                               // two causes
	{"0007", []string{"person_id = 'third'", "event_inserted_at = TIMESTAMP '2026-06-12 15:00:00+00'", stampedLater}}, // at once
}

// everyCause seeds tracks with duplicates of every cause, and events that have none.
func (l *dedupLab) everyCause() {
	l.t.Helper()
	l.deliver(l.hour(1), events(1, 8)...)
	for _, c := range everyCause {
		l.copied(c.id, c.changes...)
	}
}
