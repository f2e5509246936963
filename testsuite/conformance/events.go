package conformance

import (
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// noon is when events happen unless a test says otherwise.
var noon = time.Date(2026, 6, 12, 12, 0, 0, 0, time.UTC)

// change varies a delivery.
type change func(*sample.Event)

// event is a delivery of event n, whose id is a UUIDv7 of the day.
func event(n int, changes ...change) sample.Event {
	e := sample.Event{
		UUID:       text(fmt.Sprintf("019eb700-0000-7000-8000-00000000%04d", n)),
		Name:       text("$pageview"),
		Properties: text(`{"$lib": "web"}`),
		DistinctID: text("user"),
		PersonID:   text("first"),
		Timestamp:  instant(noon),
		InsertedAt: instant(noon.Add(time.Minute)),
	}
	for _, apply := range changes {
		apply(&e)
	}
	return e
}

// events are deliveries of the events from first to last.
func events(first, last int) (all []sample.Event) {
	for n := first; n <= last; n++ {
		all = append(all, event(n))
	}
	return all
}

func text(v string) sample.Text         { return sample.Text{V: v, Valid: true} }
func instant(t time.Time) sample.Micros { return sample.Micros{V: t.UnixMicro(), Valid: true} }
func content(v string) change           { return func(e *sample.Event) { e.PersonID = text(v) } }
func at(t time.Time) change             { return func(e *sample.Event) { e.Timestamp = instant(t) } }

func inserted(minutes int) change {
	return func(e *sample.Event) { e.InsertedAt = instant(noon.Add(time.Duration(minutes) * time.Minute)) }
}
func neverInserted(e *sample.Event) { e.InsertedAt = sample.Micros{} }
func named(v string) change         { return func(e *sample.Event) { e.Name = text(v) } }
func of(user string) change         { return func(e *sample.Event) { e.DistinctID = text(user) } }
func id(v string) change            { return func(e *sample.Event) { e.UUID = text(v) } }
func properties(v string) change    { return func(e *sample.Event) { e.Properties = text(v) } }
func withoutID(e *sample.Event)     { e.UUID = sample.Text{} }
