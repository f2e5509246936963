package oracle

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Merge takes the rows of a load to tracks. refused says why not, if it does not.
func (w *World) Merge(window time.Time, id string) (counts Counts, refused string) {
	b := w.booking(window, id)
	if b == nil {
		return Counts{}, "unknown"
	}
	if b.merged {
		return b.counts, ""
	}
	if refused := w.unkeyed(); refused != "" {
		return Counts{}, refused
	}
	batch := make(map[string][]arrival)
	for i, delivery := range b.load.Rows {
		if delivery.EventID == "" {
			continue
		}
		delivery.EventID = strings.ToLower(delivery.EventID)
		at := place{window: window, generation: b.load.Generation, row: i}
		delete(w.refused, at) // of an earlier merge of the same export
		if delivery.CreatedAt.Before(w.cutover) {
			b.counts.BeforeCutover++
			continue
		}
		batch[delivery.EventID] = append(batch[delivery.EventID], arrival{seen{delivery, b.load.Stamp}, at})
	}
	for id, rows := range batch {
		w.face(id, rows, &b.counts)
	}
	b.merged = true
	return b.counts, ""
}

// arrival is a row on its way to tracks.
type arrival struct {
	seen
	place place
}

// face brings the deliveries of one event together with what is known of it.
func (w *World) face(id string, rows []arrival, counts *Counts) {
	known, isKnown := w.events[id]
	own := w.own(id, rows)
	counts.Collided += int64(len(rows) - len(own))
	if len(own) == 0 {
		return
	}
	newest := own[len(own)-1].seen
	counts.Unchanged += int64(len(own)) - 1
	switch {
	case !isKnown:
		counts.Inserted++
		known = event{row{own[0].CreatedAt, newest}, newest}
	case w.order(newest, known.newest) <= 0:
		counts.Unchanged++
	case newest.Content == known.shown.Content:
		counts.Unchanged++
		known.newest = newest
	default:
		counts.Updated++
		w.removeTwins(id, known.row)
		known.shown, known.newest = newest, newest
	}
	w.events[id] = known
}

// removeTwins removes what older tools wrote of an event beside a row that is replaced:
// with the same created_at, by the same load.
func (w *World) removeTwins(id string, of row) {
	left := slices.DeleteFunc(slices.Clone(w.copies[id]), func(r row) bool {
		return r.createdAt.Equal(of.createdAt) && r.shown.stamp.Equal(of.shown.stamp) && r.shown.Content.sameEvent(of.shown.Content)
	})
	if len(left) > 0 {
		w.copies[id] = left
	} else {
		delete(w.copies, id)
	}
}

// own are the rows that belong to the event, the oldest first. It is that of the row
// tracks has, else of the oldest; all others collide and are refused.
func (w *World) own(id string, rows []arrival) (own []arrival) {
	w.inOrder(rows)
	owner := rows[0].Content
	if known, ok := w.events[id]; ok {
		owner = known.shown.Content
	}
	for _, r := range rows {
		if r.Content.sameEvent(owner) {
			own = append(own, r)
		} else {
			w.refused[r.place] = refusal{eventID: id, reason: "collision"}
		}
	}
	return own
}

// inOrder sorts rows, the oldest first.
func (w *World) inOrder(rows []arrival) {
	slices.SortStableFunc(rows, func(a, b arrival) int {
		return cmp.Or(w.order(a.seen, b.seen), a.CreatedAt.Compare(b.CreatedAt))
	})
}

// order is the total order of deliveries, the newest last.
func (w *World) order(a, b seen) int {
	return cmp.Or(
		compareInserted(a, b),
		a.stamp.Compare(b.stamp),
		cmp.Compare(w.facets[a.Content].Hash, w.facets[b.Content].Hash),
	)
}

// compareInserted puts NULL before all times.
func compareInserted(a, b seen) int {
	switch {
	case a.InsertedAt.Valid && b.InsertedAt.Valid:
		return a.InsertedAt.V.Compare(b.InsertedAt.V)
	case a.InsertedAt.Valid:
		return 1
	case b.InsertedAt.Valid:
		return -1
	default:
		return 0
	}
}
