package harness

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// Judgement is what became of the traps.
type Judgement struct {
	// Rows and Events count what was checked: rows where they stand, events by
	// what tracks has of them in the end.
	Rows, Events int
	// Wrong says what is not as the laws say, a line each.
	Wrong []string
}

// Judge compares the tables with what the traps must have led to, when the given
// hours were loaded and merged in order, and nothing else.
func (r *Rig) Judge(ctx context.Context, truths []sample.Truth, hours []window.Window) (Judgement, error) {
	j := judge{delivered: hours}
	var err error
	if j.places, err = r.places(ctx); err != nil {
		return Judgement{}, err
	}
	if j.finals, err = r.finals(ctx, truths); err != nil {
		return Judgement{}, err
	}
	events := make(map[string]sample.Truth)
	for _, truth := range truths {
		if truth.Row >= 0 {
			j.row(truth)
		}
		if truth.EventID != "" {
			events[truth.EventID] = truth
		}
	}
	for _, truth := range events {
		j.event(truth)
	}
	j.strays(truths)
	return j.found, nil
}

type judge struct {
	delivered []window.Window
	places    map[string]string
	finals    map[string]sample.Final
	found     Judgement
}

// row checks which table a row is in.
func (j *judge) row(truth sample.Truth) {
	for _, w := range truth.Deliveries {
		if w.Start().Before(truth.Window.Start()) && !slices.Contains(j.delivered, w) {
			return // it follows deliveries that never came
		}
	}
	want := []string{place(truth.Outcome, truth)}
	if truth.Or != "" {
		want = append(want, place(truth.Or, truth))
	}
	got := j.places[at(truth.Object, strconv.Itoa(truth.Row))]
	j.found.Rows++
	if !slices.Contains(want, got) {
		j.wrong(truth, fmt.Sprintf("row %d is in %q, not in %q", truth.Row, got, want))
	}
}

// event checks what tracks has of an event in the end.
func (j *judge) event(truth sample.Truth) {
	for _, w := range truth.Deliveries {
		if !slices.Contains(j.delivered, w) {
			return
		}
	}
	j.found.Events++
	got, held := j.finals[truth.EventID]
	switch {
	case !held && len(truth.Finals) > 0:
		j.wrong(truth, "tracks has no row of it")
	case held && !slices.ContainsFunc(truth.Finals, func(f sample.Final) bool { return same(f, got) }):
		j.wrong(truth, fmt.Sprintf("tracks has it with marker %q, created at %s", got.Marker, got.CreatedAt))
	}
}

// strays are rows that were refused although no trap made them.
func (j *judge) strays(truths []sample.Truth) {
	told := make(map[string]bool, len(truths))
	for _, truth := range truths {
		told[at(truth.Object, strconv.Itoa(truth.Row))] = true
	}
	for row, place := range j.places {
		if place != "raw_tracks" && !told[row] {
			j.found.Wrong = append(j.found.Wrong, fmt.Sprintf("%s is no trap, and in %q", row, place))
		}
	}
}

func (j *judge) wrong(truth sample.Truth, what string) {
	j.found.Wrong = append(j.found.Wrong, fmt.Sprintf("%s (%s) in %s, event %s: %s", truth.Trap, truth.Case, truth.Window, truth.EventID, what))
}

func same(want, got sample.Final) bool {
	return want.EventName == got.EventName && want.DistinctID == got.DistinctID && want.Marker == got.Marker &&
		(want.CreatedAt.IsZero() || want.CreatedAt.Equal(got.CreatedAt))
}

// place is the table, and the reason, an outcome leads to.
func place(outcome sample.Outcome, truth sample.Truth) string {
	switch outcome {
	case sample.Rejected:
		return "raw_rejects: " + string(truth.Reason)
	case sample.Collided:
		return "raw_tracks, merge_rejects"
	case sample.NotLoaded:
		return ""
	default:
		return "raw_tracks"
	}
}

func at(object, row string) string { return object + " " + row }

// places says of every row of every object which tables it is in.
func (r *Rig) places(ctx context.Context) (map[string]string, error) {
	rows, err := r.Query(ctx, `
		SELECT source_object, source_row, STRING_AGG(place, ', ' ORDER BY place DESC) FROM (
			SELECT source_object, source_row, 'raw_tracks' AS place FROM posthog.raw_tracks
			UNION ALL SELECT source_object, source_row, 'raw_rejects: ' || reason FROM posthog.raw_rejects
			UNION ALL SELECT DISTINCT source_object, source_row, 'merge_rejects' FROM posthog.merge_rejects
		) GROUP BY ALL`)
	if err != nil {
		return nil, err
	}
	places := make(map[string]string, len(rows))
	for _, row := range rows {
		places[at(row[0], row[1])] = row[2]
	}
	return places, nil
}

// finals are the rows of tracks for the traps' events.
func (r *Rig) finals(ctx context.Context, truths []sample.Truth) (map[string]sample.Final, error) {
	var ids []string
	for _, truth := range truths {
		if truth.EventID != "" {
			ids = append(ids, "'"+truth.EventID+"'")
		}
	}
	rows, err := r.Query(ctx, `
		SELECT event_id, event_name, user_id, created_at, IFNULL(event_payload ->> '$.sample_marker', '')
		FROM posthog.tracks WHERE event_id IN (`+strings.Join(ids, ", ")+`)`)
	if err != nil {
		return nil, err
	}
	finals := make(map[string]sample.Final, len(rows))
	for _, row := range rows {
		created, err := time.Parse("2006-01-02 15:04:05.999999Z07:00", row[3])
		if err != nil {
			return nil, fmt.Errorf("read created_at: %w", err)
		}
		finals[row[0]] = sample.Final{EventName: row[1], DistinctID: row[2], CreatedAt: created, Marker: row[4]}
	}
	return finals, nil
}
