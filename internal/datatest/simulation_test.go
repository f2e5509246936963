package datatest

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// traffic is a made-up product: rows an hour by the time of the week, with noise.
type traffic struct {
	begin time.Time
	rows  []float64
}

// traffics begins on a Monday. Weekends have 40 % of a workday, nights 30 % of a noon,
// and each hour is off by noise (a standard deviation, relative).
func traffics(seed uint64, days int, noise float64) traffic {
	random := rand.New(rand.NewPCG(seed, 1))
	tr := traffic{begin: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)}
	for h := range days * 24 {
		usual := 5000 * (0.65 - 0.35*math.Cos(2*math.Pi*float64(h%24)/24))
		if h/24%7 >= 5 {
			usual *= 0.4
		}
		tr.rows = append(tr.rows, math.Round(usual*math.Max(0, 1+noise*random.NormFloat64())))
	}
	return tr
}

// lose multiplies the rows of some hours.
func (tr traffic) lose(from, hours int, left float64) traffic {
	tr.rows = append([]float64(nil), tr.rows...)
	for h := from; h < from+hours; h++ {
		tr.rows[h] = math.Round(tr.rows[h] * left)
	}
	return tr
}

// at is the moment some days and hours after the beginning.
func (tr traffic) at(day, hour int) time.Time {
	return tr.begin.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour)
}

// counts are the rows of a calendar's buckets.
func (tr traffic) counts(c calendar) []float64 {
	counts := make([]float64, c.count)
	for h, n := range tr.rows {
		at := tr.begin.Add(time.Duration(h) * time.Hour)
		if bucket := int(at.Sub(c.first) / c.width); !at.Before(c.first) && bucket < c.count {
			counts[bucket] += n
		}
	}
	return counts
}

// judge asks a volume test at a moment. Hours that had not ended have no rows.
func (tr traffic) judge(t *testing.T, test Test, now time.Time) Result {
	t.Helper()
	var answer warehouse.Answer
	for i, n := range tr.counts(test.calendar(now)) {
		if n > 0 {
			answer.Rows = append(answer.Rows, []any{int64(i), int64(n)})
		}
	}
	result, err := test.Judge(now, answer)
	require.NoError(t, err)
	return result
}

func volumeTest(t *testing.T, options string) Test {
	t.Helper()
	tests, err := Parse([]byte("tests: [{name: v, kind: volume_anomalies, table: tracks, timestamp: created_at, max_bytes: 1 GB"+options+"}]"), noFiles)
	require.NoError(t, err)
	return tests[0]
}

func TestALostHour(t *testing.T) {
	t.Parallel()
	robust, elementary14, elementary28 := volumeTest(t, ""), volumeTest(t, ", mode: elementary"), volumeTest(t, ", mode: elementary, training: 28d")
	found, missed := 0, 0
	for seed := range uint64(40) {
		tr := traffics(seed, 100, 0.1)
		day, hour := 60+int(seed)%14, int(seed*7)%24
		lost := tr.lose(day*24+hour, 1, 0)
		now := tr.at(day+1, 6)
		if lost.judge(t, robust, now).Status == Fail {
			found++
		}
		for _, test := range []Test{elementary14, elementary28} {
			if lost.judge(t, test, now).Status == Pass {
				missed++
			}
		}
	}
	t.Logf("an hour lost: robust %d of 40, elementary missed %d of 80", found, missed)
	assert.Equal(t, 40, found)
	assert.GreaterOrEqual(t, missed, 78)
}

func TestAnOutageOfFiveDays(t *testing.T) {
	t.Parallel()
	tr := traffics(1, 120, 0.02)
	for h := range tr.rows { // constant days, as favourable for Elementary as can be
		tr.rows[h] = 1000
	}
	outage := tr.lose(70*24, 5*24, 0)
	robust := volumeTest(t, "")
	for training, last := range map[string]int{"14d": 2, "28d": 3} {
		elementary := volumeTest(t, ", mode: elementary, training: "+training)
		for day := 1; day <= 5; day++ {
			now := outage.at(70+day, 6)
			assert.Equal(t, day <= last, outage.judge(t, elementary, now).Status == Fail, "elementary, %s, day %d", training, day)
			assert.Equal(t, Fail, outage.judge(t, robust, now).Status, "robust, day %d", day)
		}
	}
	assert.Equal(t, Fail, outage.judge(t, robust, outage.at(76, 6)).Status, "two days are tested")
	assert.Equal(t, Pass, outage.judge(t, robust, outage.at(77, 9)).Status, "recovered")
	for day := 78; day < 115; day++ {
		assert.Equal(t, Pass, outage.judge(t, robust, outage.at(day, 6)).Status, "the outage teaches nothing, day %d", day)
	}
}

func TestAnOutageHidesBehindWeekends(t *testing.T) {
	t.Parallel()
	tr := traffics(3, 120, 0.1)
	robust := volumeTest(t, "")
	robustDaily := volumeTest(t, ", bucket: 1d")
	for day := 70; day < 77; day++ { // Monday to Sunday
		outage := tr.lose(day*24, 24, 0)
		now := outage.at(day+1, 6)
		assert.Equal(t, Fail, outage.judge(t, robust, now).Status, "hours of day %d", day-70)
		assert.Equal(t, Fail, outage.judge(t, robustDaily, now).Status, "day %d", day-70)
		for _, training := range []string{"14d", "28d"} {
			elementary := volumeTest(t, ", mode: elementary, training: "+training)
			assert.Equal(t, Pass, outage.judge(t, elementary, now).Status, "elementary, %s, day %d", training, day-70)
		}
	}
}

// A drop of a half in the evening, and a doubling, are found too.
func TestPartialChanges(t *testing.T) {
	t.Parallel()
	tr := traffics(4, 120, 0.1)
	robust := volumeTest(t, "")
	assert.Equal(t, Fail, tr.lose(75*24+18, 6, 0.3).judge(t, robust, tr.at(76, 6)).Status)
	assert.Equal(t, Fail, tr.lose(75*24+18, 6, 2.5).judge(t, robust, tr.at(76, 6)).Status)
	assert.Equal(t, Pass, tr.lose(75*24+18, 6, 2.5).judge(t, volumeTest(t, ", direction: drop"), tr.at(76, 6)).Status)
	assert.Equal(t, Pass, tr.lose(75*24+18, 6, 0.3).judge(t, volumeTest(t, ", known_bad: [{from: 2026-03-21, to: 2026-03-22, reason: known}]"), tr.at(76, 6)).Status)
}

// False alarms on 90 clean days with 10 % noise, at every run of the schedule: fewer
// than one a week.
func TestFalseAlarms(t *testing.T) {
	t.Parallel()
	const seeds, days = 5, 90
	for name, test := range map[string]Test{
		"an hour, 28 days": volumeTest(t, ", training: 28d"), "an hour, 14 days": volumeTest(t, ", training: 14d"),
		"a day, 28 days": volumeTest(t, ", bucket: 1d, training: 28d"), "a day, 14 days": volumeTest(t, ", bucket: 1d, training: 14d"),
	} {
		var n count
		for seed := range uint64(seeds) {
			tr := traffics(100+seed, days+40, 0.1)
			n.bad = false
			for run := range days * 2 {
				n.add(tr.judge(t, test, tr.at(40+run/2, 6+12*(run%2))).Status)
			}
		}
		n.requireFew(t, name, seeds*days)
	}
}

func TestTooLittleIsNoPass(t *testing.T) {
	t.Parallel()
	tr := traffics(5, 60, 0.1)
	robust := volumeTest(t, "")
	assert.Equal(t, NoData, tr.judge(t, robust, tr.at(3, 6)).Status, "three days of history")
	assert.Equal(t, NoData, traffic{begin: tr.begin}.judge(t, robust, tr.at(30, 6)).Status, "an empty table")
	assert.Equal(t, Pass, tr.judge(t, robust, tr.at(30, 6)).Status)
	small := tr.lose(0, len(tr.rows), 0.001)
	assert.Equal(t, NoData, small.judge(t, robust, tr.at(50, 6)).Status, "hours of a few rows")
	assert.Equal(t, Pass, traffic{begin: tr.begin}.judge(t, volumeTest(t, ", mode: elementary"), tr.at(30, 6)).Status, "Elementary passes")
}

func TestConstantHistory(t *testing.T) {
	t.Parallel()
	tr := traffics(6, 100, 0)
	robust := volumeTest(t, "")
	assert.Equal(t, Pass, tr.lose(80*24, 24, 0.97).judge(t, robust, tr.at(81, 6)).Status, "3 % is no anomaly")
	assert.Equal(t, Fail, tr.lose(80*24, 24, 0.5).judge(t, robust, tr.at(81, 6)).Status, "no deviation hides nothing")
}
