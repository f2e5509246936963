package oracle

import (
	"maps"
	"slices"
	"time"
)

// Deduped is what a dedup finds, and what it does to it.
type Deduped struct {
	// Rows is how many tracks has at first, Events how many it keeps. Repeated events
	// have more than one, and Rewritten of them get the created_at of another row.
	Rows, Events, Repeated, Rewritten int64
	// Days are the rows that go, by the day of their created_at.
	Days []Excess
}

// Excess are the rows of a day that go, by what made them. Those without an event_id
// and those that collide are refused.
type Excess struct {
	Day                                                       string
	NoKey, Collided, DoubleRun, Backfill, AcrossDays, SameDay int64
}

// dedup is what must be known to take a dedup back.
type dedup struct {
	generation int64
	before     map[string]keyed // the touched events
	without    []row            // rows without event_id
	left       map[string]row   // of the touched events
}

// keyed are all rows of an event, and its key, if it had one.
type keyed struct {
	key    *event
	copies []row
}

// Dedup leaves one row of every event in tracks, and its key. The first delivery
// decides whose event it is and its created_at, the newest the content. refused says
// why not, if it does not.
func (w *World) Dedup(id string, at time.Time) (counts Deduped, refused string) {
	after := w.Clone()
	counts = after.dedup(id, at)
	switch {
	case len(counts.Days) == 0:
		return counts, ""
	case w.rebuilding:
		return Deduped{}, w.unkeyed()
	default:
		*w = *after
		return counts, ""
	}
}

func (w *World) dedup(id string, at time.Time) (counts Deduped) {
	days := make(map[string]*Excess)
	done := dedup{generation: at.UnixMicro(), before: make(map[string]keyed), left: make(map[string]row), without: w.copies[""]}
	events := make(map[string]event)
	for id, rows := range w.rows() {
		counts.Rows += int64(len(rows))
		if id == Null {
			for _, r := range rows {
				excess(days, r).NoKey++
				w.refuse(done.generation, r, refusal{eventID: Null, reason: "event_id_missing", ofTracks: true})
			}
			continue
		}
		events[id] = w.events[id]
		_, isKeyed := w.events[id]
		switch {
		case len(rows) > 1:
			counts.Repeated++
			events[id] = w.one(id, rows, done, days, &counts)
		case !isKeyed:
			events[id] = event{rows[0], w.lastDelivery(id, rows[0].shown, sameContent)}
		}
	}
	counts.Events = int64(len(events))
	for _, day := range slices.Sorted(maps.Keys(days)) {
		counts.Days = append(counts.Days, *days[day])
	}
	w.events, w.copies = events, make(map[string][]row)
	w.dedups[id] = done
	return counts
}

// one makes one row of several of an event, and remembers them.
func (w *World) one(id string, rows []row, done dedup, days map[string]*Excess, counts *Deduped) event {
	w.sort(rows)
	first := rows[0]
	own := []row{first}
	for _, r := range rows[1:] {
		if !r.shown.Content.sameEvent(first.shown.Content) {
			excess(days, r).Collided++
			w.refuse(done.generation, r, refusal{eventID: id, reason: "collision", ofTracks: true})
			continue
		}
		day := excess(days, r)
		switch last := own[len(own)-1]; {
		case w.order(last.shown, r.shown) == 0:
			day.DoubleRun++
		case r.shown.stamp.Before(w.cutover) != first.shown.stamp.Before(w.cutover):
			day.Backfill++
		case dayOf(r.createdAt) != dayOf(first.createdAt):
			day.AcrossDays++
		default:
			day.SameDay++
		}
		own = append(own, r)
	}
	kept := own[w.newest(own)]
	if !kept.createdAt.Equal(first.createdAt) {
		counts.Rewritten++
	}
	kept.createdAt = first.createdAt
	made := event{kept, kept.shown}
	before := keyed{copies: w.copies[id]}
	if known, ok := w.events[id]; ok {
		before.key = &known
		made.newest = w.remembered(made, known)
	}
	done.before[id], done.left[id] = before, kept
	return made
}

// remembered is the newest delivery of an event of which another key knows, too.
func (w *World) remembered(e, other event) seen {
	if sameContent(e.shown.Content, other.shown.Content) && w.later(other.newest, e.newest) {
		return other.newest
	}
	return e.newest
}

func sameContent(a, b Content) bool { return a == b }

// excess is the day of a row that goes.
func excess(days map[string]*Excess, r row) *Excess {
	day := dayOf(r.createdAt)
	if days[day] == nil {
		days[day] = &Excess{Day: day}
	}
	return days[day]
}

func dayOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// refuse takes a row that was in tracks to merge_rejects.
func (w *World) refuse(generation int64, r row, why refusal) {
	at := place{window: hour(r.createdAt), generation: generation}
	for w.refused[at].reason != "" {
		at.row++
	}
	w.refused[at] = why
}

// Rollback puts the rows that a dedup touched back, and says what stopped it if it did
// not. What was seen since stays known.
func (w *World) Rollback(id string) (refused string) {
	done, ok := w.dedups[id]
	if !ok {
		return "gone"
	}
	if refused := w.unkeyed(); refused != "" {
		return refused
	}
	rows := w.rows()
	for id, left := range done.left {
		if !slices.Equal(rows[id], []row{left}) {
			return "changed since"
		}
	}
	if len(w.copies[""]) > 0 {
		return "changed since"
	}
	delete(w.dedups, id)
	for id, before := range done.before {
		w.restore(id, before)
	}
	if len(done.without) > 0 {
		w.copies[""] = done.without
	}
	maps.DeleteFunc(w.refused, func(at place, _ refusal) bool { return at.generation == done.generation })
	return ""
}

// restore gives an event its rows back, and its key. Of an event that had none, the
// newest row gets one.
func (w *World) restore(id string, before keyed) {
	known := w.events[id]
	if before.key == nil {
		rows := slices.Clone(before.copies)
		w.sort(rows)
		newest := w.newest(rows)
		before.key = &event{rows[newest], rows[newest].shown}
		before.copies = slices.Delete(rows, newest, newest+1)
	}
	restored := *before.key
	restored.newest = w.remembered(restored, known)
	w.events[id] = restored
	if len(before.copies) > 0 {
		w.copies[id] = before.copies
	}
}
