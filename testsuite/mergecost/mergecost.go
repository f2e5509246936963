// Package mergecost computes what BigQuery bills for an hourly merge, by its rules
// for on-demand pricing: a statement bills the columns it reads, over the partitions
// it cannot rule out (q'); one that updates rows bills all columns of the partitions
// it updates besides (t'). docs/merge-cost.md is its table.
package mergecost

import (
	"fmt"
	"strings"
)

// Numbers are what the bill depends on. Sizes are BigQuery's logical bytes.
type Numbers struct {
	// Rows is how many tracks has, Days over how many days of created_at.
	Rows, Days float64
	// RowBytes is a row of tracks, payload and all.
	RowBytes float64
	// Batch is how many rows an hour has.
	Batch float64
	// Hashed is the share of event_ids that are no UUIDv7. Their keys lie in buckets
	// by hash, all of which are read when one such event is in the batch.
	Hashed float64
	// Seen is of how many days re-delivered events are, Changed of how many of these
	// a row changes.
	Seen, Changed float64
	// PerTiB is the price in dollars of 2^40 bytes.
	PerTiB float64
}

// The sizes of columns: a STRING is two bytes and its text, all others are eight.
const (
	eventID = 2 + 36
	instant = 8
	number  = 8
	// keyBytes is a row of tracks_keys.
	keyBytes = eventID + number + 3*instant + 2*number
	// sourceBytes is what raw_tracks has besides the columns of tracks.
	sourceBytes = instant + 100 + 3*number
)

// Typical are a table of 3.1 billion rows, whose hour brings 5 % re-deliveries, half
// of them months old and from 40 days.
func Typical() Numbers {
	return Numbers{Rows: 3.1e9, Days: 570, RowBytes: 1200, Batch: 3.1e9 / 570 / 24, Hashed: 0.02, Seen: 42, Changed: 2, PerTiB: 6.25}
}

// days are so many days of tracks, in rows.
func (n Numbers) days(days float64) float64 { return n.Rows / n.Days * days }

// raw is the window in raw_tracks, read so many times.
func (n Numbers) raw(times float64) float64 { return n.Batch * (n.RowBytes + sourceBytes) * times }

// Ours are the bytes of this pipeline's merge.
func (n Numbers) Ours() float64 {
	buckets := n.days(n.Seen)*(1-n.Hashed) + n.Rows*n.Hashed
	return n.raw(4) + // classify, insert, change, reject
		buckets*keyBytes + // classify
		buckets*(eventID+number+keyBytes) + // change_keys: q' + t'
		n.days(n.Changed)*(eventID+instant+n.RowBytes) + // change_rows: q' + t'
		n.days(n.Changed)*(eventID+2*instant) // verify
}

// KeyScan are the bytes of a merge that reads every event_id and created_at of tracks
// to find where events are, and then changes what has changed.
func (n Numbers) KeyScan() float64 {
	return n.raw(2) + n.Rows*(eventID+instant) + n.days(n.Changed)*(eventID+instant+n.RowBytes)
}

// DBT are the bytes of one MERGE on event_id that updates every row it finds. Nothing
// in it rules out a partition, so it bills tracks whole, as its dry run says.
func (n Numbers) DBT() float64 { return n.raw(1) + n.Rows*n.RowBytes }

// DBTAtLeast are the bytes of the same MERGE if BigQuery bills only the partitions in
// which it found rows to update. Google's documents leave that open.
func (n Numbers) DBTAtLeast() float64 {
	return n.raw(1) + n.Rows*eventID + n.days(n.Seen)*n.RowBytes
}

// Hour is one kind of hour.
type Hour struct {
	Name string
	Numbers
}

// Hours are three kinds of hour: of the re-deliveries in it none is old; half are
// from 40 old days, with nothing new; and the same with something new in all of them.
func Hours(n Numbers) []Hour {
	recent, changed := n, n
	recent.Seen = n.Changed
	changed.Changed = n.Seen
	return []Hour{{"nothing old comes again", recent}, {"old events come again, unchanged", n}, {"old events come again, changed", changed}}
}

// Table is Markdown: gigabytes and dollars that an hour is billed.
func Table(hours []Hour) string {
	var table strings.Builder
	table.WriteString("| Merge |")
	for _, hour := range hours {
		fmt.Fprintf(&table, " %s |", hour.Name)
	}
	fmt.Fprintf(&table, "\n|---|%s", strings.Repeat("--:|", len(hours)))
	for _, merge := range []struct {
		name  string
		bytes func(Numbers) float64
	}{
		{"dbt's MERGE", Numbers.DBT},
		{"dbt's MERGE, at the least", Numbers.DBTAtLeast},
		{"key scan", Numbers.KeyScan},
		{"ours", Numbers.Ours},
	} {
		fmt.Fprintf(&table, "\n| %s |", merge.name)
		for _, hour := range hours {
			bytes := merge.bytes(hour.Numbers)
			fmt.Fprintf(&table, " %.0f GB, $%.2f |", bytes/1e9, bytes/(1<<40)*hour.PerTiB)
		}
	}
	return table.String()
}
