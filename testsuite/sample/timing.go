package sample

import (
	"math/rand/v2"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// moment holds the three times of an event, in microseconds since 1970.
type moment struct {
	timestamp, created, inserted int64
}

const (
	microsecond = int64(1)
	millisecond = 1000 * microsecond
	second      = 1000 * millisecond
	minute      = 60 * second
	hour        = 60 * minute
	day         = 24 * hour
)

// lateness says how long events of a platform lie about before PostHog gets them:
// shares in percent, the rest is prompt.
type lateness struct {
	promptMax     int64 // longest ordinary delay: the SDK's flush interval and the network
	minutes       float64
	hours         float64
	days          float64
	microsecondly bool // the SDK stamps microseconds, not milliseconds
}

// Browsers send at once; phones gather for half a minute and keep what they could
// not send on disk, for days if need be.
var (
	browserLateness = lateness{promptMax: 6 * second, minutes: 2, hours: 0.5}
	phoneLateness   = lateness{promptMax: 35 * second, minutes: 9, hours: 5, days: 2}
	serverLateness  = lateness{promptMax: 3 * second, minutes: 0.5, microsecondly: true}
)

// futureShare is the percentage of events from clients whose clock runs ahead;
// PostHog lets up to about a day pass.
const futureShare = 0.1

// times draws the times of an event that the window's export holds: inserted is
// inside the window, created a little before it, timestamp mostly seconds before
// that.
func times(w window.Window, rng *rand.Rand, late lateness) moment {
	const span = int64(window.Length/time.Millisecond) * millisecond
	inserted := w.Start().UnixMicro() + rng.Int64N(span/millisecond)*millisecond
	created := inserted - (100+rng.Int64N(2900))*millisecond
	timestamp := created - delay(rng, late)
	if chance(rng, futureShare) {
		timestamp = created + minute + rng.Int64N(23*hour)
	}
	if !late.microsecondly {
		timestamp -= timestamp % millisecond
	}
	return moment{timestamp: timestamp, created: created, inserted: inserted}
}

func delay(rng *rand.Rand, late lateness) int64 {
	draw := rng.Float64() * 100
	switch {
	case draw < late.days:
		return day + rng.Int64N(6*day)
	case draw < late.days+late.hours:
		return hour + rng.Int64N(23*hour)
	case draw < late.days+late.hours+late.minutes:
		return minute + rng.Int64N(59*minute)
	default:
		return 50*millisecond + rng.Int64N(late.promptMax)
	}
}

// promptTimes draws the times of an event that a trap will bend: everything is
// well inside the window, so that what the trap adds is all there is to it.
func promptTimes(w window.Window, rng *rand.Rand) moment {
	inserted := w.Start().UnixMicro() + 10*minute + rng.Int64N(40*minute/millisecond)*millisecond
	created := inserted - (100+rng.Int64N(2900))*millisecond
	return moment{timestamp: created - (100+rng.Int64N(5000))*millisecond, created: created, inserted: inserted}
}
