package datatest

import (
	"maps"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// history is what a warehouse would answer a test at a moment.
type history func(c calendar, now time.Time) [][]any

// ask judges a history at a moment.
func (h history) ask(t *testing.T, test Test, now time.Time) Result {
	t.Helper()
	result, err := test.Judge(now, warehouse.Answer{Rows: h(test.calendar(now), now)})
	require.NoError(t, err)
	return result
}

// count adds up runs of a test twice a day.
type count struct {
	// alarms are incidents, failing the runs in one of them; an alarm that never ends is
	// one incident and many runs. undecided are runs without a verdict.
	alarms, failing, undecided int
	bad                        bool
}

func (n *count) add(status Status) {
	failed := status == Fail
	if failed {
		n.failing++
	}
	if failed && !n.bad {
		n.alarms++
	}
	if n.bad = failed; status == NoData {
		n.undecided++
	}
}

// requireFew holds for clean days, in which every run that fails counts: fewer than
// one a week.
func (n *count) requireFew(t *testing.T, name string, days int) {
	t.Helper()
	t.Logf("%s: %d false alarms in %d days, %d runs failed, %d undecided", name, n.alarms, days, n.failing, n.undecided)
	assert.Less(t, float64(n.failing), float64(days)/7, name)
	assert.Zero(t, n.undecided, name)
}

// clean are the days that are judged, settled those of the history before them.
const clean, settled = 90, 40

// requireFewAlarms runs five histories of clean days.
func requireFewAlarms(t *testing.T, name string, test Test, made func(seed uint64) (history, time.Time)) {
	t.Helper()
	const seeds = 5
	var n count
	for seed := range uint64(seeds) {
		h, begin := made(seed)
		n.bad = false
		for run := range 2 * clean {
			n.add(h.ask(t, test, begin.AddDate(0, 0, settled+run/2).Add(time.Duration(6+12*(run%2))*time.Hour)).Status)
		}
	}
	n.requireFew(t, name, seeds*clean)
}

func kindTest(t *testing.T, fields string) Test {
	t.Helper()
	tests, err := Parse([]byte("tests: [{name: k, table: tracks, timestamp: created_at, max_bytes: 1 GB, "+fields+"}]"), noFiles)
	require.NoError(t, err)
	return tests[0]
}

// clients are the traffic of three clients, each with noise of its own.
type clients map[string]traffic

func clientsOf(seed uint64) clients {
	all := make(clients)
	for i, share := range map[uint64]float64{1: 0.5, 2: 0.3, 3: 0.2} {
		tr := traffics(10*seed+i, settled+clean+10, 0.1)
		for h := range tr.rows {
			tr.rows[h] = math.Round(tr.rows[h] * share)
		}
		all[map[uint64]string{1: "web", 2: "ios", 3: "android"}[i]] = tr
	}
	return all
}

// lose takes the rows of some hours of one client.
func (all clients) lose(client string, from, hours int) clients {
	changed := maps.Clone(all)
	changed[client] = all[client].lose(from, hours, 0)
	return changed
}

func (all clients) begin() time.Time { return all["web"].begin }

func (all clients) history(c calendar, _ time.Time) [][]any {
	var rows [][]any
	for _, name := range []string{"android", "ios", "web"} {
		for i, n := range all[name].counts(c) {
			if n > 0 {
				rows = append(rows, []any{int64(i), int64(n), name})
			}
		}
	}
	return rows
}

func TestDimensionsOfCleanDays(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]string{
		"dimensions, a day, 28 days": "bucket: 1d, training: 28d", "dimensions, an hour, 28 days": "training: 28d",
		"dimensions, a day, 14 days": "bucket: 1d, training: 14d",
	} {
		requireFewAlarms(t, name, kindTest(t, "kind: dimension_anomalies, dimension: client, "+options), func(seed uint64) (history, time.Time) {
			all := clientsOf(seed)
			return all.history, all.begin()
		})
	}
}

// One client of three is lost: for an hour, for five days, on any day of the week.
func TestALostClient(t *testing.T) {
	t.Parallel()
	hourly, daily := kindTest(t, "kind: dimension_anomalies, dimension: client"), kindTest(t, "kind: dimension_anomalies, dimension: client, bucket: 1d")
	elementary := kindTest(t, "kind: dimension_anomalies, dimension: client, mode: elementary")
	all := clientsOf(1)
	at := all["web"].at
	for n := range 20 {
		day, hour := 60+n%14, n*7%24
		lost := history(all.lose("android", day*24+hour, 1).history)
		assert.Equal(t, Fail, lost.ask(t, hourly, at(day+1, 6)).Status, "hour %d of day %d", hour, day)
		assert.Equal(t, Pass, lost.ask(t, elementary, at(day+1, 6)).Status, "elementary, hour %d of day %d", hour, day)
	}
	outage := history(all.lose("android", 70*24, 5*24).history)
	for day := 1; day <= 5; day++ {
		assert.Equal(t, Fail, outage.ask(t, hourly, at(70+day, 6)).Status, "day %d", day)
		assert.Equal(t, Fail, outage.ask(t, daily, at(70+day, 6)).Status, "day %d", day)
	}
	assert.Equal(t, Pass, outage.ask(t, hourly, at(77, 9)).Status, "recovered")
	assert.Equal(t, Pass, outage.ask(t, daily, at(78, 6)).Status, "recovered")
	for day := 70; day < 77; day++ { // Monday to Sunday
		lost := history(all.lose("ios", day*24, 24).history)
		assert.Equal(t, Fail, lost.ask(t, daily, at(day+1, 6)).Status, "day %d", day-70)
		assert.Equal(t, Pass, lost.ask(t, elementary, at(day+1, 6)).Status, "elementary, day %d", day-70)
	}
}

// arrivals are the instants of rows, as they come by chance at the rate of a traffic.
type arrivals struct {
	begin time.Time
	// gap is the longest time without a row that ends in the hour, last its last row;
	// zero times are hours without rows.
	gap  []time.Duration
	last []time.Time
}

// arrivalsOf thins the traffic out to a part of its rows.
func arrivalsOf(seed uint64, part float64) arrivals {
	tr := traffics(seed, settled+clean+10, 0.1)
	random := rand.New(rand.NewPCG(seed, 2))
	a := arrivals{begin: tr.begin, gap: make([]time.Duration, len(tr.rows)), last: make([]time.Time, len(tr.rows))}
	previous := tr.begin
	for h, rows := range tr.rows {
		end := tr.at(0, h+1)
		for at := tr.at(0, h); ; {
			at = at.Add(time.Duration(random.ExpFloat64() / (rows * part) * float64(time.Hour)))
			if !at.Before(end) {
				break
			}
			a.gap[h], a.last[h], previous = max(a.gap[h], at.Sub(previous)), at, at
		}
	}
	return a
}

// lose takes the rows of some hours.
func (a arrivals) lose(from, hours int) arrivals {
	lost := arrivals{begin: a.begin, gap: append([]time.Duration(nil), a.gap...), last: append([]time.Time(nil), a.last...)}
	for h := from; h < from+hours; h++ {
		lost.gap[h], lost.last[h] = 0, time.Time{}
	}
	for h := from + hours; h < len(lost.last); h++ {
		if !lost.last[h].IsZero() { // the next row ends the gap; it is as good as at the hour's beginning
			lost.gap[h] = max(lost.gap[h], time.Duration(hours)*time.Hour)
			break
		}
	}
	return lost
}

func (a arrivals) history(c calendar, now time.Time) [][]any {
	first, end := c.first.Add(-time.Duration(c.lookback())*c.width), c.end()
	gaps, lasts := make(map[int64]time.Duration), make(map[int64]time.Time)
	for h, last := range a.last {
		at := a.begin.Add(time.Duration(h) * time.Hour)
		if last.IsZero() || at.Before(first) || !at.Before(end) || last.After(now) {
			continue
		}
		bucket := int64(at.Sub(first) / c.width)
		gaps[bucket], lasts[bucket] = max(gaps[bucket], a.gap[h]), last
	}
	var rows [][]any
	for bucket := range int64(c.count + c.lookback()) {
		if last, some := lasts[bucket]; some {
			rows = append(rows, []any{bucket, gaps[bucket].Microseconds(), last.UnixMicro()})
		}
	}
	return rows
}

func TestFreshnessOfCleanDays(t *testing.T) {
	t.Parallel()
	for name, part := range map[string]float64{"5000 rows an hour": 1, "500 rows an hour": 0.1, "50 rows an hour": 0.01} {
		requireFewAlarms(t, "freshness, "+name, kindTest(t, "kind: freshness_anomalies, training: 28d"), func(seed uint64) (history, time.Time) {
			a := arrivalsOf(200+seed, part)
			return a.history, a.begin
		})
	}
}

func TestTimesWithoutRows(t *testing.T) {
	t.Parallel()
	a := arrivalsOf(7, 0.1)
	at := func(day, hour int) time.Time { return a.begin.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour) }
	test := kindTest(t, "kind: freshness_anomalies")
	for n := range 20 {
		day, hour := 60+n%14, n*7%24
		assert.Equal(t, Fail, history(a.lose(day*24+hour, 1).history).ask(t, test, at(day+1, 6)).Status, "hour %d of day %d", hour, day)
	}
	outage := history(a.lose(70*24, 5*24).history)
	for day := 1; day <= 5; day++ {
		assert.Equal(t, Fail, outage.ask(t, test, at(70+day, 6)).Status, "day %d", day)
	}
	assert.Equal(t, Pass, outage.ask(t, test, at(78, 6)).Status, "recovered")
	for day := 70; day < 77; day++ { // Monday to Sunday
		assert.Equal(t, Fail, history(a.lose(day*24, 24).history).ask(t, test, at(day+1, 6)).Status, "day %d", day-70)
	}
}

// lags are how late the rows of an hour of arrival are: what nine of ten keep below,
// and the longest, which one old event delivered again decides.
func lags(seed uint64, noise float64, late map[int]time.Duration) (h history, begin time.Time) {
	tr := traffics(seed, settled+clean+10, 0)
	random := rand.New(rand.NewPCG(seed, 3))
	type lag struct{ longest, usual time.Duration }
	all := make([]lag, len(tr.rows))
	for i := range all {
		all[i].usual = time.Duration(float64(40*time.Minute) * math.Max(0, 1+noise*random.NormFloat64()))
		all[i].longest = all[i].usual + time.Duration(random.ExpFloat64()*float64(24*time.Hour))
		if by, some := late[i]; some {
			all[i] = lag{longest: by, usual: by}
		}
	}
	return func(c calendar, _ time.Time) [][]any {
		var rows [][]any
		for i, l := range all {
			if at := tr.at(0, i); !at.Before(c.first) && at.Before(c.end()) && l.usual >= 0 {
				rows = append(rows, []any{int64(at.Sub(c.first) / c.width), l.longest.Microseconds(), l.usual.Microseconds()})
			}
		}
		return rows
	}, tr.begin
}

func TestLagsOfCleanDays(t *testing.T) {
	t.Parallel()
	requireFewAlarms(t, "event freshness", kindTest(t, "kind: event_freshness_anomalies, update_timestamp: event_inserted_at"),
		func(seed uint64) (history, time.Time) { return lags(300+seed, 0.1, nil) })
}

// An hour's rows that arrive a day late are found, also at the end of an outage of
// five days in which nothing arrives, and those of a weekend.
func TestRowsThatArriveLate(t *testing.T) {
	t.Parallel()
	test := kindTest(t, "kind: event_freshness_anomalies, update_timestamp: event_inserted_at")
	_, begin := lags(1, 0, nil)
	at := func(day, hour int) time.Time { return begin.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour) }
	for n := range 20 {
		day, hour := 60+n%14, n*7%24
		late, _ := lags(uint64(n), 0.1, map[int]time.Duration{day*24 + hour: 24 * time.Hour})
		assert.Equal(t, Fail, late.ask(t, test, at(day+1, 6)).Status, "hour %d of day %d", hour, day)
		assert.Equal(t, Pass, late.ask(t, test, at(day+4, 6)).Status, "over")
	}
	silent := map[int]time.Duration{75 * 24: 5 * 24 * time.Hour}
	for h := 70 * 24; h < 75*24; h++ {
		silent[h] = -1
	}
	outage, _ := lags(1, 0.1, silent)
	assert.Equal(t, Fail, outage.ask(t, test, at(75, 6)).Status, "all arrives at once")
	assert.Equal(t, NoData, outage.ask(t, test, at(74, 6)).Status, "nothing arrives, which volume and freshness find")
}
