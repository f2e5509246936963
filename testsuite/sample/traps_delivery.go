package sample

import "time"

// tellRedelivery: what offline queues and re-ingestion do. The row that comes back
// has newer properties; created_at stays that of the first.
func tellRedelivery(t *teller) {
	for range 4 {
		first := t.event()
		second := again(first, 2, "v2")
		t.tell("again after two hours", []Final{finalOf(first, second)},
			arrives(first, Inserted), comesBack(2, second, Updated))
	}
	first := t.event()
	third := again(first, 3, "v3")
	t.tell("three times", []Final{finalOf(first, third)},
		arrives(first, Inserted), comesBack(1, again(first, 1, "v2"), Updated), comesBack(3, third, Updated))

	first = t.event()
	merged := again(first, 1, "v2")
	merged.PersonID = text(uuidV5("merged/" + first.PersonID.V))
	merged.PersonProperties = text(`{"email":"merged@example.com"}`)
	t.tell("with another person", []Final{finalOf(first, merged)},
		arrives(first, Inserted), comesBack(1, merged, Updated))
}

// tellMonthsOldRedelivery: a phone that was switched on again after months, and
// then once more. The row lands in a partition that nothing else touches today.
func tellMonthsOldRedelivery(t *teller) {
	for n := range int64(3) {
		first := t.event()
		first.Timestamp.V = max(first.Timestamp.V-(60+15*n)*day, t.cutover+(1+n)*hour)
		second := again(first, 3, "v2")
		t.tell("again after three hours", []Final{finalOf(first, second)},
			arrives(first, Inserted), comesBack(3, second, Updated))
	}
}

// tellChangedTimestamp: the same event with its time corrected. created_at of the
// first delivery that was merged stays, and so does the partition.
func tellChangedTimestamp(t *teller) {
	moved := func(name string, by int64) {
		first := t.event()
		second := again(first, 1, "v2")
		second.Timestamp.V += by
		if (first.Timestamp.V < t.cutover) != (second.Timestamp.V < t.cutover) {
			return // that is what the cases below are about
		}
		t.tell(name, []Final{finalOf(first, second)}, arrives(first, Inserted), comesBack(1, second, Updated))
	}
	moved("by seconds", -7*second)
	moved("to the day before", -day)
	moved("to the day after", day)

	before := t.event()
	before.Timestamp.V = t.cutover - 90*minute
	after := again(before, 1, "v2")
	after.Timestamp.V = t.cutover + 90*minute
	t.tell("from before the cutover to after it", []Final{finalOf(after, after)},
		arrives(before, BeforeCutover), comesBack(1, after, Inserted))

	after = t.event()
	after.Timestamp.V = t.cutover + 90*minute
	before = again(after, 1, "v2")
	before.Timestamp.V = t.cutover - 90*minute
	t.tell("from after the cutover to before it", []Final{finalOf(after, after)},
		arrives(after, Inserted), comesBack(1, before, BeforeCutover))

	tellTwoTimestampsAtOnce(t)
}

// tellTwoTimestampsAtOnce puts both into one window, where nothing says which was
// merged first: there must be one row, on either day.
func tellTwoTimestampsAtOnce(t *teller) {
	first := t.event()
	second := marked(first, "v2")
	second.Timestamp.V += day
	second.InsertedAt.V += minute
	final := finalOf(second, second)
	final.CreatedAt = time.Time{}
	t.tell("two days in one window", []Final{final},
		arrives(first, Older).orElse(Inserted), arrives(second, Inserted).orElse(Updated))
}

// tellExactReplay: a window that holds rows of an earlier one once more.
func tellExactReplay(t *teller) {
	for range 3 {
		row := t.event()
		t.tell("the same bytes", []Final{finalOf(row, row)},
			arrives(row, Inserted), comesBack(1, row, Unchanged))
	}
	row := t.event()
	t.tell("the same content, taken in anew", []Final{finalOf(row, row)},
		arrives(row, Inserted), comesBack(1, again(row, 1, "v1"), Unchanged).orElse(Updated))
}

// tellOlderContentLater: a later window brings what was stored earlier. It must
// not undo what is newer.
func tellOlderContentLater(t *teller) {
	for range 2 {
		row := t.event()
		older := marked(row, "v0")
		older.InsertedAt.V -= 5 * minute
		t.tell("stored five minutes earlier", []Final{finalOf(row, row)},
			arrives(row, Inserted), comesBack(1, older, Older))
	}
	row := t.event()
	older := marked(row, "v0")
	older.InsertedAt = Micros{}
	t.tell("not known when it was stored", []Final{finalOf(row, row)},
		arrives(row, Inserted), comesBack(1, older, Older))
}

// tellDuplicateRows: one event more than once in one file.
func tellDuplicateRows(t *teller) {
	row := t.event()
	t.tell("equal rows", []Final{finalOf(row, row)},
		arrives(row, Inserted).orElse(Unchanged), arrives(row, Inserted).orElse(Unchanged), arrives(row, Inserted).orElse(Unchanged))

	row = t.event()
	newer := marked(row, "v2")
	newer.InsertedAt.V += minute
	t.tell("two versions", []Final{finalOf(row, newer)}, arrives(row, Older), arrives(newer, Inserted))

	row = t.event()
	unknown := marked(row, "v0")
	unknown.InsertedAt = Micros{}
	t.tell("one without _inserted_at", []Final{finalOf(row, row)}, arrives(row, Inserted), arrives(unknown, Older))

	row = t.event()
	other := marked(row, "v2")
	t.tell("two versions of one instant", []Final{finalOf(row, row), finalOf(row, other)},
		arrives(row, Inserted).orElse(Older), arrives(other, Inserted).orElse(Older))
}
