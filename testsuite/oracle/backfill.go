package oracle

import (
	"slices"
	"strings"
	"time"
)

// Legacy is a row of backfill_tracks.
type Legacy struct {
	Delivery
	// Stamp is zero when it is NULL.
	Stamp time.Time
}

// Backfilled says what became of the rows of backfill_tracks.
type Backfilled struct{ Inserted, Present, Collided, Rejected int64 }

// Inherit adds rows to backfill_tracks.
func (w *World) Inherit(rows ...Legacy) {
	w.legacy = append(slices.Clip(w.legacy), rows...)
}

// Backfill takes every day of backfill_tracks to tracks. It only inserts: an event
// that tracks has stays as it is. The order of days does not matter.
func (w *World) Backfill() Backfilled {
	var counts Backfilled
	rows := make(map[string][]row)
	for i, l := range w.legacy {
		at := place{window: l.CreatedAt.UTC().Truncate(24 * time.Hour), row: i}
		delete(w.refused, at) // of an earlier backfill
		l.EventID = strings.ToLower(l.EventID)
		if l.EventID == "" {
			counts.Rejected++
			w.refused[at] = refusal{eventID: Null, reason: "uuid_missing"}
			continue
		}
		rows[l.EventID] = append(rows[l.EventID], row{seen{l.Delivery, l.Stamp}, at})
	}
	for id, rows := range rows {
		own := w.own(id, rows)
		counts.Collided += int64(len(rows) - len(own))
		if len(own) == 0 {
			continue
		}
		if _, known := w.events[id]; known {
			counts.Present += int64(len(own))
			continue
		}
		newest := own[len(own)-1].seen
		w.events[id] = event{createdAt: own[0].CreatedAt, shown: newest, newest: newest}
		counts.Inserted++
		counts.Present += int64(len(own)) - 1
	}
	return counts
}
