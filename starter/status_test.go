package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/overview"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func TestStatusSaysWhatToDo(t *testing.T) {
	t.Parallel()
	w, err := window.Parse("2026-06-12T10")
	require.NoError(t, err)
	well := func() *standing {
		return &standing{
			Table: "posthog.tracks", Workers: map[string]int{"q": 1, "q-load": 1},
			Schedules: []schedule{{ID: "posthog-tracks-hourly"}},
		}
	}
	assert.Empty(t, well().next())
	for name, c := range map[string]struct {
		spoil func(f *standing)
		want  string
	}{
		"no worker":   {func(f *standing) { f.Workers["q"] = 0 }, "start `worker`"},
		"no schedule": {func(f *standing) { f.Schedules = nil }, "`starter schedules apply`"},
		"paused": {func(f *standing) {
			f.Schedules[0].Paused, f.Schedules[0].Note = true, "a migration"
		}, "is paused (a migration): when that is over, `starter schedules resume hourly`"},
		"missed runs": {func(f *standing) { f.Schedules[0].Missed = 3 }, "missed 3 runs"},
		"missing": {func(f *standing) {
			f.Trouble = []trouble{{w, overview.Missing, "ExportMissing"}}
		}, "retry it in PostHog, then `starter hourly --window 2026-06-12T10`"},
		"failed": {func(f *standing) {
			f.Trouble = []trouble{{w, overview.Failed, "ObjectCorrupt"}}
		}, "failed with ObjectCorrupt"},
		"never ran": {func(f *standing) { f.Trouble = []trouble{{Window: w, State: overview.Unknown}} }, "never ran"},
		"a failing test": {func(f *standing) {
			f.Failing = []overview.TestResult{{Test: "unique", Message: "3 ids stand twice", WorkflowID: "check-1"}}
		}, "test unique: 3 ids stand twice (workflow check-1; run it again with `starter check`)"},
		"silence":     {func(f *standing) { f.LastGood = w }, "`starter reload --dry-run --from 2026-06-12T11`"},
		"unreachable": {func(f *standing) { f.Problems = []string{"no route"} }, "no route. `starter doctor`"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := well()
			c.spoil(f)
			next := f.next()
			require.Len(t, next, 1)
			assert.Contains(t, next[0], c.want)
		})
	}

	atWork := well()
	atWork.Trouble = []trouble{{w, overview.Unmerged, ""}}
	atWork.Running = []running{{ID: workflows.HourlyID(w)}}
	assert.Empty(t, atWork.next(), "an hour that is being loaded needs nobody")

	many := well()
	for n := range 9 {
		many.Trouble = append(many.Trouble, trouble{Window: window.Before(w.End().Add(time.Duration(n) * time.Hour)), State: overview.Failed})
	}
	next := many.next()
	assert.Len(t, next, atMost+1)
	assert.Contains(t, next[atMost], "and 4 hours more")
}

func TestStatusIsOneScreen(t *testing.T) {
	t.Parallel()
	f := &standing{
		At: time.Date(2026, 6, 12, 12, 0, 0, 0, time.UTC), Table: "posthog.tracks", Lag: "1h0m0s",
		Hours:   map[overview.State]int{overview.OK: 3, overview.Missing: 1},
		Running: []running{{ID: "hourly-2026-06-12T12:00:00Z", Waits: true, Step: "waiting for the turn to write posthog.tracks", Held: "MergeWindow, try 2: the disk is full"}},
		Workers: map[string]int{"q": 2}, Schedules: []schedule{{ID: "posthog-tracks-hourly", Paused: true}},
		Next: []string{"do this"},
	}
	var out bytes.Buffer
	printStatus(&out, f)
	said := out.String()
	for _, want := range []string{"3 ok, 1 missing", "waiting ", "try 2: the disk is full", "PAUSED", "2 on q", "To do:\n - do this"} {
		assert.Contains(t, said, want)
	}
	assert.Less(t, strings.Count(said, "\n"), 24)
}

func TestAWorkerThatHasGoneIsNotCounted(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 12, 12, 0, 0, 0, time.UTC)
	seen := func(identity string, ago time.Duration) *taskqueue.PollerInfo {
		return &taskqueue.PollerInfo{Identity: identity, LastAccessTime: timestamppb.New(now.Add(-ago))}
	}
	assert.Equal(t, 2, polling([]*taskqueue.PollerInfo{
		seen("a", time.Second), seen("a", time.Minute), seen("b", time.Minute), seen("gone", 3*time.Minute),
	}, now))
}

func TestTheCostOfTodayHasTheDataTests(t *testing.T) {
	t.Parallel()
	spent := overview.Spent{BytesBilled: 1 << 40, USD: 6.25, TestsRead: 2 << 40}
	settings := config.Warehouse{Kind: config.KindBigQuery, BigQuery: config.BigQuery{PricePerTiB: 5}}
	assert.Equal(t, overview.Spent{BytesBilled: 3 << 40, USD: 16.25, TestsRead: 2 << 40}, withTests(spent, settings))
	settings.BigQuery.PricePerSlotHour = 0.04
	assert.InDelta(t, 6.25, withTests(spent, settings).USD, 0, "slots are not billed by bytes")
	settings.Kind = config.KindDuckDB
	assert.Equal(t, spent, withTests(spent, settings))
	var out bytes.Buffer
	printStatus(&out, &standing{Today: spent})
	assert.Regexp(t, `cost today +\$6.25, 1024.0 GiB billed; data tests read 2048.0 GiB`, out.String())
}
