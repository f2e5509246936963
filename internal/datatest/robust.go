package datatest

import (
	"math"
	"slices"
	"time"
)

// scale says how a metric's values are compared.
type scale struct {
	// offset keeps logarithms of small values apart from noise.
	offset float64
	// counts is set for numbers of rows, which scatter by their square root at least.
	counts bool
	// above is how much larger than expected a value must be, in its own unit.
	above float64
}

// leastScatter is the relative scatter below which no history is believed to be.
const leastScatter = 0.05

// rounds bounds how often bad buckets of the training are looked for.
const rounds = 5

// robustScores compares each tested bucket with the median of the same time of the
// week, in the training before the tested part. What is off is measured as a ratio,
// against the scatter (median absolute deviation) of the whole training. Buckets of
// the training that are off themselves, or known to be bad, teach nothing: an outage
// does not become normal by going on.
func robustScores(a Anomaly, c calendar, sc scale, buckets []Bucket) []Score {
	r := robust{anomaly: a, scale: sc, slots: make(map[int][]int), buckets: buckets, bad: make([]bool, len(buckets))}
	for i, b := range buckets {
		if b.Unknown || a.knownBad(b) {
			r.bad[i] = true
			continue
		}
		if !b.End.After(c.testedAfter) {
			slot := r.slot(b)
			r.slots[slot] = append(r.slots[slot], i)
			r.training++
		}
	}
	r.learn()
	var scores []Score
	for i, b := range buckets {
		if b.End.After(c.testedAfter) && !r.bad[i] {
			scores = append(scores, r.score(i))
		}
	}
	return scores
}

func (a Anomaly) knownBad(b Bucket) bool {
	return slices.ContainsFunc(a.KnownBad, func(bad KnownBad) bool { return bad.From.Before(b.End) && b.Start.Before(bad.To.Time) })
}

// robust is one scoring in progress.
type robust struct {
	anomaly Anomaly
	scale   scale
	buckets []Bucket
	// bad buckets teach nothing.
	bad []bool
	// slots are the training's buckets by time of the week.
	slots    map[int][]int
	training int
	// scatter is the typical relative distance from the median, as a logarithm.
	scatter float64
}

// monday is where weeks are counted from.
var monday = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

func (r *robust) slot(b Bucket) int {
	return int(b.Start.Sub(monday) % week.Length() / r.anomaly.Bucket.Length())
}

// learn finds the scatter and the bad buckets of the training, in turns, until they
// no longer change.
func (r *robust) learn() { //nolint:gocognit // two passes over the slots, in turns
	r.dropOutages()
	for range rounds {
		var distances []float64
		for _, members := range r.slots {
			for _, i := range members {
				if expected, n := r.expected(i); !r.bad[i] && n > 0 {
					distances = append(distances, math.Abs(r.distance(r.buckets[i].Value, expected)))
				}
			}
		}
		r.scatter = math.Max(leastScatter, 1.4826*median(distances))
		changed := false
		for _, members := range r.slots {
			var off []int
			for _, i := range members {
				if expected, n := r.expected(i); !r.bad[i] && n >= r.anomaly.MinSamples && r.off(r.buckets[i].Value, expected, n) {
					off = append(off, i)
				}
			}
			for _, i := range off {
				r.bad[i], changed = true, true
			}
		}
		if !changed {
			return
		}
	}
}

// dropOutages takes out buckets without any rows at times that usually have enough of
// them, however many they are.
func (r *robust) dropOutages() {
	if !r.scale.counts {
		return
	}
	for _, members := range r.slots {
		most := 0.0
		for _, i := range members {
			most = math.Max(most, r.buckets[i].Value)
		}
		for _, i := range members {
			r.bad[i] = r.bad[i] || r.buckets[i].Value == 0 && most >= r.anomaly.MinCount
		}
	}
}

// expected is the median of the training's other good buckets at the same time of
// the week, and how many there are.
func (r *robust) expected(i int) (expected float64, samples int) {
	var values []float64
	for _, j := range r.slots[r.slot(r.buckets[i])] {
		if j != i && !r.bad[j] {
			values = append(values, r.buckets[j].Value)
		}
	}
	return median(values), len(values)
}

// distance is the logarithm of the ratio of a value to what was expected.
func (r *robust) distance(value, expected float64) float64 {
	return math.Log((value + r.scale.offset) / (expected + r.scale.offset))
}

// z is the distance in units of scatter.
func (r *robust) z(value, expected float64, samples int) float64 {
	return r.distance(value, expected) / r.unit(expected, samples)
}

// unit is the distance at which z is 1. Counts scatter by chance alone, the more so
// the smaller they are.
func (r *robust) unit(expected float64, samples int) float64 {
	if !r.scale.counts {
		return r.scatter
	}
	return math.Max(r.scatter, math.Sqrt((1+1/float64(samples))/math.Max(expected, 1)))
}

// off decides whether a value is an anomaly.
func (r *robust) off(value, expected float64, samples int) bool {
	a := r.anomaly
	switch {
	case r.scale.counts && math.Max(value, expected) < a.MinCount:
		return false
	case r.scale.counts && value == 0:
		return a.Direction != Spike
	case value > expected && (a.Direction == Drop || value-expected < r.scale.above):
		return false
	case value < expected && a.Direction == Spike:
		return false
	}
	return math.Abs(value-expected) >= a.MinChange*expected && math.Abs(r.z(value, expected, samples)) > a.Sensitivity
}

func (r *robust) score(i int) Score {
	b := r.buckets[i]
	s := Score{Bucket: b, Tested: true}
	expected, samples := r.expected(i)
	s.Expected = expected
	s.Scored = samples >= r.anomaly.MinSamples && r.training*int(r.anomaly.Bucket) >= int(week)
	if !s.Scored {
		return s
	}
	s.Small = r.scale.counts && math.Max(b.Value, expected) < r.anomaly.MinCount
	s.Z = r.z(b.Value, expected, samples)
	s.Anomalous = r.off(b.Value, expected, samples)
	reach := math.Exp(r.anomaly.Sensitivity * r.unit(expected, samples))
	s.Low = math.Max(0, math.Min((expected+r.scale.offset)/reach-r.scale.offset, expected*(1-r.anomaly.MinChange)))
	s.High = math.Max((expected+r.scale.offset)*reach-r.scale.offset, math.Max(expected*(1+r.anomaly.MinChange), expected+r.scale.above))
	return s
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	values = slices.Sorted(slices.Values(values))
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}
