package overview

import (
	"context"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Story is all that the tables know of one event: ids and stamps, no data of it but
// its name and whose it is.
type Story struct {
	EventID string `json:"eventId"`
	// Key is what tracks_keys holds, one entry unless a law is broken.
	Key []Key `json:"key"`
	// Rows are those of tracks.
	Rows []Row `json:"rows"`
	// Deliveries are the rows of raw_tracks, Rejects those of raw_rejects and Refused
	// those of merge_rejects.
	Deliveries []Delivery  `json:"deliveries"`
	Rejects    []Rejection `json:"rejects"`
	Refused    []Rejection `json:"refused"`
	// Loads are what was booked for the windows that the event was delivered in.
	Loads []Load `json:"loads"`
	// Tests are the data tests that named the event among what failed.
	Tests []TestResult `json:"tests"`
}

// Key is a row of tracks_keys.
type Key struct {
	Bucket       int64     `json:"bucket"`
	CreatedAt    time.Time `json:"createdAt"`
	InsertedAt   time.Time `json:"insertedAt,omitzero"`
	IngestedAt   time.Time `json:"ingestedAt,omitzero"`
	ContentHash  int64     `json:"contentHash"`
	IdentityHash int64     `json:"identityHash"`
}

// Row is a row of tracks.
type Row struct {
	CreatedAt  time.Time `json:"createdAt"`
	Event      string    `json:"event"`
	User       string    `json:"user"`
	IngestedAt time.Time `json:"ingestedAt,omitzero"`
	InsertedAt time.Time `json:"insertedAt,omitzero"`
}

// Source is where a row of an export came from.
type Source struct {
	Window     window.Window `json:"window"`
	Object     string        `json:"object"`
	Generation int64         `json:"generation"`
	// Row counts from 0.
	Row int64 `json:"row"`
}

// Delivery is a row of raw_tracks.
type Delivery struct {
	Source

	CreatedAt   time.Time `json:"createdAt"`
	Event       string    `json:"event"`
	User        string    `json:"user"`
	InsertedAt  time.Time `json:"insertedAt,omitzero"`
	IngestedAt  time.Time `json:"ingestedAt"`
	ContentHash int64     `json:"contentHash"`
}

// Rejection is a row that was not let through, and why.
type Rejection struct {
	Source

	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

func sourceOf(r *record) Source {
	w, err := window.Starting(r.time())
	r.fail(err)
	return Source{Window: w, Object: r.text(), Generation: r.number(), Row: r.number()}
}

func rowOf(r *record) Row {
	return Row{CreatedAt: r.time(), Event: r.text(), User: r.text(), IngestedAt: r.time(), InsertedAt: r.time()}
}

func rejectionOf(r *record) Rejection {
	return Rejection{Source: sourceOf(r), Reason: r.text(), Detail: r.text()}
}

// Tell tells the story of an event. Rows of tracks are looked up where the key says
// they are; everywhere looks at all of tracks instead.
func Tell(ctx context.Context, tables Tables, eventID string, everywhere bool) (*Story, error) {
	story := &Story{EventID: eventID, Rows: []Row{}, Loads: []Load{}}
	bind := map[string]any{"event_id": eventID}
	var err error
	if story.Key, err = read(ctx, tables, "explain", "key", bind, func(r *record) Key {
		return Key{
			Bucket: r.number(), CreatedAt: r.time(), InsertedAt: r.time(), IngestedAt: r.time(),
			ContentHash: r.number(), IdentityHash: r.number(),
		}
	}); err != nil {
		return nil, err
	}
	if story.Deliveries, err = read(ctx, tables, "explain", "deliveries", bind, func(r *record) Delivery {
		return Delivery{
			Source: sourceOf(r), CreatedAt: r.time(), Event: r.text(), User: r.text(),
			InsertedAt: r.time(), IngestedAt: r.time(), ContentHash: r.number(),
		}
	}); err != nil {
		return nil, err
	}
	if story.Refused, err = read(ctx, tables, "explain", "merge_rejects", bind, rejectionOf); err != nil {
		return nil, err
	}
	if story.Rejects, err = read(ctx, tables, "explain_data", "rejects", bind, rejectionOf); err != nil {
		return nil, err
	}
	if story.Tests, err = read(ctx, tables, "explain", "tests", bind, testOf); err != nil {
		return nil, err
	}
	if err := story.findRows(ctx, tables, everywhere); err != nil {
		return nil, err
	}
	return story, story.findLoads(ctx, tables)
}

func (s *Story) findRows(ctx context.Context, tables Tables, everywhere bool) (err error) {
	bind := map[string]any{"event_id": s.EventID}
	if everywhere {
		s.Rows, err = read(ctx, tables, "explain", "rows", bind, rowOf)
		return err
	}
	for _, key := range s.Key {
		bind["created_at"] = key.CreatedAt
		rows, err := read(ctx, tables, "explain", "row", bind, rowOf)
		if err != nil {
			return err
		}
		s.Rows = append(s.Rows, rows...)
	}
	return nil
}

func (s *Story) findLoads(ctx context.Context, tables Tables) error {
	seen := make(map[window.Window]bool)
	for _, source := range s.sources() {
		if seen[source.Window] {
			continue
		}
		seen[source.Window] = true
		loads, err := read(ctx, tables, "explain", "loads", map[string]any{"window": source.Window.Start()}, loadOf)
		if err != nil {
			return err
		}
		s.Loads = append(s.Loads, loads...)
	}
	return nil
}

// sources are where all rows of the event came from.
func (s *Story) sources() []Source {
	var all []Source
	for i := range s.Deliveries {
		all = append(all, s.Deliveries[i].Source)
	}
	for _, rejections := range [][]Rejection{s.Refused, s.Rejects} {
		for i := range rejections {
			all = append(all, rejections[i].Source)
		}
	}
	return all
}

// Known reports whether any table knows the event.
func (s *Story) Known() bool {
	return len(s.Key)+len(s.Rows)+len(s.Deliveries)+len(s.Rejects)+len(s.Refused) > 0
}

// Verdict says in a sentence how the event stands, and whether a law is broken.
func (s *Story) Verdict(cutover time.Time) (verdict string, broken bool) {
	switch {
	case !s.Known():
		return "no table knows this event", false
	case len(s.Key) > 1 || len(s.Rows) > 1:
		return "there is more than one row or key of this event: the law of one row an event is broken", true
	case len(s.Key) != len(s.Rows):
		return "tracks and tracks_keys do not agree about this event: `starter keys verify` says how many are like it", true
	case len(s.Rows) == 1 && len(s.Refused) > 0:
		return "tracks has it; another event with the same id was refused", false
	case len(s.Rows) == 1:
		return "tracks has it, once", false
	case len(s.Deliveries) == 0:
		return "its rows were rejected: see the reasons above", false
	case s.beforeCutover(cutover):
		return "it was delivered and is older than the cutover, so it belongs to the backfill", false
	default:
		return "it was delivered and is not merged yet: see the status of its load", false
	}
}

func (s *Story) beforeCutover(cutover time.Time) bool {
	for i := range s.Deliveries {
		if !s.Deliveries[i].CreatedAt.Before(cutover) {
			return false
		}
	}
	return true
}

// Payload is the data of one delivery.
type Payload struct {
	Object string `json:"object"`
	Row    int64  `json:"row"`
	// Payload is JSON.
	Payload string `json:"payload"`
}

// Payloads are the data of an event, delivery by delivery.
func Payloads(ctx context.Context, tables Tables, eventID string) ([]Payload, error) {
	return read(ctx, tables, "explain_data", "payloads", map[string]any{"event_id": eventID}, func(r *record) Payload {
		return Payload{Object: r.text(), Row: r.number(), Payload: r.text()}
	})
}
