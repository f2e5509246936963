package oracle

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Null is how tables show a NULL.
const Null = "NULL"

// Tables are the rows of every table, as sorted lines that begin with its name.
// Columns stand in the order of these methods, with a bar between them.
func (w *World) Tables() []string {
	var lines []string
	for _, table := range []func() []string{w.rawTracks, w.rawRejects, w.tracks, w.tracksKeys, w.mergeRejects, w.ledger} {
		lines = append(lines, table()...)
	}
	slices.Sort(lines)
	return lines
}

// Line is a row as Tables shows it.
func Line(table string, columns ...any) string {
	texts := []string{table}
	for _, column := range columns {
		switch v := column.(type) {
		case time.Time:
			if v.IsZero() {
				texts = append(texts, Null)
			} else {
				texts = append(texts, Instant(v))
			}
		case sql.Null[time.Time]:
			if v.Valid {
				texts = append(texts, Instant(v.V))
			} else {
				texts = append(texts, Null)
			}
		default:
			texts = append(texts, fmt.Sprint(v))
		}
	}
	return strings.Join(texts, "|")
}

// Instant is how tables show a time.
func Instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999999Z07:00") }

func (t Facts) columns(content Content, rest ...any) []any {
	person := Null
	if content.PersonID.Valid {
		person = content.PersonID.V
	}
	return append([]any{content.EventName, content.UserID, person, !content.Payload.Valid, t.Columns}, rest...)
}

func (w *World) rawTracks() (lines []string) {
	for _, load := range w.windows {
		for i, d := range load.Rows {
			if d.EventID == "" {
				continue
			}
			facts := w.facets[d.Content]
			columns := append([]any{strings.ToLower(d.EventID), d.CreatedAt, d.InsertedAt, load.Stamp},
				facts.columns(d.Content, load.Window, load.Generation, i, facts.Hash)...)
			lines = append(lines, Line("raw_tracks", columns...))
		}
	}
	return lines
}

func (w *World) rawRejects() (lines []string) {
	for _, load := range w.windows {
		for i, d := range load.Rows {
			if d.EventID == "" {
				lines = append(lines, Line("raw_rejects", load.Window, load.Generation, i, "uuid_missing"))
			}
		}
	}
	return lines
}

func (w *World) tracks() (lines []string) {
	for id, rows := range w.rows() {
		for _, r := range rows {
			columns := append([]any{id, r.createdAt, r.shown.InsertedAt, r.shown.stamp}, w.facets[r.shown.Content].columns(r.shown.Content)...)
			lines = append(lines, Line("tracks", columns...))
		}
	}
	return lines
}

func (w *World) tracksKeys() (lines []string) {
	for id, e := range w.events {
		hash := any(w.facets[e.shown.Content].Hash)
		if w.forgetful {
			hash = Null
		}
		lines = append(lines, Line("tracks_keys", id, e.createdAt, e.newest.InsertedAt, e.newest.stamp, hash))
	}
	return lines
}

func (w *World) mergeRejects() (lines []string) {
	for at, r := range w.refused {
		number := any(at.row)
		if r.ofTracks { // whose rows have no number
			number = Null
		}
		lines = append(lines, Line("merge_rejects", at.window, at.generation, number, r.eventID, r.reason))
	}
	return lines
}

func (w *World) ledger() (lines []string) {
	for _, b := range w.booked {
		read, rejected := len(b.load.Rows), 0
		for _, d := range b.load.Rows {
			if d.EventID == "" {
				rejected++
			}
		}
		counts := []any{Null, Null, Null, Null, Null}
		if b.merged {
			counts = []any{b.counts.Inserted, b.counts.Updated, b.counts.Unchanged, b.counts.Collided, b.counts.BeforeCutover}
		}
		lines = append(lines, Line("window_ledger", append([]any{
			b.load.Window, b.load.ID, b.status(), read, read - rejected, rejected,
		}, counts...)...))
	}
	return lines
}
