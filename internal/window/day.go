package window

import (
	"fmt"
	"time"
)

// Day is a day in UTC as people write it, such as 2026-03-01, or Undated. It sorts by
// time, with Undated last. The empty Day stands for "not given".
type Day string

// Undated stands for the rows that have no created_at and so belong to no day.
const Undated Day = "undated"

// DayOf is the day that an instant lies in.
func DayOf(t time.Time) Day { return Day(t.UTC().Format(time.DateOnly)) }

// ParseDay reads a day such as 2026-03-01, or "undated".
func ParseDay(text string) (Day, error) {
	if Day(text) == Undated {
		return Undated, nil
	}
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return "", fmt.Errorf("%q is not a day like 2026-03-01", text)
	}
	return Day(text), nil
}

// Start is the first instant of the day; of Undated it is the zero time.
func (d Day) Start() time.Time {
	start, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return start
}

// End is the first instant after the day; of Undated it is the zero time.
func (d Day) End() time.Time {
	if d.Start().IsZero() {
		return time.Time{}
	}
	return d.Start().AddDate(0, 0, 1)
}

// UnmarshalText reads what ParseDay reads; empty text is the empty Day.
func (d *Day) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = ""
		return nil
	}
	day, err := ParseDay(string(text))
	if err != nil {
		return err
	}
	*d = day
	return nil
}

// MarshalText writes the day as it is.
func (d Day) MarshalText() ([]byte, error) { return []byte(d), nil }
