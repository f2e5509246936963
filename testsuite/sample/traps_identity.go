package sample

import (
	"strings"

	"github.com/posthog-tracks/posthog-tracks/internal/event"
)

// tellEventCollision: one uuid under two event names, as seen at a customer of
// PostHog's with 0.7 % of all ids.
func tellEventCollision(t *teller) {
	tellCollision(t, func(row *Row) { row.Name = text("sample collided") })
}

// tellUserCollision: one uuid under two distinct_ids.
func tellUserCollision(t *teller) {
	tellCollision(t, func(row *Row) { row.DistinctID = text("somebody-else@example.com") })
}

// tellCollision lets two different events share an id: across windows the first
// stays, in one window nothing says which is first.
func tellCollision(t *teller, change func(*Row)) {
	first := t.event()
	second := again(first, 1, "v2")
	change(&second)
	t.tell("in the next window", []Final{finalOf(first, first)},
		arrives(first, Inserted), comesBack(1, second, Collided))

	first = t.event()
	second = marked(first, "v2")
	second.InsertedAt.V += minute
	change(&second)
	t.tell("in one window", []Final{finalOf(first, first), finalOf(second, second)},
		arrives(first, Inserted).orElse(Collided), arrives(second, Collided).orElse(Inserted))
}

func tellNullUUID(t *teller) {
	row := t.event()
	row.UUID = Text{}
	t.rejected("NULL", row, event.UUIDMissing)
}

func tellMalformedUUID(t *teller) {
	for _, malformed := range []struct {
		name string
		bend func(id string) string
	}{
		{"empty", func(string) string { return "" }},
		{"a word", func(string) string { return "not-a-uuid" }},
		{"without hyphens", func(id string) string { return strings.ReplaceAll(id, "-", "") }},
		{"in braces", func(id string) string { return "{" + id + "}" }},
		{"a URN", func(id string) string { return "urn:uuid:" + id }},
		{"cut off", func(id string) string { return id[:35] }},
		{"with a g", func(id string) string { return "g" + id[1:] }},
		{"misplaced hyphens", func(id string) string { return id[:8] + id[9:] + "-" }},
		{"a space behind", func(id string) string { return id + " " }},
		{"not ASCII", func(id string) string { return "é" + id[2:] }},
	} {
		row := t.event()
		row.UUID = text(malformed.bend(row.UUID.V))
		t.rejected(malformed.name, row, event.UUIDMalformed)
	}
}

// tellUpperCaseUUID: PostHog writes lower case; two spellings are one id.
func tellUpperCaseUUID(t *teller) {
	row := t.event()
	row.UUID = text(strings.ToUpper(row.UUID.V))
	t.tell("upper case alone", []Final{finalOf(row, row)}, arrives(row, Inserted))

	row = t.event()
	upper := again(row, 1, "v2")
	upper.UUID = text(strings.ToUpper(row.UUID.V))
	t.tell("upper case after lower", []Final{finalOf(row, upper)}, arrives(row, Inserted), comesBack(1, upper, Updated))

	row = t.event()
	upper = marked(row, "v2")
	upper.UUID = text(strings.ToUpper(row.UUID.V))
	upper.InsertedAt.V += minute
	t.tell("both in one window", []Final{finalOf(row, upper)}, arrives(row, Older), arrives(upper, Inserted))
}

func tellNullEvent(t *teller) {
	row := t.event()
	row.Name = Text{}
	t.rejected("NULL", row, event.EventMissing)

	row = t.event()
	row.Name = text("")
	t.rejected("empty", row, event.EventMissing)
}

func tellNullDistinctID(t *teller) {
	row := t.event()
	row.DistinctID = Text{}
	t.rejected("NULL", row, event.DistinctIDMissing)

	row = t.event()
	row.DistinctID = text("")
	t.tell("empty", []Final{finalOf(row, row)}, arrives(row, Inserted).orElse(Rejected))

	row = t.event()
	row.PersonID, row.PersonProperties, row.ElementsChain = Text{}, Text{}, Text{}
	t.loads("everything about the person is NULL", row)
}
