package sample

import (
	"strings"

	"github.com/posthog-tracks/posthog-tracks/internal/event"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// history is what happens to one event: its deliveries, and where they must lead.
type history struct {
	name       string
	deliveries []delivery
	finals     []Final
}

// delivery is the event as one window's export holds it.
type delivery struct {
	after   int // windows after the one the event is born in
	row     Row
	outcome Outcome
	or      Outcome
	reason  event.Reason
}

// arrives is a delivery in the window the event is born in.
func arrives(row Row, outcome Outcome) delivery { return delivery{row: row, outcome: outcome} }

// rejects is a delivery that must end in raw_rejects.
func rejects(row Row, reason event.Reason) delivery {
	return delivery{row: row, outcome: Rejected, reason: reason}
}

// comesBack is a delivery some windows later.
func comesBack(after int, row Row, outcome Outcome) delivery {
	return delivery{after: after, row: row, outcome: outcome}
}

// orElse adds an outcome that the law allows as well.
func (d delivery) orElse(outcome Outcome) delivery {
	d.or = outcome
	return d
}

// teller makes the histories of the events that one trap bends and that are born
// in one window. What it tells depends on the seed, the trap and the window alone,
// so any later window can be told the same again.
type teller struct {
	g       *generator
	trap    Trap
	window  window.Window
	cutover int64 // microseconds since 1970

	key   uint64
	count uint64
	told  []history
}

// told returns the histories that a trap begins in a window.
func (g *generator) told(tale *tale, w window.Window, cutover int64) []history {
	t := &teller{g: g, trap: tale.trap, window: w, cutover: cutover}
	t.key = key(g.seed, topicTrap, nameKey(tale.trap), windowKey(w))
	tale.tell(t)
	return t.told
}

func nameKey(trap Trap) uint64 {
	var h uint64
	for _, c := range []byte(trap) {
		h = mix(h ^ uint64(c))
	}
	return h
}

// event returns a new lifelike event whose times are well inside the window, with
// the marker "v1".
func (t *teller) event() Row {
	t.count++
	row := t.g.promptEvent(t.window, mix(t.key^t.count))
	row.Trap = t.trap
	return marked(row, "v1")
}

// tell records a history. If all of it happened before the cutover, the merge
// leaves out whatever is loaded.
func (t *teller) tell(name string, finals []Final, deliveries ...delivery) {
	merged := false
	for _, d := range deliveries {
		merged = merged || !d.row.Timestamp.Valid || d.row.Timestamp.V >= t.cutover
	}
	if !merged {
		finals = nil
		for i := range deliveries {
			if deliveries[i].outcome != Rejected {
				deliveries[i].outcome = BeforeCutover
			}
		}
	}
	t.told = append(t.told, history{name: name, deliveries: deliveries, finals: finals})
}

// loads tells of an event that looks wrong and must be loaded all the same.
func (t *teller) loads(name string, row Row) {
	t.tell(name, []Final{finalOf(row, row)}, arrives(row, Inserted))
}

// rejected tells of an event that must end in raw_rejects.
func (t *teller) rejected(name string, row Row, reason event.Reason) {
	t.tell(name, nil, rejects(row, reason))
}

// rows returns the deliveries of a trap that fall into the window, each with its
// truth but for the object it will stand in.
func (g *generator) rows(tale *tale, w window.Window, cutover int64) []Row {
	var rows []Row
	birth := w
	for after := range tale.span + 1 {
		for _, h := range g.told(tale, birth, cutover) {
			for _, d := range h.deliveries {
				if d.after == after {
					rows = append(rows, h.deliver(d, birth))
				}
			}
		}
		birth = window.Before(birth.Start())
	}
	return rows
}

// deliver attaches the truth of a delivery to its row.
func (h *history) deliver(d delivery, birth window.Window) Row {
	truth := &Truth{
		Trap: d.row.Trap, Case: h.name, UUID: d.row.UUID, EventID: eventID(d.row.UUID), Marker: d.row.Marker,
		Outcome: d.outcome, Or: d.or, Reason: d.reason, Finals: h.finals,
	}
	seen := -1
	for _, other := range h.deliveries {
		if other.after > seen {
			truth.Deliveries = append(truth.Deliveries, later(birth, other.after))
			seen = other.after
		}
	}
	truth.Window = later(birth, d.after)
	d.row.truth = truth
	return d.row
}

// later is the window some hours after another.
func later(w window.Window, hours int) window.Window {
	for range hours {
		w = w.Next()
	}
	return w
}

// eventID is the id a uuid column stands for, "" when it is none.
func eventID(column Text) string {
	if !column.Valid || column.V == "" || !wellFormed(column.V) {
		return ""
	}
	return strings.ToLower(column.V)
}

func wellFormed(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i := range len(id) {
		if hyphen := i == 8 || i == 13 || i == 18 || i == 23; hyphen != (id[i] == '-') {
			return false
		}
		if id[i] != '-' && !strings.ContainsRune("0123456789abcdefABCDEF", rune(id[i])) {
			return false
		}
	}
	return true
}

// marked is the row with a property "sample_marker" in front of the others.
func marked(row Row, marker string) Row {
	rest := strings.TrimPrefix(row.Properties.V, "{")
	if row.Marker != "" {
		rest = strings.TrimPrefix(rest, `"sample_marker":"`+row.Marker+`",`)
	}
	row.Marker = marker
	row.Properties = text(`{"sample_marker":"` + marker + `",` + rest)
	return row
}

// again is the row as a later window gets it: taken in and stored that much later.
func again(row Row, hours int, marker string) Row {
	row = marked(row, marker)
	row.CreatedAt.V += int64(hours) * hour
	row.InsertedAt.V += int64(hours) * hour
	return row
}
