package oracle

import (
	"slices"
	"strings"
	"time"
)

// Rebuilt says what a rebuild of tracks_keys came to.
type Rebuilt struct{ Rows, Keys, Duplicates, Unkeyed int64 }

// Leave puts rows into tracks as older tools left them, without keys.
func (w *World) Leave(rows ...Legacy) {
	for _, l := range rows {
		id := strings.ToLower(l.EventID)
		w.copies[id] = append(slices.Clip(w.copies[id]), row{l.CreatedAt, l.seen()})
	}
}

// LoseKeys empties tracks_keys.
func (w *World) LoseKeys() {
	for id, e := range w.events {
		w.copies[id] = append(slices.Clip(w.copies[id]), e.row)
	}
	w.events = make(map[string]event)
}

// unkeyed says why nobody can write tracks, if nobody can: without keys no event is
// known.
func (w *World) unkeyed() string {
	switch {
	case w.rebuilding:
		return "keys are being rebuilt"
	case len(w.events) == 0 && len(w.copies) > 0:
		return "keys are missing"
	default:
		return ""
	}
}

// rows are all rows of tracks by their id, which is Null for those that have none.
func (w *World) rows() map[string][]row {
	rows := make(map[string][]row)
	for id, e := range w.events {
		rows[id] = append(rows[id], e.row)
	}
	for id, copies := range w.copies {
		if id == "" {
			id = Null
		}
		rows[id] = append(rows[id], copies...)
	}
	return rows
}

// StopRebuild leaves a rebuild of tracks_keys half done.
func (w *World) StopRebuild() { w.rebuilding = true }

// DiscardRebuild throws a rebuild that is half done away.
func (w *World) DiscardRebuild() { w.rebuilding = false }

// Rebuild makes tracks_keys from tracks: the newest row of each event stands for it.
// Of newer deliveries it knows as far as raw_tracks holds them.
func (w *World) Rebuild() (counts Rebuilt) {
	w.rebuilding = false
	events, copies := make(map[string]event), make(map[string][]row)
	for id, rows := range w.rows() {
		counts.Rows += int64(len(rows))
		if id == Null {
			counts.Unkeyed = int64(len(rows))
			copies[""] = rows
			continue
		}
		w.sort(rows)
		newest := w.newest(rows)
		if rest := slices.Delete(slices.Clone(rows), newest, newest+1); len(rest) > 0 {
			copies[id] = rest
			counts.Duplicates += int64(len(rest))
		}
		events[id] = event{rows[newest], w.lastDelivery(id, rows[newest].shown, Content.sameEvent)}
	}
	w.events, w.copies = events, copies
	counts.Keys = int64(len(events))
	return counts
}

// sort puts rows in the order of deliveries, the oldest first.
func (w *World) sort(rows []row) {
	slices.SortStableFunc(rows, func(a, b row) int {
		if order := w.order(a.shown, b.shown); order != 0 {
			return order
		}
		return a.createdAt.Compare(b.createdAt)
	})
}

// newest finds the newest of sorted rows; when it was written more than once, the one
// with the earliest created_at.
func (w *World) newest(rows []row) int {
	last := len(rows) - 1
	for last > 0 && w.order(rows[last-1].shown, rows[last].shown) == 0 {
		last--
	}
	return last
}

// lastDelivery is the newest delivery of an event that is known: the row itself, or
// one that raw_tracks holds, was merged, and is alike.
func (w *World) lastDelivery(id string, row seen, alike func(a, b Content) bool) seen {
	newest := row
	for _, load := range w.windows {
		if b := w.booking(load.Window, load.ID); !b.merged {
			continue
		}
		for _, d := range load.Rows {
			delivered := seen{d, load.Stamp}
			if strings.ToLower(d.EventID) == id && !d.CreatedAt.Before(w.cutover) &&
				alike(d.Content, row.Content) && w.later(delivered, newest) {
				newest = delivered
			}
		}
	}
	return newest
}

// later reports whether a was delivered after b, by their times alone.
func (w *World) later(a, b seen) bool {
	return compareInserted(a, b) > 0 || compareInserted(a, b) == 0 && a.stamp.After(b.stamp)
}

// hour is the window that an instant lies in.
func hour(t time.Time) time.Time { return t.UTC().Truncate(time.Hour) }
