package sample_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/posthog-tracks/posthog-tracks/internal/event"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// hours generates some windows, one after the other.
func hours(t *testing.T, from string, count int, o sample.Options) []*sample.Hour {
	t.Helper()
	w := at(t, from)
	var all []*sample.Hour
	for range count {
		h, err := sample.Generate(w, o)
		require.NoError(t, err)
		all = append(all, h)
		w = w.Next()
	}
	return all
}

func TestEveryTrapIsInEveryWindowAndInTheTruth(t *testing.T) {
	t.Parallel()
	for _, h := range hours(t, "2026-06-12T22", 3, sample.Options{Seed: 1, Events: 60, Traps: sample.AllTraps()}) {
		rows := map[string][]sample.Row{}
		for _, object := range h.Objects {
			rows[object.Name] = object.Rows
		}
		seen := map[sample.Trap]bool{}
		told := 0
		for _, truth := range h.Truth {
			seen[truth.Trap] = true
			require.Equal(t, h.Window, truth.Window)
			require.Contains(t, truth.Deliveries, h.Window)
			require.Contains(t, rows, truth.Object)
			if truth.Row < 0 {
				require.Empty(t, rows[truth.Object])
				continue
			}
			told++
			row := rows[truth.Object][truth.Row]
			require.Equal(t, truth.UUID, row.UUID)
			require.Equal(t, truth.Trap, row.Trap)
			require.Equal(t, truth.Marker, gjson.Get(row.Properties.V, "sample_marker").Str)
		}
		for _, trap := range sample.AllTraps() {
			assert.True(t, seen[trap], "%s in %s", trap, h.Window)
		}
		bent := 0
		for _, object := range h.Objects {
			for _, row := range object.Rows {
				if row.Trap != "" {
					bent++
				}
			}
		}
		assert.Equal(t, bent, told, "every row that a trap made has its truth")
	}
}

func TestTrapsComeAlone(t *testing.T) {
	t.Parallel()
	for _, trap := range sample.AllTraps() {
		t.Run(string(trap), func(t *testing.T) {
			t.Parallel()
			h := generate(t, "2026-06-12T10", sample.Options{Seed: 1, Events: 40, Traps: sample.Traps{trap}})
			require.NotEmpty(t, h.Truth)
			for _, truth := range h.Truth {
				require.Equal(t, trap, truth.Trap)
			}
		})
	}
}

// What a trap promises to deliver in another window must be there.
func TestDeliveriesAreInTheWindowsThatAreNamed(t *testing.T) {
	t.Parallel()
	all := hours(t, "2026-06-12T20", 8, sample.Options{Seed: 4, Events: 20, Traps: sample.AllTraps()})
	delivered := map[string][]window.Window{}
	for _, h := range all {
		for _, truth := range h.Truth {
			if truth.EventID != "" && truth.Outcome != sample.NotLoaded && !slices.Contains(delivered[truth.EventID], h.Window) {
				delivered[truth.EventID] = append(delivered[truth.EventID], h.Window)
			}
		}
	}
	spanning := map[sample.Trap]bool{}
	for _, h := range all[3:5] { // nothing comes back later than three windows after
		for _, truth := range h.Truth {
			if truth.EventID == "" || truth.Outcome == sample.NotLoaded {
				continue
			}
			require.Equal(t, truth.Deliveries, delivered[truth.EventID], "%s: %s", truth.Trap, truth.Case)
			if len(truth.Deliveries) > 1 {
				spanning[truth.Trap] = true
			}
		}
	}
	for _, trap := range []sample.Trap{
		sample.Redelivery, sample.MonthsOldRedelivery, sample.ChangedTimestamp, sample.ExactReplay, sample.OlderContentLater,
		sample.EventCollision, sample.UserCollision, sample.UpperCaseUUID,
	} {
		assert.True(t, spanning[trap], trap)
	}
}

func TestPropertiesAreBrokenOnlyWhereATrapSaysSo(t *testing.T) {
	t.Parallel()
	h := generate(t, "2026-06-12T10", sample.Options{Seed: 1, Events: 200, Traps: sample.AllTraps()})
	reasons := map[event.Reason]int{}
	for _, object := range h.Objects {
		broken := map[int]event.Reason{}
		for _, truth := range h.Truth {
			if truth.Object == object.Name && truth.Outcome == sample.Rejected {
				broken[truth.Row] = truth.Reason
				reasons[truth.Reason]++
			}
		}
		for i, row := range object.Rows {
			text := row.Properties.V
			valid := !row.Properties.Valid || text == "" || gjson.Valid(text)
			require.Equal(t, broken[i] != event.PropertiesInvalid, valid, "row %d, %s", i, row.Trap)
			if len(text) < 5000 && text != "" && row.Properties.Valid { // encoding/json refuses depth
				require.Equal(t, broken[i] != event.PropertiesInvalid, json.Valid([]byte(text)))
			}
			isObject := text == "" || strings.HasPrefix(strings.TrimSpace(text), "{")
			if valid {
				require.Equal(t, broken[i] != event.PropertiesNotAnObject, isObject, "row %d, %s", i, row.Trap)
			}
			clean := utf8.ValidString(text) && utf8.ValidString(row.Name.V) && utf8.ValidString(row.DistinctID.V)
			require.Equal(t, broken[i] != event.InvalidUTF8, clean, "row %d, %s", i, row.Trap)
		}
	}
	for _, reason := range []event.Reason{
		event.UUIDMissing, event.UUIDMalformed, event.EventMissing, event.DistinctIDMissing, event.TimestampMissing,
		event.TimestampOutOfRange, event.InvalidUTF8, event.PropertiesTooDeep, event.PropertiesInvalid, event.PropertiesNotAnObject,
	} {
		assert.NotZero(t, reasons[reason], reason)
	}
}

// rowsOf returns the rows that a trap makes in a window.
func rowsOf(t *testing.T, trap sample.Trap) []sample.Row {
	t.Helper()
	return generate(t, "2026-06-12T10", sample.Options{Seed: 1, Traps: sample.Traps{trap}}).Events()
}

func TestTrapsAreAsBadAsTheySay(t *testing.T) {
	t.Parallel()
	w := at(t, "2026-06-12T10")
	for _, row := range rowsOf(t, sample.HugeProperties) {
		assert.InDelta(t, 1_000_000, len(row.Properties.V), 100_000)
	}
	var depths []int
	for _, row := range rowsOf(t, sample.DeepNesting) {
		depths = append(depths, 1+strings.Count(row.Properties.V, "[")+strings.Count(row.Properties.V, "{\"child"))
	}
	slices.Sort(depths)
	assert.Equal(t, []int{301, 601, 10_001, 150_001}, depths)
	for _, row := range rowsOf(t, sample.MonthsOldRedelivery) {
		assert.Less(t, row.Timestamp.V, w.Start().AddDate(0, 0, -55).UnixMicro())
	}
	days := map[int64]bool{}
	for _, row := range rowsOf(t, sample.ChangedTimestamp) {
		days[row.Timestamp.V/(24*time.Hour).Microseconds()] = true
	}
	assert.Len(t, days, 5, "the day, those around it, and both sides of the cutover")
	var joined strings.Builder
	for _, trap := range []sample.Trap{sample.LoneSurrogates, sample.NulEscape, sample.WideNumbers, sample.DuplicateKeys, sample.FlagTypes} {
		for _, row := range rowsOf(t, trap) {
			joined.WriteString(row.Properties.V)
		}
	}
	for _, evil := range []string{
		`\ud83d"`, `\ude00\ud83d`, `"\ud83d":`, `\u0000`, `1e999`, `9223372036854775808`, strings.Repeat("9", 400),
		`"$feature/x":true,"$feature/x":"variant"`, `"$feature/checkout-redesign":true`, `"$feature/checkout-redesign":"test"`,
	} {
		assert.Contains(t, joined.String(), evil)
	}
}

func TestRetryDropsAddsAndChanges(t *testing.T) {
	t.Parallel()
	o := sample.Options{Seed: 1, Events: 200, Traps: sample.Traps{sample.OverwrittenHour}}
	live := generate(t, "2026-06-12T10", o)
	o.Run = sample.Retry
	retry := generate(t, "2026-06-12T10", o)
	require.Equal(t, names(live), names(retry), "a retry overwrites")

	before, after := byID(live), byID(retry)
	var dropped, changed, added int
	for id, row := range before {
		newer, kept := after[id]
		switch {
		case !kept:
			dropped++
		case newer.Event != row.Event:
			changed++
			assert.Greater(t, newer.InsertedAt.V, row.InsertedAt.V)
			assert.Equal(t, "v2", newer.Marker)
			assert.Less(t, newer.InsertedAt.V, live.Window.End().UnixMicro())
		}
	}
	for id := range after {
		if _, known := before[id]; !known {
			added++
		}
	}
	assert.Equal(t, []int{8, 8, 5}, []int{dropped, changed, added})
	assert.Len(t, live.Truth, dropped+changed)
	assert.Len(t, retry.Truth, changed+added)
}

func TestLateRetrySelectsByEventTime(t *testing.T) {
	t.Parallel()
	o := sample.Options{Seed: 1, Events: 500}
	live := byID(generate(t, "2026-06-12T10", o))
	o.Run = sample.LateRetry
	late := generate(t, "2026-06-12T10", o)
	assert.Less(t, len(late.Events()), len(live))
	for _, row := range late.Events() {
		assert.Equal(t, row.Timestamp, row.InsertedAt)
		assert.WithinRange(t, time.UnixMicro(row.Timestamp.V), late.Window.Start(), late.Window.End())
		assert.Equal(t, live[row.UUID.V].Properties, row.Properties)
	}
}

func byID(h *sample.Hour) map[string]sample.Row {
	rows := map[string]sample.Row{}
	for _, row := range h.Events() {
		rows[row.UUID.V] = row
	}
	return rows
}
