package sample

import (
	"math"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/event"
)

func tellNullTimestamp(t *teller) {
	row := t.event()
	row.Timestamp = Micros{}
	t.rejected("NULL", row, event.TimestampMissing)

	row = t.event()
	row.CreatedAt, row.InsertedAt = Micros{}, Micros{}
	t.loads("NULL created_at and _inserted_at", row)
}

// tellAbsurdTimestamp: what clocks and conversions gone wrong leave behind. A row
// needs a day that the warehouse can partition by, which ends in 2159.
func tellAbsurdTimestamp(t *teller) {
	for _, absurd := range []struct {
		name string
		at   int64
	}{
		{"year 1", date(1, 1, 1)},
		{"before year 1", date(1, 1, 1) - 1},
		{"the least there is", math.MinInt64},
		{"before what nanoseconds can count", date(1677, 9, 21)},
		{"after what nanoseconds can count", date(2262, 4, 12)},
		{"the last of year 9999", date(10000, 1, 1) - 1},
		{"year 10000", date(10000, 1, 1)},
		{"the most there is", math.MaxInt64},
	} {
		row := t.event()
		row.Timestamp = micros(absurd.at)
		t.rejected(absurd.name, row, event.TimestampOutOfRange)
	}
	row := t.event()
	row.InsertedAt = micros(date(10000, 1, 1))
	t.rejected("_inserted_at in year 10000", row, event.TimestampOutOfRange)

	row = t.event()
	row.Timestamp = micros(date(2100, 2, 28))
	t.tell("year 2100", []Final{finalOf(row, row)}, arrives(row, Inserted).orElse(Rejected))
}

// tellOldEvents: events of the time that the backfill covers, and the first one
// that the hourly merge covers.
func tellOldEvents(t *teller) {
	for _, old := range []struct {
		name string
		at   int64
	}{
		{"a microsecond before", t.cutover - 1},
		{"three months before", t.cutover - 90*day},
		{"1970", 0},
		{"1969", -day},
	} {
		row := t.event()
		row.Timestamp = micros(old.at)
		t.tell(old.name, nil, arrives(row, BeforeCutover))
	}
	row := t.event()
	row.Timestamp = micros(t.cutover)
	t.loads("the first instant after", row)
}

func date(year int, month time.Month, day int) int64 {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).UnixMicro()
}
