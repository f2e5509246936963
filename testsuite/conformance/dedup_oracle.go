package conformance

import (
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/oracle"
	"github.com/posthog-tracks/posthog-tracks/testsuite/reading"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// dedupAsTheOracle has duplicates of every cause in the warehouse and in the oracle.
// Both must hold the same rows, before, after, and when that was taken back.
func dedupAsTheOracle(l *dedupLab) {
	w := &witness{dedupLab: l, facets: make(oracle.Facets)}
	w.world = oracle.New(Cutover, w.facets)
	w.deliver(l.hour(2), // what older tools wrote, so that its hashes can be learned
		event(11, content("second")), event(12, content("third")), event(13, content("legacy")), event(14, content("nobody")),
		event(15, named("purchase")))
	w.deliver(l.hour(1), events(1, 8)...)
	for _, c := range everyCause {
		l.copied(c.id, c.changes...)
		w.world.Leave(w.copyOf(c))
	}
	w.compare("before")
	for _, whole := range []bool{false, true} {
		order := l.order(fmt.Sprint("whole table: ", whole), l.plan())
		order.WholeTable = whole
		require.NoError(l.t, l.attempt(l.t.Context(), order))
		_, refused := w.world.Dedup(order.ID, order.OrderedAt)
		require.Empty(l.t, refused)
		w.compare(order.ID)
		_, err := l.deduper.RollbackDedup(l.t.Context(), order.ID)
		require.NoError(l.t, err)
		require.Empty(l.t, w.world.Rollback(order.ID))
		w.compare(order.ID + ", taken back")
	}
}

// witness tells the oracle what is done in the lab.
type witness struct {
	*dedupLab

	world  *oracle.World
	facets oracle.Facets
	loads  []oracle.Load // by generation, from 1
}

// deliver takes events to tracks in both worlds.
func (w *witness) deliver(hour window.Window, events ...sample.Event) {
	w.t.Helper()
	w.dedupLab.deliver(hour, events...)
	booked := w.commit(hour).Load
	load := oracle.Load{Window: hour.Start(), ID: booked.ID, Stamp: booked.IngestedAt, Generation: int64(len(w.loads) + 1)}
	for _, e := range events {
		load.Rows = append(load.Rows, told(e))
	}
	w.loads = append(w.loads, load)
	w.world.Commit(load)
	_, refused := w.world.Merge(load.Window, load.ID)
	require.Empty(w.t, refused)
}

// copyOf is a copy of a row of the last load.
func (w *witness) copyOf(c madeCopy) oracle.Legacy {
	w.t.Helper()
	load := w.loads[len(w.loads)-1]
	for _, d := range load.Rows {
		if strings.HasSuffix(d.EventID, c.id) {
			row := oracle.Legacy{Delivery: d, Stamp: load.Stamp}
			for _, change := range c.changes {
				column, value, _ := strings.Cut(change, " = ")
				require.NoError(w.t, set(&row, column, value))
			}
			return row
		}
	}
	require.Fail(w.t, "no such event", c.id)
	return oracle.Legacy{}
}

// compare insists that tables hold what the oracle says. BigQuery, which bills, keeps
// no text of JSON, and so no hash of content that nobody delivered.
func (w *witness) compare(when string) {
	w.t.Helper()
	_, bills := w.warehouse.(activities.Billed)
	if bills {
		w.world.ForgetHashes()
	}
	tables, err := reading.Reader{HidesHashes: bills, Delivered: func(generation, row int, facts oracle.Facts) error {
		return w.facets.Learn(w.loads[generation-1].Rows[row].Content, facts)
	}}.Read(w.t.Context(), w.warehouse)
	require.NoError(w.t, err)
	require.NoError(w.t, reading.Compare(w.world, tables), when)
}

// told is the event in the oracle's words.
func told(e sample.Event) oracle.Delivery {
	return oracle.Delivery{
		EventID: e.UUID.V, CreatedAt: time.UnixMicro(e.Timestamp.V),
		InsertedAt: sql.Null[time.Time]{V: time.UnixMicro(e.InsertedAt.V), Valid: e.InsertedAt.Valid},
		Content:    oracle.Content{EventName: e.Name.V, UserID: e.DistinctID.V, PersonID: e.PersonID, Payload: e.Properties},
	}
}

// set gives a column of a row a value, written as in SQL.
func set(row *oracle.Legacy, column, value string) error {
	text := strings.Trim(strings.TrimPrefix(value, "TIMESTAMP "), "'")
	known := value != "NULL"
	var at time.Time
	var err error
	if known && strings.HasPrefix(value, "TIMESTAMP ") {
		at, err = time.Parse("2006-01-02 15:04:05-07", text)
	}
	switch column {
	case "event_id":
		row.EventID = ""
	case "event_name":
		row.Content.EventName = text
	case "person_id":
		row.Content.PersonID = sql.Null[string]{V: text, Valid: known}
	case "created_at":
		row.CreatedAt = at
	case "event_inserted_at":
		row.InsertedAt = sql.Null[time.Time]{V: at, Valid: known}
	case "bq_ingested_timestamp":
		row.Stamp = at
	default:
		err = fmt.Errorf("the oracle is not told of %s", column)
	}
	return err
}
