package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// legacy is a row of backfill_tracks. Empty fields are NULL.
type legacy struct {
	id, name, user, person string
	created                time.Time
	// inserted and ingested order the deliveries of an event.
	inserted, ingested time.Time
}

// may is the day that legacy rows are of unless a test says otherwise.
var may = time.Date(2025, 5, 20, 0, 0, 0, 0, time.UTC)

// old is a row of event n, whose id lab.tracks shows as four digits, created hours
// after the beginning of the day.
func old(n, hours int, changes ...func(*legacy)) legacy {
	row := legacy{
		id: fmt.Sprintf("0196eb00-0000-7000-8000-00000000%04d", n), name: "$pageview", user: "user", person: "legacy",
		created: may.Add(time.Duration(hours) * time.Hour), ingested: may.AddDate(0, 1, 0),
	}
	for _, apply := range changes {
		apply(&row)
	}
	return row
}

func oldContent(v string) func(*legacy) { return func(r *legacy) { r.person = v } }

func oldInserted(minutes int) func(*legacy) {
	return func(r *legacy) { r.inserted = may.Add(time.Duration(minutes) * time.Minute) }
}

// inherit puts rows into backfill_tracks.
func (l *lab) inherit(rows ...legacy) {
	l.t.Helper()
	lines := make([]string, len(rows))
	for i, row := range rows {
		lines[i] = fmt.Sprintf(`(%s, %s, %s, %s, %s, JSON '{"$lib": "legacy"}', %s, %s)`, nullText(row.id), nullTime(row.created),
			nullText(row.name), nullText(row.user), nullText(row.person), nullTime(row.inserted), nullTime(row.ingested))
	}
	l.rows(`INSERT INTO posthog.backfill_tracks
		(event_id, created_at, event_name, user_id, person_id, event_payload, event_inserted_at, bq_ingested_timestamp)
		VALUES ` + strings.Join(lines, ", "))
}

func nullText(v string) string {
	if v == "" {
		return "NULL"
	}
	return "'" + v + "'"
}

func nullTime(t time.Time) string {
	if t.IsZero() {
		return "NULL"
	}
	return "TIMESTAMP '" + t.UTC().Format("2006-01-02 15:04:05.999999") + "'"
}

// days plans a backfill of everything.
func (l *lab) days() []ledger.PlannedDay {
	l.t.Helper()
	plan, err := l.warehouse.PlanBackfill(l.t.Context(), ledger.BackfillRange{})
	require.NoError(l.t, err)
	return plan.Days
}

// theDay asks for a planned day under an id.
func theDay(id string, planned ledger.PlannedDay, dry bool) ledger.BackfillDay {
	return ledger.BackfillDay{
		ID: id, Day: planned.Day, Rows: planned.Rows, DryRun: dry, Run: ledger.Run{WorkflowID: "backfill", RunID: id},
	}
}

// backfill plans and does all days, each after a dry run that must have said the same.
func (l *lab) backfill(id string) map[window.Day]ledger.Backfilled {
	l.t.Helper()
	counts := make(map[window.Day]ledger.Backfilled)
	for _, planned := range l.days() {
		before := l.tracks()
		foretold, err := l.warehouse.BackfillDay(l.t.Context(), theDay(id, planned, true))
		require.NoError(l.t, err)
		require.Equal(l.t, before, l.tracks(), "a dry run writes nothing")
		done, err := l.warehouse.BackfillDay(l.t.Context(), theDay(id, planned, false))
		require.NoError(l.t, err)
		require.Equal(l.t, foretold, done, "the dry run of day %s said otherwise", planned.Day)
		require.Equal(l.t, planned.Rows, done.Total(), "every row of day %s is accounted for", planned.Day)
		counts[planned.Day] = done
		l.requireWhole()
	}
	return counts
}

// total adds up all days.
func total(counts map[window.Day]ledger.Backfilled) ledger.Backfilled {
	var sum ledger.Backfilled
	for _, day := range counts {
		sum = sum.Plus(day)
	}
	sum.Bytes = 0
	return sum
}
