package histories

import (
	"context"
	"database/sql"
	"time"

	"github.com/posthog-tracks/posthog-tracks/testsuite/oracle"
	"github.com/posthog-tracks/posthog-tracks/testsuite/reading"
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

// read reads all tables as the oracle shows them, and learns what it does not know of
// contents from raw_tracks.
func (p *player) read(ctx context.Context) ([]string, error) {
	reader := reading.Reader{HidesHashes: p.left && p.process.IsBigQuery(), Delivered: p.learn}
	return reader.Read(ctx, p.process.Warehouse())
}

// learn takes in the content of a row of raw_tracks. A row that nobody delivered is
// left to the comparison.
func (p *player) learn(generation, row int, facts oracle.Facts) error {
	if generation > len(p.loads) || row >= len(p.loads[generation-1].told.Rows) {
		return nil
	}
	return p.facets.Learn(p.loads[generation-1].told.Rows[row].Content, facts)
}
