// Package window names the hour that everything in the pipeline turns on.
package window

import (
	"fmt"
	"time"
)

// Length is the width of every window: PostHog's hourly batch export interval.
const Length = time.Hour

// layouts are the spellings accepted from people and from JSON, tried in order.
// All of them mean UTC unless an offset says otherwise.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02T15"}

// Window is one hour of exports, [Start, End) in UTC. The zero Window stands for
// "not given".
type Window struct {
	start time.Time
}

// Starting returns the window that begins at start, which must be a full hour.
func Starting(start time.Time) (Window, error) {
	start = start.UTC()
	if !start.Truncate(Length).Equal(start) {
		return Window{}, fmt.Errorf("window %s does not begin on a full hour", start.Format(time.RFC3339))
	}
	return Window{start: start}, nil
}

// Before returns the last window that had ended by t: for a schedule that fires
// at 11:00, 11:07 or 11:59 it is 10:00 to 11:00.
func Before(t time.Time) Window {
	return Window{start: t.UTC().Truncate(Length).Add(-Length)}
}

// Parse reads a window from its start, for example "2026-06-12T10" or
// "2026-06-12T10:00:00Z".
func Parse(text string) (Window, error) {
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, time.UTC); err == nil {
			return Starting(t)
		}
	}
	return Window{}, fmt.Errorf("window %q is not a time like 2026-06-12T10 (the hour it starts, UTC)", text)
}

// IsZero reports whether the window was never given.
func (w Window) IsZero() bool { return w.start.IsZero() }

// Start is the first instant of the window, in UTC.
func (w Window) Start() time.Time { return w.start }

// End is the first instant after the window, in UTC. PostHog names the folder of
// an export after it.
func (w Window) End() time.Time { return w.start.Add(Length) }

// Next is the window that follows without a gap.
func (w Window) Next() Window { return Window{start: w.End()} }

// String is the short form people type, for example "2026-06-12T10".
func (w Window) String() string {
	if w.IsZero() {
		return ""
	}
	return w.start.Format("2006-01-02T15")
}

// MarshalText writes the window's start as RFC 3339, or nothing for the zero Window.
func (w Window) MarshalText() ([]byte, error) {
	if w.IsZero() {
		return nil, nil
	}
	return []byte(w.start.Format(time.RFC3339)), nil
}

// UnmarshalText accepts every form that Parse accepts; empty text is the zero Window.
func (w *Window) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*w = Window{}
		return nil
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*w = parsed
	return nil
}
