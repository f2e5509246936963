package datatest

import "time"

// Bucket is one measurement, over [Start, End).
type Bucket struct {
	Start, End time.Time
	Value      float64
	// Unknown is set when there is no value: nothing was ever there to measure.
	Unknown bool
}

// calendar are the buckets a test looks at, as Elementary lays them out: from
// midnight of the training's first day, and only those that are complete.
type calendar struct {
	first time.Time
	width time.Duration
	count int
	// testedAfter: buckets that end after it are tested.
	testedAfter time.Time
	// trainedUntil: buckets that end after it can be left out of the training.
	trainedUntil time.Time
}

func (a Anomaly) calendar(now time.Time) calendar {
	end := now.UTC().Truncate(time.Microsecond).Add(-a.Delay.Length())
	training := a.Training
	switch {
	case a.Mode == Elementary && (a.Seasonality == DayOfWeek || a.Seasonality == HourOfWeek):
		training *= 7
	case a.Mode == Robust:
		// The tested part is none of the training, and one more week makes as many
		// samples of each time of the week as the training has weeks.
		training = max(training, 4*week) + week
	}
	c := calendar{width: a.Bucket.Length(), first: midnight(end.Add(-training.Length()))}
	c.count = max(0, int(end.Sub(c.first)/c.width))
	c.testedAfter = end.Add(-a.Detection.Length())
	c.trainedUntil = end.Add(-days(a.Detection))
	if a.Mode == Elementary && c.count > 0 {
		// Elementary counts back from the newest bucket that there is.
		c.testedAfter = c.end().Add(-days(a.Detection))
	}
	return c
}

// days rounds a period up to whole days, as Elementary does.
func days(p Period) time.Duration { return ((p + Day - 1) / Day * Day).Length() }

func midnight(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }

func (c calendar) end() time.Time { return c.first.Add(time.Duration(c.count) * c.width) }

// empty are the calendar's buckets, all with one value.
func (c calendar) empty(value float64) []Bucket {
	buckets := make([]Bucket, c.count)
	for i := range buckets {
		start := c.first.Add(time.Duration(i) * c.width)
		buckets[i] = Bucket{Start: start, End: start.Add(c.width), Value: value}
	}
	return buckets
}

// bind are the values by which SQL counts buckets, from some buckets before the first.
func (c calendar) bind(before int) map[string]any {
	return map[string]any{
		"first": c.first.Add(-time.Duration(before) * c.width).UnixMicro(),
		"width": c.width.Microseconds(),
	}
}

// put sets a bucket's value if the calendar has the bucket.
func put(buckets []Bucket, at int64, value float64) {
	if at >= 0 && at < int64(len(buckets)) {
		buckets[at].Value, buckets[at].Unknown = value, false
	}
}
