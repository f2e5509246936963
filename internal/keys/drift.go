package keys

import (
	"fmt"
	"time"
)

// CompareRequest asks for tracks and tracks_keys to be compared.
type CompareRequest struct {
	// From is the first instant of created_at and Until the first that is not
	// compared any more. Zero is no bound.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

// DriftedDays is how many days a result names.
const DriftedDays = 366

// Drift is where tracks and tracks_keys differ.
type Drift struct {
	// Days is how many days of created_at were compared.
	Days int   `json:"days"`
	Rows int64 `json:"rows"`
	Keys int64 `json:"keys"`
	// Drifted is how many days differ, and On the first DriftedDays of them.
	Drifted int        `json:"drifted"`
	On      []DayDrift `json:"on,omitempty"`
	// Sample are some of the keys that differ, SampleSize at most.
	Sample []Stray `json:"sample,omitempty"`
	// Rebuilding says that a rebuild of tracks_keys is not finished.
	Rebuilding bool `json:"rebuilding,omitempty"`
}

// DayDrift is a day whose rows and keys differ, in number or in what they say.
type DayDrift struct {
	Day  string `json:"day"`
	Rows int64  `json:"rows"`
	Keys int64  `json:"keys"`
}

// String says it for people.
func (d DayDrift) String() string {
	if d.Rows == d.Keys {
		return fmt.Sprintf("%s: %d rows and as many keys, but not of the same events and places", d.Day, d.Rows)
	}
	return fmt.Sprintf("%s: %d rows, %d keys", d.Day, d.Rows, d.Keys)
}

// Stray is an event whose rows and keys differ on a day: it has the one and not
// the other, or more of them.
type Stray struct {
	EventID string `json:"eventId"`
	Day     string `json:"day"`
	Rows    int64  `json:"rows"`
	Keys    int64  `json:"keys"`
}

// Bounded is the request with bounds where it has none: created_at lies between
// 1960 and 2159.
func (r CompareRequest) Bounded() CompareRequest {
	if r.From.IsZero() {
		r.From = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if r.Until.IsZero() {
		r.Until = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return r
}

// Count adds a day. agrees says whether its rows and keys are of the same events and
// places.
func (d *Drift) Count(day string, rows, inKeys int64, agrees bool) {
	d.Days++
	d.Rows += rows
	d.Keys += inKeys
	if agrees {
		return
	}
	d.Drifted++
	if len(d.On) < DriftedDays {
		d.On = append(d.On, DayDrift{Day: day, Rows: rows, Keys: inKeys})
	}
}

// String says it for people.
func (s Stray) String() string {
	return fmt.Sprintf("event %s on %s: %d rows, %d keys", s.EventID, s.Day, s.Rows, s.Keys)
}
