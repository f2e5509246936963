package datatest

import "math"

// Score is what became of one bucket.
type Score struct { //nolint:recvcheck // weigh alone changes it
	Bucket
	// Dimension is the value of the column that the bucket is about.
	Dimension string
	// Tested is false for buckets that only others are compared with.
	Tested bool
	// Expected is the average, or the median in mode robust.
	Expected float64
	// Z is how many deviations Value is off; it is meaningless unless Scored.
	Z      float64
	Scored bool
	// Low and High are the expected range.
	Low, High float64
	Anomalous bool
	// Small is set when a bucket is too small to judge, in mode robust.
	Small bool
}

// elementaryScores reproduces Elementary 0.25's anomaly_scores: each bucket is
// compared with the average and the sample standard deviation of all buckets up to
// and with itself, of the same season. What follows from that, docs/data-tests.md
// tells.
func elementaryScores(a Anomaly, c calendar, buckets []Bucket) []Score {
	scores := make([]Score, 0, len(buckets))
	train := make(map[string]*moments)
	for _, b := range buckets {
		if b.Unknown {
			continue
		}
		season := a.season(b)
		if train[season] == nil {
			train[season] = &moments{}
		}
		if !a.ExcludeDetection || !b.End.After(c.trainedUntil) {
			train[season].add(b.Value)
		}
		s := Score{Bucket: b, Tested: b.End.After(c.testedAfter)}
		if train[season].n == 0 {
			continue // Elementary drops a bucket without average
		}
		s.weigh(a, *train[season])
		scores = append(scores, s)
	}
	return scores
}

// season is which buckets are compared with each other, by the bucket's end, as in
// Elementary.
func (a Anomaly) season(b Bucket) string {
	switch a.Seasonality {
	case DayOfWeek:
		return b.End.Format("Monday")
	case HourOfDay:
		return b.End.Format("15")
	case HourOfWeek:
		return b.End.Format("Monday15")
	default:
		return ""
	}
}

// weigh compares the bucket with its training set.
func (s *Score) weigh(a Anomaly, m moments) {
	average, deviation := m.mean(), m.deviation()
	s.Expected, s.Scored = average, m.n > 1
	s.Low, s.High = math.Max(0, average-a.Sensitivity*deviation), average+a.Sensitivity*deviation
	if s.Scored && deviation != 0 {
		s.Z = (s.Value - average) / deviation
	}
	var unlikely bool
	switch a.Direction {
	case Spike:
		unlikely = s.Z > a.Sensitivity
	case Drop:
		unlikely = s.Z < -a.Sensitivity
	default:
		unlikely = math.Abs(s.Z) > a.Sensitivity
	}
	large := a.SmallChanges.exceeded(a.Direction, s.Value, average) && (a.MinValue == nil || s.Value >= *a.MinValue)
	s.Anomalous = s.Tested && s.Scored && (a.FailOnZero && s.Value == 0 || unlikely && large)
}

// exceeded is Elementary's ignore_small_changes, its oddity included: with one
// threshold only and direction both, changes the other way are none.
func (c SmallChanges) exceeded(direction Direction, value, average float64) bool {
	above := value > (1+c.Spike/100)*average
	below := value < (1-c.Drop/100)*average
	if c.Spike != 0 && c.Drop != 0 && direction == Both {
		return above || below
	}
	if c.Spike != 0 && direction != Drop && !above {
		return false
	}
	return c.Drop == 0 || direction == Spike || below
}

// moments are the running mean and variance of a training set, by Welford's method.
type moments struct {
	n         int
	average   float64
	squares   float64
	differing bool
	first     float64
}

func (m *moments) add(v float64) {
	if m.n == 0 {
		m.first = v
	}
	m.differing = m.differing || v != m.first
	m.n++
	delta := v - m.average
	m.average += delta / float64(m.n)
	m.squares += delta * (v - m.average)
}

func (m *moments) mean() float64 {
	if !m.differing { // exactly, so that equal values have no deviation
		return m.first
	}
	return m.average
}

func (m *moments) deviation() float64 {
	if m.n < 2 || !m.differing {
		return 0
	}
	return math.Sqrt(m.squares / float64(m.n-1))
}
