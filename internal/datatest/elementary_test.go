package datatest

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// daily are buckets of a day each, the last of which ends at the test's midnight.
func daily(values ...float64) []Bucket {
	end := noon.Truncate(24 * time.Hour)
	buckets := make([]Bucket, len(values))
	for i, v := range values {
		at := end.AddDate(0, 0, i-len(values))
		buckets[i] = Bucket{Start: at, End: at.AddDate(0, 0, 1), Value: v}
	}
	return buckets
}

func repeat(n int, values ...float64) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = values[i%len(values)]
	}
	return all
}

func elementaryTest(change func(*Anomaly)) Anomaly {
	a := Anomaly{Mode: Elementary}
	if change != nil {
		change(&a)
	}
	a.fill()
	return a
}

func scoresOf(a Anomaly, buckets []Bucket) []Score {
	return elementaryScores(a, a.calendar(noon), buckets)
}

func lastOf(a Anomaly, values ...float64) Score {
	scores := scoresOf(a, daily(values...))
	return scores[len(scores)-1]
}

// The values were computed with Elementary's own SQL.
func TestElementaryOracle(t *testing.T) {
	t.Parallel()
	a := elementaryTest(nil)

	s := lastOf(a, append(repeat(13, 30), 25)...)
	assert.InDelta(t, 29.642857, s.Expected, 1e-6)
	assert.InDelta(t, -3.474396, s.Z, 1e-6)
	assert.InDelta(t, 29.642857-3*1.336306, s.Low, 1e-5)
	assert.True(t, s.Anomalous)

	s = lastOf(a, append(repeat(13, 30), 29)...)
	assert.InDelta(t, -3.474396, s.Z, 1e-6, "the score knows no scale")
	assert.True(t, s.Anomalous)

	scores := scoresOf(a, daily(10, 12, 11, 13, 30))
	assert.False(t, scores[0].Scored)
	for i, z := range []float64{0, 0.7071, 0, 1.1619, 1.7727} {
		assert.InDelta(t, z, scores[i].Z, 1e-4)
	}

	s = lastOf(a, append(repeat(13, 100), 1000)...)
	assert.InDelta(t, 3.474, s.Z, 1e-3)
	assert.True(t, s.Anomalous)

	excluding := elementaryTest(func(a *Anomaly) { a.ExcludeDetection = true })
	s = lastOf(excluding, append(repeat(13, 100), 1000)...)
	assert.Zero(t, s.Z, "no deviation hides any jump")
	assert.False(t, s.Anomalous)
}

func TestElementaryDetectionInTraining(t *testing.T) {
	t.Parallel()
	values := append(repeat(23, 100, 102, 98), repeat(7, 114)...)
	including := elementaryTest(func(a *Anomaly) { a.Training, a.Detection, a.Sensitivity = 30*Day, 7*Day, 5 })
	for _, s := range scoresOf(including, daily(values...)) {
		assert.False(t, s.Anomalous)
	}
	including.ExcludeDetection = true
	s := lastOf(including, values...)
	assert.InDelta(t, 8.437, s.Z, 1e-3)
	assert.True(t, s.Anomalous)
}

// What the tested bucket's place in its own training leads to.
func TestElementaryMisses(t *testing.T) {
	t.Parallel()
	a := elementaryTest(nil)
	for n, most := range map[int]float64{7: 2.268, 10: 2.846, 11: 3.015, 14: 3.474, 28: 5.103} {
		s := lastOf(a, append(repeat(n-1, 100), 0)...)
		assert.InDelta(t, most, -s.Z, 1e-3)
		assert.Equal(t, n >= 11, s.Anomalous, "%d points", n)
	}
	for training, last := range map[int]int{14: 2, 28: 3} {
		for day := 1; day <= 5; day++ {
			values := append(repeat(training-day, 100), repeat(day, 0)...)
			assert.Equal(t, day <= last, anomalous(scoresOf(a, daily(values...))), "day %d of an outage, training %d days", day, training)
		}
	}
	workdays := []float64{100, 100, 100, 100, 100, 40, 40}
	for _, training := range []int{14, 28} {
		for offset := range 7 {
			values := slices.Concat(repeat(training-1+offset, workdays...)[offset:], []float64{0})
			assert.False(t, anomalous(scoresOf(a, daily(values...))), "an outage on a day of %d hides behind weekends", offset)
		}
	}
}

func anomalous(scores []Score) bool {
	for _, s := range scores {
		if s.Anomalous {
			return true
		}
	}
	return false
}

func TestElementaryDirections(t *testing.T) {
	t.Parallel()
	low, high := append(repeat(13, 100, 101), 50), append(repeat(13, 100, 101), 150)
	for direction, want := range map[Direction][2]bool{Both: {true, true}, Spike: {false, true}, Drop: {true, false}} {
		a := elementaryTest(func(a *Anomaly) { a.Direction = direction })
		assert.Equal(t, want[0], lastOf(a, low...).Anomalous, direction)
		assert.Equal(t, want[1], lastOf(a, high...).Anomalous, direction)
	}
	for name, c := range map[string]struct {
		change SmallChanges
		value  float64
		want   bool
	}{
		"within":                         {SmallChanges{Spike: 60, Drop: 60}, 50, false},
		"one threshold hides the other":  {SmallChanges{Spike: 10}, 50, false},
		"and the other way round":        {SmallChanges{Drop: 10}, 150, false},
		"beyond":                         {SmallChanges{Spike: 10, Drop: 10}, 50, true},
		"beyond the only threshold":      {SmallChanges{Spike: 10}, 150, true},
		"beyond the only threshold down": {SmallChanges{Drop: 10}, 50, true},
	} {
		a := elementaryTest(func(a *Anomaly) { a.SmallChanges = c.change })
		assert.Equal(t, c.want, lastOf(a, append(repeat(13, 100, 101), c.value)...).Anomalous, name)
	}
}

func TestElementaryOptions(t *testing.T) {
	t.Parallel()
	zero := elementaryTest(func(a *Anomaly) { a.FailOnZero, a.Sensitivity = true, 100 })
	assert.True(t, lastOf(zero, append(repeat(13, 100, 101), 0)...).Anomalous)
	assert.False(t, lastOf(zero, append(repeat(13, 100, 101), 1)...).Anomalous)
	least := 60.0
	minimum := elementaryTest(func(a *Anomaly) { a.MinValue = &least })
	assert.False(t, lastOf(minimum, append(repeat(13, 100, 101), 50)...).Anomalous)

	seasonal := elementaryTest(func(a *Anomaly) { a.Seasonality = DayOfWeek })
	weeks := repeat(14*7, 100, 100, 100, 100, 100, 40, 41)
	weeks[len(weeks)-1] = 0
	s := lastOf(seasonal, weeks...)
	assert.True(t, s.Anomalous)
	assert.InDelta(t, 13.0/math.Sqrt(14), -s.Z, 1e-6, "compared with 14 of the same day")
	assert.Equal(t, 14*7*24*time.Hour, noon.Truncate(24*time.Hour).Sub(seasonal.calendar(noon).first))
}

func TestElementaryCalendar(t *testing.T) {
	t.Parallel()
	a := elementaryTest(nil)
	c := a.calendar(time.Date(2026, 6, 12, 6, 0, 0, 1234, time.UTC))
	assert.Equal(t, time.Date(2026, 5, 29, 0, 0, 0, 0, time.UTC), c.first)
	assert.Equal(t, 14, c.count, "today is not complete")
	c = a.calendar(time.Date(2026, 6, 12, 0, 0, 0, 0, time.UTC))
	assert.Equal(t, 14, c.count)
	assert.Equal(t, time.Date(2026, 6, 12, 0, 0, 0, 0, time.UTC), c.end(), "a day that has just ended is complete")
	// UTC has no summer time: the last Sunday of March has 24 buckets of an hour.
	hourly := elementaryTest(func(a *Anomaly) { a.Bucket, a.Training = Period(time.Hour), Day })
	c = hourly.calendar(time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC))
	assert.Equal(t, 24, c.count)
	delayed := elementaryTest(func(a *Anomaly) { d := Period(7 * time.Hour); a.Delay = &d })
	assert.Equal(t, time.Date(2026, 6, 11, 0, 0, 0, 0, time.UTC), delayed.calendar(time.Date(2026, 6, 12, 6, 0, 0, 0, time.UTC)).end())
}

func TestElementaryWithoutEnough(t *testing.T) {
	t.Parallel()
	a := elementaryTest(nil)
	test := Test{Name: "x", Kind: VolumeAnomalies, Anomaly: a}
	v := verdictOf(test, "rows", scoresOf(a, daily(5)))
	require.Zero(t, v.Failures)
	assert.Empty(t, v.Status, "one bucket passes")
	assert.Contains(t, v.Message, "not enough data")
	assert.Empty(t, verdictOf(test, "rows", nil).Status)
	assert.Equal(t, Pass, Test{Severity: SeverityError, WarnIf: anyFailure, ErrorIf: anyFailure}.Conclude(noon, v, 0).Status)
}
