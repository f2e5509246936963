package oracle

import (
	"slices"
	"strings"
	"time"
)

// Legacy is a row of backfill_tracks, or one that older tools left in tracks.
type Legacy struct {
	Delivery
	// Stamp is zero when it is NULL.
	Stamp time.Time
}

// Backfilled says what became of the rows of a day of backfill_tracks.
type Backfilled struct{ Inserted, Present, Collided, Rejected int64 }

// Inherit adds rows to backfill_tracks.
func (w *World) Inherit(rows ...Legacy) {
	w.legacy = append(slices.Clip(w.legacy), rows...)
}

// BackfillDay takes a day of backfill_tracks to tracks. It only inserts: an event that
// tracks has stays as it is. Of an event with several rows, the first decides on which
// day it is inserted, so the order of days does not matter. refused says why not, if
// it does not.
func (w *World) BackfillDay(day time.Time) (counts Backfilled, refused string) {
	if refused := w.unkeyed(); refused != "" {
		return Backfilled{}, refused
	}
	today := make(map[string][]arrival)
	for i, l := range w.legacy {
		if at := l.place(i); at.window.Equal(day) {
			delete(w.refused, at) // of an earlier backfill
			id := strings.ToLower(l.EventID)
			today[id] = append(today[id], arrival{l.seen(), at})
		}
	}
	for id, rows := range today {
		if id == "" {
			counts.Rejected += int64(len(rows))
			for _, r := range rows {
				w.refused[r.place] = refusal{eventID: Null, reason: "uuid_missing"}
			}
			continue
		}
		w.backfill(id, day, rows, &counts)
	}
	return counts, ""
}

// backfill does the rows that an event has on a day.
func (w *World) backfill(id string, day time.Time, rows []arrival, counts *Backfilled) {
	all := w.legacyOf(id)
	owner := all[0].Content
	known, isKnown := w.events[id]
	if isKnown {
		owner = known.shown.Content
	}
	for _, r := range rows {
		if r.Content.sameEvent(owner) {
			counts.Present++
		} else {
			counts.Collided++
			w.refused[r.place] = refusal{eventID: id, reason: "collision"}
		}
	}
	if first := all[0]; !isKnown && first.place.window.Equal(day) {
		newest := first
		for _, r := range all {
			if r.Content.sameEvent(owner) {
				newest = r
			}
		}
		w.events[id] = event{row{first.CreatedAt, newest.seen}, newest.seen}
		counts.Inserted++
		counts.Present--
	}
}

// legacyOf are the rows of an event on all days, the oldest first.
func (w *World) legacyOf(id string) (rows []arrival) {
	for i, l := range w.legacy {
		if strings.ToLower(l.EventID) == id {
			rows = append(rows, arrival{l.seen(), l.place(i)})
		}
	}
	w.inOrder(rows)
	return rows
}

func (l Legacy) place(number int) place {
	return place{window: l.CreatedAt.UTC().Truncate(24 * time.Hour), row: number}
}

func (l Legacy) seen() seen {
	l.EventID = strings.ToLower(l.EventID)
	return seen{l.Delivery, l.Stamp}
}
