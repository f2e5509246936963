package sample

import (
	"math/rand/v2"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// fate is what a Retry run does to the ordinary event in a slot of the live run.
type fate int

const (
	kept fate = iota
	dropped
	changed
	fresh // not in the live run
)

// period is the number of slots after which fates repeat: 4 % are dropped and 4 %
// changed, in exports of twelve events and more.
const period = 25

func (s *source) fate(slot int) fate {
	switch {
	case slot >= s.options.Events:
		return fresh
	case slot%period == 3:
		return dropped
	case slot%period == 11:
		return changed
	default:
		return kept
	}
}

// added is how many events a Retry run holds that the live run lacked.
func added(events int) int { return (events + 39) / 40 }

// ordinary returns the ordinary event in a slot as the run has it, and whether it
// has it at all.
func (s *source) ordinary(slot int) (Row, bool) {
	row := s.event(slot)
	switch s.options.Run {
	case Retry:
		return s.retried(slot, row)
	case LateRetry:
		row.InsertedAt = row.Timestamp
		at := when(row.Timestamp)
		return row, !at.Before(s.window.Start()) && at.Before(s.window.End())
	case Live:
	}
	if s.options.Traps.Has(OverwrittenHour) {
		switch s.fate(slot) {
		case dropped:
			s.overwritten(&row, "the retry drops it", Inserted, finalOf(row, row))
		case changed:
			s.overwritten(&row, "the retry changes it", Inserted, finalOf(row, row))
		case kept, fresh:
		}
	}
	return row, true
}

func (s *source) retried(slot int, row Row) (Row, bool) {
	switch s.fate(slot) {
	case dropped:
		return row, false
	case changed:
		newer := marked(row, "v2")
		end := s.window.End().UnixMicro()
		newer.InsertedAt.V += (end - row.InsertedAt.V) / 2
		s.overwritten(&newer, "changed since the live run", Updated, finalOf(row, newer))
		return newer, true
	case fresh:
		row = marked(row, "v1")
		s.overwritten(&row, "not in the live run", Inserted, finalOf(row, row))
		return row, true
	case kept:
	}
	return row, true
}

// overwritten attaches the truth of an event that a Retry run treats differently.
// The outcome is the one of this run when the live run was merged before it.
func (s *source) overwritten(row *Row, name string, outcome Outcome, final Final) {
	finals := []Final{final}
	if row.Timestamp.V < s.cutover {
		outcome, finals = BeforeCutover, nil
	}
	row.Trap = OverwrittenHour
	row.truth = &Truth{
		Trap: OverwrittenHour, Case: name, Window: s.window, UUID: row.UUID, EventID: row.UUID.V, Marker: row.Marker,
		Outcome: outcome, Finals: finals, Deliveries: []window.Window{s.window},
	}
}

// order is the random numbers behind the order of the run's rows.
func (s *source) order() *rand.Rand {
	return stream(key(s.g.seed, topicOrder, windowKey(s.window), uint64(len(s.options.Run))))
}
