//go:build chromium

package pages

import (
	"context"
	"strconv"
	"time"
)

// tables are a warehouse with two weeks of hours of every state, as of a time.
type tables struct{ now time.Time }

func (t tables) Newest(context.Context) (newest time.Time, ok bool, err error) {
	return t.now.Add(-3 * time.Hour), true, nil
}

func (t tables) Inspect(_ context.Context, _, step string, _ map[string]any, row func([]string) error) error {
	rows := t.loads()
	if step == "tests" {
		rows = t.tests()
	}
	for _, columns := range rows {
		if err := row(columns); err != nil {
			return err
		}
	}
	return nil
}

func (t tables) loads() [][]string {
	var rows [][]string
	first := t.now.Truncate(24*time.Hour).AddDate(0, 0, 1-days)
	for n := 5; first.Add(time.Duration(n+2) * time.Hour).Before(t.now); n++ {
		hour := first.Add(time.Duration(n) * time.Hour)
		switch n % 97 {
		case 11:
			rows = append(rows, load(hour, "missing", "ExportMissing", 0, 0, 0))
		case 19:
			rows = append(rows, load(hour, "failed", "TooManyRejects", 0, 0, 0))
		case 31:
			rows = append(rows, load(hour, "empty", "", 0, 0, 0))
		case 47: // nothing is known of it
		case 53:
			rows = append(rows, load(hour, "loaded", "", 1_000_000, 0, 0))
		case 61:
			rows = append(rows, load(hour, "merged", "", 5_000_000, 900, 9*time.Hour))
		case 73:
			rows = append(rows, load(hour, "merged", "", 5_000_000, 0, time.Hour), load(hour, "merged", "", 4_000_000, 4_000, 6*time.Hour))
		default:
			rows = append(rows, load(hour, "merged", "", 4_200_000+97_000*(n%12), 200+n%5*30, 40*time.Minute))
		}
	}
	return rows
}

func (t tables) tests() [][]string {
	row := func(name, severity, status, message string) []string {
		return []string{name, "unique", "tracks", severity, status, "3", message, "1073741824", at(t.now.Add(-4 * time.Hour)), "check-1", "run", "28", "30064771072"}
	}
	return [][]string{
		row("tracks_event_id_unique", "error", "fail", "3 values of event_id in 7 rows"),
		row("tracks_purchase_flow_volume", "warn", "warn", "2 of 28 buckets, the lowest 2026-06-12T09: 12, expected 310 to 480"),
		row("tracks_keys_drift", "error", "error", "could not be run: the query would read more than 100 GB"),
		row("tracks_model_event_id_unique", "error", "gated", "waits for a verified dedup"),
		row("tracks_model_volume", "warn", "no data", "9 of 14 buckets"),
		row("windows_complete", "error", "pass", "168 windows, none missing"),
	}
}

// load is a row of the ledger, a load of an hour.
func load(hour time.Time, status, reason string, loaded, again int, lag time.Duration) []string {
	merged, n := "", strconv.Itoa
	if status == "merged" {
		merged = at(hour.Add(time.Hour + lag))
	}
	rejected, collided := loaded/90_000%7, again%4
	return []string{
		at(hour), "load", status, reason, "<script>alert(1)</script>", n(loaded + rejected), n(loaded), n(rejected),
		n(max(loaded-again-collided, 0)), n(again), "0", n(collided), "0", n(loaded * 190), n(loaded * 900), "0.03",
		"hourly-" + at(hour), "run", at(hour), at(hour.Add(time.Hour)), merged,
	}
}

func at(t time.Time) string { return t.Format("2006-01-02 15:04:05Z") }
