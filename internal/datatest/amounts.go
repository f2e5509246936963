package datatest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Period is a length of time, written "90m", "3h" or "14d".
type Period time.Duration

// Day is one day of a Period.
const Day = Period(24 * time.Hour)

// Length is the period as Go's own.
func (p Period) Length() time.Duration { return time.Duration(p) }

// UnmarshalText reads "14d" and all that Go reads.
func (p *Period) UnmarshalText(text []byte) error {
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		if n, err := strconv.Atoi(days); err == nil {
			*p = Period(n) * Day
			return nil
		}
	}
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a length of time such as 90m, 3h or 14d", text)
	}
	*p = Period(d)
	return nil
}

// MarshalText writes whole days as "14d".
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func (p Period) String() string {
	switch {
	case p != 0 && p%Day == 0:
		return strconv.Itoa(int(p/Day)) + "d"
	case p%Period(time.Hour) == 0:
		return strconv.Itoa(int(p/Period(time.Hour))) + "h"
	default:
		return p.Length().String()
	}
}

// Size is a number of bytes, written "10 GB" (10^9) or "2 GiB" (2^30).
type Size int64

var (
	sizeText = regexp.MustCompile(`^(\d+(?:\.\d+)?)\s*([kMGT]i?)?B$`)
	sizeUnit = map[string]float64{
		"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
		"ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40,
	}
)

// UnmarshalText reads "10 GB".
func (s *Size) UnmarshalText(text []byte) error {
	match := sizeText.FindStringSubmatch(string(text))
	if match == nil {
		return fmt.Errorf("%q is not a size such as 500 MB or 2 GiB", text)
	}
	number, err := strconv.ParseFloat(match[1], 64)
	if err != nil {
		return fmt.Errorf("size %q: %w", text, err)
	}
	*s = Size(number * sizeUnit[match[2]])
	return nil
}

// MarshalText writes the size in the largest unit of 1000.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s Size) String() string {
	for _, unit := range []struct {
		name string
		size Size
	}{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if s >= unit.size {
			return strconv.FormatFloat(float64(s)/float64(unit.size), 'f', -1, 64) + " " + unit.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + " B"
}

// Instant is a moment in UTC, written 2026-03-04 or 2026-03-04T10:00:00Z.
type Instant struct{ time.Time }

// UnmarshalText reads a day or RFC 3339.
func (i *Instant) UnmarshalText(text []byte) error {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, string(text)); err == nil {
			i.Time = t.UTC()
			return nil
		}
	}
	return fmt.Errorf("%q is not a moment such as 2026-03-04 or 2026-03-04T10:00:00Z", text)
}
