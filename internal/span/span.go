// Package span writes how long something took or is ago, for people.
package span

import (
	"fmt"
	"math"
	"time"
)

var units = []struct {
	length time.Duration
	sign   string
}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}}

// Text is d in its two largest units, such as "166d 6h", "3h 25m" or "45s". What is
// smaller is cut off, and "0s" is less than a second. One that is negative, as
// from a clock that is ahead, keeps its sign.
func Text(d time.Duration) string {
	if d < 0 {
		return "-" + Text(-max(d, -math.MaxInt64)) // the lowest value has no opposite
	}
	for i, unit := range units {
		count := d / unit.length
		if count == 0 {
			continue
		}
		text := fmt.Sprintf("%d%s", count, unit.sign)
		if i+1 == len(units) {
			return text
		}
		smaller := units[i+1]
		if rest := d % unit.length / smaller.length; rest > 0 {
			text += fmt.Sprintf(" %d%s", rest, smaller.sign)
		}
		return text
	}
	return "0s"
}
