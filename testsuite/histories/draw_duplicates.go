package histories

import (
	"strings"

	"pgregory.net/rapid"
)

// left are rows of an older pipeline: any that legacy history may have, and copies of
// them as it made them when it ran twice, delivered a day later, or inserted what was
// there already.
func (d *drawing) left() Step {
	rows := rapid.SliceOfN(rapid.Custom(d.legacy), 1, d.taste.Rows).Draw(d.T, "left")
	for range rapid.IntRange(0, d.taste.Rows).Draw(d.T, "copies") {
		row := rapid.SampledFrom(rows).Draw(d.T, "copied")
		switch rapid.IntRange(0, 4).Draw(d.T, "how") {
		case 0: // it ran twice
		case 1: // the same day
			row.Stamp++
			row.Person = rapid.SampledFrom(persons).Draw(d.T, "person")
		case 2: // across days
			row.Stamp++
			row.At = row.At.AddDate(0, 0, 1)
		case 3: // a backfill that only inserts
			row.Stamp, row.Inserted = 0, nil
			row.Payload = rapid.SampledFrom(payloads).Draw(d.T, "payload")
		case 4: // lost its key
			row.ID = ""
		}
		rows = append(rows, row)
	}
	for i := range rows { // tracks has one spelling of an id
		rows[i].ID = strings.ToLower(rows[i].ID)
	}
	return Step{Left: rows}
}

// aboutDuplicates is a step about what older tools left in tracks. A rebuild that has
// stopped goes on or is thrown away before anything else is written.
func (d *drawing) aboutDuplicates() Step {
	switch rapid.IntRange(0, 6).Draw(d.T, "about duplicates") {
	case 0, 1:
		return d.rebuild()
	case 6:
		return Step{Lost: true}
	case 2:
		if d.stopped && d.loads > 0 {
			return d.repeat()
		}
		return d.rollback()
	default:
		return d.dedup()
	}
}

func (d *drawing) rebuild() Step {
	rebuild := &Rebuild{Rows: rapid.SampledFrom([]int64{1, 2, 1000}).Draw(d.T, "rows a slice")}
	switch rapid.IntRange(0, 5).Draw(d.T, "rebuild") {
	case 4:
		rebuild.Stops = rapid.IntRange(1, 3).Draw(d.T, "slices")
	case 5:
		rebuild.Discard = true
	}
	d.stopped = rebuild.Stops > 0
	return Step{Rebuild: rebuild}
}

func (d *drawing) dedup() Step {
	d.dedups++
	return Step{Dedup: &Dedup{Whole: rapid.IntRange(0, 3).Draw(d.T, "whole table") == 3}}
}

// rollback takes one of the last dedups back.
func (d *drawing) rollback() Step {
	if d.dedups == 0 {
		return d.dedup()
	}
	return Step{Rollback: d.dedups - rapid.IntRange(0, d.dedups-1).Draw(d.T, "dedups ago")}
}
