package config

import (
	"fmt"
	"time"
)

// Day is a date in UTC, written 2026-03-04.
type Day struct{ time.Time }

// UnmarshalText reads 2026-03-04.
func (d *Day) UnmarshalText(text []byte) error {
	t, err := time.ParseInLocation(time.DateOnly, string(text), time.UTC)
	if err != nil {
		return fmt.Errorf("%q is not a day like 2026-03-04", text)
	}
	d.Time = t
	return nil
}

// MarshalText writes 2026-03-04.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.Format(time.DateOnly)), nil }
