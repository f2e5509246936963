package datatest

import (
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// Scales of the metrics: numbers of rows, and lengths of time in seconds.
func counting() scale              { return scale{offset: 0.5, counts: true} }
func timing(least Period) scale    { return scale{offset: 60, above: least.Length().Seconds()} }
func seconds(micros int64) float64 { return float64(micros) / 1e6 }

// metric asks for a metric of the calendar's buckets, and of some before them.
func metric(t Test, c calendar, task, step, bounded string, before int) warehouse.Question {
	from := c.first.Add(-time.Duration(before) * c.width)
	return warehouse.Question{
		Task: task, Step: step,
		Tables: map[string]string{"table": t.Table},
		Columns: map[string]string{
			"timestamp": t.Timestamp, "dimension": t.Dimension, "update_timestamp": t.UpdateTimestamp,
		},
		Scopes: map[string]warehouse.Scope{"scope": {Where: t.Where, Events: t.Events, Column: bounded, From: from, To: c.end()}},
		Bind:   c.bind(before),
	}
}

// volume is the number of rows. A bucket without rows has none, also before the
// table's first.
type volume struct{}

func (volume) question(t Test, now time.Time) (warehouse.Question, error) {
	return metric(t, t.calendar(now), "check_metrics", "volume", t.Timestamp, 0), nil
}

func (volume) judge(t Test, now time.Time, rows [][]any) (Verdict, error) {
	c := t.calendar(now)
	buckets, first := c.empty(0), c.count
	for _, row := range rows {
		cells := cellsOf(row)
		first = min(first, int(cells.integer(0)))
		put(buckets, cells.integer(0), float64(cells.integer(1)))
		if cells.err != nil {
			return Verdict{}, cells.err
		}
	}
	if t.Mode == Robust {
		buckets = sinceRow(buckets, first)
	}
	return verdictOf(t, "rows", t.scores(c, counting(), buckets)), nil
}

// scores judges the buckets of one series in the test's mode.
func (a Anomaly) scores(c calendar, sc scale, buckets []Bucket) []Score {
	if a.Mode == Elementary {
		return elementaryScores(a, c, buckets)
	}
	return robustScores(a, c, sc, buckets)
}

// dimension is the number of rows of each value of a column. In mode elementary a
// value counts from its first row on, so a new one has nothing to be compared with; in
// mode robust it had no rows before.
type dimension struct{}

func (dimension) question(t Test, now time.Time) (warehouse.Question, error) {
	q := metric(t, t.calendar(now), "check_metrics", "dimension", t.Timestamp, 0)
	q.Bind["most"] = t.MaxValues
	return q, nil
}

func (dimension) judge(t Test, now time.Time, rows [][]any) (Verdict, error) {
	c := t.calendar(now)
	series := make(map[string][]Bucket)
	first := c.count // the first bucket with any row at all
	var values []string
	for _, row := range rows {
		cells := cellsOf(row)
		at, value := cells.integer(0), cells.text(2)
		if cells.at(2) == nil {
			value = nullValue
		}
		if series[value] == nil {
			values = append(values, value)
			series[value] = c.empty(0)
			if t.Mode == Elementary {
				series[value] = unknownUntil(series[value], int(at), value == nullValue)
			}
		}
		first = min(first, int(at))
		put(series[value], at, float64(cells.integer(1)))
		if cells.err != nil {
			return Verdict{}, cells.err
		}
	}
	var scores []Score
	for _, value := range values {
		buckets := series[value]
		if t.Mode == Robust {
			buckets = sinceRow(buckets, first)
		}
		for _, s := range t.scores(c, counting(), buckets) {
			s.Dimension = value
			scores = append(scores, s)
		}
	}
	return verdictOf(t, "rows", scores), nil
}

// nullValue stands for NULL, which no text is shown as.
const nullValue = "\x00NULL"

// unknownUntil takes the zeros before a value's first row away, and all of them for
// NULL, which Elementary never fills up.
func unknownUntil(buckets []Bucket, first int, all bool) []Bucket {
	for i := range buckets {
		buckets[i].Unknown = all || i < first
	}
	return buckets
}

// sinceRow drops the time before the table had any row. A value that came later than
// that had none until then, which is a history too.
func sinceRow(buckets []Bucket, first int) []Bucket {
	return buckets[min(first, len(buckets)):]
}

// freshnessAnomaly is the longest time without a new row, in seconds.
type freshnessAnomaly struct{}

// lookback is how many buckets before the first are read, so that the first knows
// when the last row before it came: a week, as in Elementary.
func (c calendar) lookback() int { return int((week.Length() + c.width - 1) / c.width) }

func (freshnessAnomaly) question(t Test, now time.Time) (warehouse.Question, error) {
	c := t.calendar(now)
	return metric(t, c, "check_metrics", "freshness", t.Timestamp, c.lookback()), nil
}

func (freshnessAnomaly) judge(t Test, now time.Time, rows [][]any) (Verdict, error) {
	c := t.calendar(now)
	type seen struct {
		longest float64
		last    time.Time
	}
	found := make(map[int]seen)
	for _, row := range rows {
		cells := cellsOf(row)
		at := int(cells.integer(0)) - c.lookback()
		found[at] = seen{longest: seconds(cells.integer(1)), last: time.UnixMicro(cells.integer(2)).UTC()}
		if cells.err != nil {
			return Verdict{}, cells.err
		}
	}
	buckets := c.empty(0)
	var last time.Time
	for i := -c.lookback(); i < c.count; i++ {
		was, some := found[i]
		if some {
			last = was.last
		}
		if i < 0 {
			continue
		}
		if last.IsZero() {
			buckets[i].Unknown = true
			continue
		}
		end := buckets[i].End
		if now.Before(end) {
			end = now
		}
		buckets[i].Value = max(was.longest, end.Sub(last).Seconds())
	}
	a := t.Anomaly
	a.Direction = Spike // a table is never too fresh
	t.Anomaly = a
	return verdictOf(t, "seconds without a new row", a.scores(c, timing(a.MinDelay), buckets)), nil
}

// eventFreshness is how late rows arrive, in seconds: the longest lag in mode
// elementary, and in mode robust the one that nine of ten rows keep below, because one
// old event that is delivered again must not hide all others.
type eventFreshness struct{}

func (eventFreshness) question(t Test, now time.Time) (warehouse.Question, error) {
	return metric(t, t.calendar(now), "check_event_freshness", "event_freshness", t.UpdateTimestamp, 0), nil
}

func (eventFreshness) judge(t Test, now time.Time, rows [][]any) (Verdict, error) {
	c := t.calendar(now)
	buckets := c.empty(c.width.Seconds()) // of an empty bucket, as in Elementary
	if t.Mode == Robust {
		for i := range buckets { // that nothing arrives is another test's matter
			buckets[i].Unknown = true
		}
	}
	for _, row := range rows {
		cells := cellsOf(row)
		lag := cells.integer(1)
		if t.Mode == Robust {
			lag = cells.integer(2)
		}
		put(buckets, cells.integer(0), seconds(lag))
		if cells.err != nil {
			return Verdict{}, cells.err
		}
	}
	t.Direction = Spike
	sc := timing(t.MinDelay)
	return verdictOf(t, "seconds from event to arrival", t.scores(c, sc, buckets)), nil
}
