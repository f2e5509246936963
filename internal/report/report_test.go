package report

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/overview"
)

// now is in the eleventh hour of the last of three days.
var now = time.Date(2026, 6, 14, 10, 30, 0, 0, time.UTC)

var options = Options{
	Table: "posthog.tracks", Days: 3, Late: 3 * time.Hour, Warn: 2 * time.Hour, Error: 4 * time.Hour,
	UI: "http://localhost:8080", Namespace: "default",
}

// ledger is a warehouse with these rows in its ledger.
type ledger [][]string

func (l ledger) Inspect(_ context.Context, _, step string, _ map[string]any, row func([]string) error) error {
	rows := l
	switch step {
	case "loads":
	case "tests":
		rows = someTests
	default:
		return errors.New("nobody asks for " + step)
	}
	for _, columns := range rows {
		if err := row(columns); err != nil {
			return err
		}
	}
	return nil
}

func (l ledger) Newest(context.Context) (time.Time, bool, error) {
	return now.Add(-3 * time.Hour), len(l) > 0, nil
}

func at(t time.Time) string { return t.Format("2006-01-02 15:04:05Z") }

// someTests are the newest results of data tests.
var someTests = ledger{
	{"not_null_event_id", "not_null", "tracks", "error", "pass", "0", "no row without event_id", "1048576", at(now.Add(-4 * time.Hour)), "check-1", "run", "6", "6291456"},
	{"unique_event_id", "unique", "tracks", "error", "fail", "3", "3 ids stand twice", "1073741824", at(now.Add(-4 * time.Hour)), "check-1", "run", "6", "6442450944"},
	{"volume_purchase_flow", "volume_anomalies", "tracks", "warn", "no data", "0", "9 of 14 buckets", "0", at(now.Add(-4 * time.Hour)), "check-1", "run", "6", "0"},
}

// booked is a row of the ledger for an hour of the days before now.
func booked(hour time.Time, status, reason string, loaded, rejected, changed, collided int, lag time.Duration) []string {
	merged, n := "", strconv.Itoa
	if status == "merged" {
		merged = at(hour.Add(time.Hour + lag))
	}
	return []string{
		at(hour), "load", status, reason, "<script>alert(1)</script>", n(loaded + rejected), n(loaded), n(rejected),
		n(loaded - changed - collided), n(changed), "0", n(collided), "0", "1000000", "5000000000", "0.03",
		"hourly-" + at(hour), "run", at(hour), at(hour.Add(time.Hour)), merged,
	}
}

// aFewDays has an hour of every state.
func aFewDays() ledger {
	var rows ledger
	first := now.Truncate(24*time.Hour).AddDate(0, 0, -2).Add(5 * time.Hour)
	for n := 0; first.Add(time.Duration(n) * time.Hour).Before(now.Add(-3 * time.Hour)); n++ {
		hour := first.Add(time.Duration(n) * time.Hour)
		switch n {
		case 4:
			rows = append(rows, booked(hour, "missing", "ExportMissing", 0, 0, 0, 0, 0))
		case 9:
			rows = append(rows, booked(hour, "failed", "ObjectCorrupt", 0, 0, 0, 0, 0))
		case 13:
			rows = append(rows, booked(hour, "empty", "", 0, 0, 0, 0, 0))
		case 17: // nothing is known of it
		case 20:
			rows = append(rows, booked(hour, "loaded", "", 1000, 0, 0, 0, 0))
		case 26:
			rows = append(rows, booked(hour, "merged", "", 5000, 10, 900, 20, 9*time.Hour))
		case 30:
			rows = append(rows, booked(hour, "merged", "", 5000, 10, 0, 0, time.Hour), booked(hour, "merged", "", 4000, 10, 4000, 0, 6*time.Hour))
		default:
			rows = append(rows, booked(hour, "merged", "", 5000+100*(n%12), n%7*5, 200+n%5*30, n%4, 40*time.Minute))
		}
	}
	return rows
}

func TestReportShowsEveryState(t *testing.T) {
	t.Parallel()
	page, err := Make(t.Context(), aFewDays(), now, options)
	require.NoError(t, err)
	require.Len(t, page.Days, 3)
	assert.Len(t, page.Days[0].Cells, 24)
	assert.Len(t, page.Days[2].Cells, 10, "until the last full hour")
	assert.Equal(t, "warn", page.Fresh)

	got := make(map[overview.State]int)
	for _, s := range page.States {
		got[s.State] = s.Count
	}
	for _, state := range []overview.State{
		overview.Late, overview.Reloaded, overview.Empty, overview.Unmerged, overview.Missing, overview.Failed,
	} {
		assert.Equal(t, 1, got[state], string(state))
	}
	assert.Positive(t, got[overview.OK])
	assert.Equal(t, 1, got[overview.Unknown])
	require.Len(t, page.Trouble, 4)
	assert.Equal(t, "starter hourly --window 2026-06-12T09", page.Trouble[3].Command)
	assert.Equal(t, overview.Due, page.Days[0].Cells[4].State, "before the first hour nothing is wrong")

	var sum Sum
	for _, day := range page.Days {
		sum.Loaded += day.Sum.Loaded
	}
	assert.Equal(t, page.Total.Loaded, sum.Loaded)
	assert.Equal(t, page.Total.Loaded, page.Total.Inserted+page.Total.Redelivered+page.Total.Collided)
}

func TestReportShowsTestsAndCosts(t *testing.T) {
	t.Parallel()
	page, err := Make(t.Context(), aFewDays(), now, options)
	require.NoError(t, err)
	require.Len(t, page.Tests, 3)
	assert.Equal(t, "unique_event_id", page.Tests[0].Test, "the worst first")
	assert.Equal(t, "http://localhost:8080/namespaces/default/workflows/check-1/run/history", page.Tests[0].Link)
	require.Len(t, page.Costs, 2)
	assert.Equal(t, page.Total.USD, page.Costs[0].USD) //nolint:testifylint // the same number, not a computed one
	assert.Equal(t, int64(18), page.Costs[1].Runs)
}

// Bars stand on each other and on the ground, and the highest fills the chart.
func TestBarsFit(t *testing.T) {
	t.Parallel()
	page, err := Make(t.Context(), aFewDays(), now, options)
	require.NoError(t, err)
	require.NotEmpty(t, page.Charts)
	for _, chart := range page.Charts {
		top := float64(chartHeight)
		ground := make(map[int]float64)
		for _, bar := range chart.Bars {
			under, known := ground[bar.X]
			if !known {
				under = chartHeight
			}
			assert.InDelta(t, under, bar.Y+bar.Height, 1e-6, chart.Title)
			ground[bar.X] = bar.Y
			top = min(top, bar.Y)
			assert.Less(t, bar.X, chart.Width)
		}
		assert.InDelta(t, 0, top, 1e-6, chart.Title)
	}
}

// The page needs nothing but itself, and shows text from outside as text.
func TestPageStandsAlone(t *testing.T) {
	t.Parallel()
	page, err := Make(t.Context(), aFewDays(), now, options)
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, page.Write(&text))
	html := text.String()
	for _, outside := range []string{"<script", "<link", "@import", "url(", "<img", " src="} {
		assert.NotContains(t, html, outside)
	}
	assert.Contains(t, html, "&lt;script&gt;")
	assert.Contains(t, html, `href="http://localhost:8080/namespaces/default/workflows/hourly-2026-06-12%2009:00:00Z/run/history"`)
	if file := os.Getenv("REPORT_FILE"); file != "" {
		require.NoError(t, os.WriteFile(file, text.Bytes(), 0o600))
	}

	alone := options
	alone.UI = ""
	page, err = Make(t.Context(), aFewDays(), now, alone)
	require.NoError(t, err)
	text.Reset()
	require.NoError(t, page.Write(&text))
	assert.NotContains(t, text.String(), "href")
}

func TestEmptyReport(t *testing.T) {
	t.Parallel()
	page, err := Make(t.Context(), ledger{}, now, options)
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, page.Write(&text))
	assert.Contains(t, text.String(), "The ledger knows of no hour in these days.")
}

// A report of weeks in which nothing ran is no list of them.
func TestLongTroubleIsCut(t *testing.T) {
	t.Parallel()
	long := options
	long.Days = 30
	page, err := Make(t.Context(), ledger{booked(now.AddDate(0, 0, -20).Truncate(time.Hour), "merged", "", 10, 0, 0, 0, time.Hour)}, now, long)
	require.NoError(t, err)
	require.Len(t, page.Trouble, mostTrouble)
	assert.Positive(t, page.More)
	var text bytes.Buffer
	require.NoError(t, page.Write(&text))
	assert.Contains(t, text.String(), "and "+strconv.Itoa(page.More)+" older ones")
}

func TestReportIsServed(t *testing.T) {
	t.Parallel()
	answer := httptest.NewRecorder()
	Handler(aFewDays(), options).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/report", nil))
	assert.Equal(t, http.StatusOK, answer.Code)
	assert.True(t, strings.HasPrefix(answer.Body.String(), "<!doctype html>"))

	answer = httptest.NewRecorder()
	Handler(aFewDays(), options).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/report?days=1", nil))
	assert.Contains(t, answer.Body.String(), "the last 1 days")
	for _, days := range []string{"0", "-3", "all", "367"} {
		answer = httptest.NewRecorder()
		Handler(aFewDays(), options).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/report?days="+days, nil))
		assert.Equal(t, http.StatusBadRequest, answer.Code, days)
	}

	answer = httptest.NewRecorder()
	Handler(ledger{{"broken"}}, options).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/report", nil))
	assert.Equal(t, http.StatusServiceUnavailable, answer.Code)
}

func TestTextForPeople(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"0", "999", "1,000", "-1,234,567"}, []string{count(0), count(999), count(1000), count(-1234567)})
	assert.Equal(t, "1.5 GiB", bytesText(3<<29))
	assert.Equal(t, []string{"12 s", "40 min", "1.5 h", "3 days"}, []string{
		ageText(12 * time.Second), ageText(40 * time.Minute), ageText(90 * time.Minute), ageText(72 * time.Hour),
	})
}
