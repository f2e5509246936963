package sample

import (
	"math/rand/v2"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// draft is an event while it is being written.
type draft struct {
	rng      *rand.Rand
	platform platform
	person   *person
	at       moment

	name       string
	distinctID string
	elements   string

	session string
	began   int64 // when the session began, microseconds since 1970
	page    *page
	phone   *phone
	lib     string
	osName  string
	locale  string

	// set and setOnce add to $set and $set_once what the call itself sent.
	set, setOnce func(*object)

	props *object
}

// generator makes the events of one seed. It reuses its buffers: one goroutine.
type generator struct {
	seed  uint64
	props object
	extra object
}

// event makes the event of a key, as the window's export holds it. The same
// generator, window and key make the same event.
func (g *generator) event(w window.Window, key uint64) Row {
	rng := stream(key)
	kind := anyShape(rng)
	return g.shaped(kind, rng, times(w, rng, sdks[kind.platform].late))
}

// promptEvent is an event whose times are well inside the window.
func (g *generator) promptEvent(w window.Window, key uint64) Row {
	rng := stream(key)
	return g.shaped(anyShape(rng), rng, promptTimes(w, rng))
}

func (g *generator) shaped(kind *shape, rng *rand.Rand, at moment) Row {
	sdk := sdks[kind.platform]
	d := &draft{
		rng: rng, platform: kind.platform, person: g.someone(rng), at: at,
		name: kind.event, props: g.props.begin(),
	}
	d.distinctID = d.person.distinctID
	d.session, d.began = g.session(d.person, at.timestamp)
	id := sdk.id(d)
	sdk.begin(d)
	if kind.minimal {
		sdk.lean(d)
		kind.write(d)
	} else {
		sdk.base(d)
		kind.write(d)
		if sdk.flags {
			writeFlags(d.props, d.person)
		}
	}
	sdk.enrich(d)
	return Row{Shape: kind.name, Event: Event{
		UUID:             text(id),
		Name:             text(d.name),
		Properties:       text(d.props.end()),
		DistinctID:       text(d.distinctID),
		PersonID:         text(d.person.id),
		PersonProperties: text(personProperties(g.extra.begin(), d)),
		ElementsChain:    text(d.elements),
		Timestamp:        micros(at.timestamp),
		CreatedAt:        micros(at.created),
		InsertedAt:       micros(at.inserted),
	}}
}

func clientID(d *draft) string { return uuidV7(d.at.timestamp, d.rng) }

func pythonID(d *draft) string { return uuidV4(d.rng) }

// importID is what an import kept from the server that first took the event, or
// made up from the imported record's name.
func importID(d *draft) string {
	if chance(d.rng, 50) {
		return uuidT(d.at.timestamp, d.rng)
	}
	return uuidV5("import/" + uuidV4(d.rng))
}
