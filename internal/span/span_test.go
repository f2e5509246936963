package span

import (
	"math"
	"testing"
	"time"
)

func TestText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                      "0s",
		900 * time.Millisecond:                 "0s",
		45 * time.Second:                       "45s",
		10 * time.Second:                       "10s",
		time.Minute:                            "1m",
		3*time.Hour + 25*time.Minute:           "3h 25m",
		3*time.Hour + 59*time.Second:           "3h",
		3990*time.Hour + 4*time.Minute:         "166d 6h",
		48 * time.Hour:                         "2d",
		24*time.Hour + 10*time.Hour:            "1d 10h",
		-2 * time.Minute:                       "-2m",
		23*time.Hour + 59*time.Minute + 59.9e9: "23h 59m",
		math.MinInt64:                          "-106751d 23h",
	} {
		if got := Text(d); got != want {
			t.Errorf("Text(%v) = %q, want %q", d, got, want)
		}
	}
}
