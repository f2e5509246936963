package sample

import (
	"iter"
	"slices"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// source is where the rows of one export come from, in the order of the file.
type source struct {
	g       *generator
	window  window.Window
	options *Options
	cutover int64
	traps   []Row
}

func newSource(w window.Window, o *Options) *source {
	s := &source{g: &generator{seed: o.Seed}, window: w, options: o, cutover: o.Cutover.UnixMicro()}
	if o.Run == LateRetry {
		return s
	}
	for i := range tales {
		if o.Traps.Has(tales[i].trap) {
			s.traps = append(s.traps, s.g.rows(&tales[i], w, s.cutover)...)
		}
	}
	rng := s.order()
	rng.Shuffle(len(s.traps), func(i, j int) { s.traps[i], s.traps[j] = s.traps[j], s.traps[i] })
	return s
}

// slots is how many places the ordinary events of the run have. Some places of a
// Retry or LateRetry stay empty.
func (s *source) slots() int {
	if s.options.Run == Retry {
		return s.options.Events + added(s.options.Events)
	}
	return s.options.Events
}

// size is how many rows there are at most.
func (s *source) size() int { return s.slots() + len(s.traps) }

// rows yields every row once, in an order that is as arbitrary as PostHog's and
// another one for each run.
func (s *source) rows() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		rng := s.order()
		at := make([]int, len(s.traps)) // the places before which trap rows stand
		for i := range at {
			at[i] = rng.IntN(s.slots() + 1)
		}
		slices.Sort(at)
		traps := s.traps
		slot := permutation(s.slots(), rng.Uint64())
		for i := range s.slots() + 1 {
			for len(traps) > 0 && at[len(at)-len(traps)] == i {
				if !yield(traps[0]) {
					return
				}
				traps = traps[1:]
			}
			if i == s.slots() {
				return
			}
			if row, ok := s.ordinary(slot(i)); ok && !yield(row) {
				return
			}
		}
	}
}

// event makes the ordinary event of a slot, as the live run holds it.
func (s *source) event(slot int) Row {
	return s.g.event(s.window, key(s.g.seed, topicEvent, windowKey(s.window), uint64(slot))) //nolint:gosec // never negative
}

// permutation returns a function from 0..n-1 onto itself.
func permutation(n int, noise uint64) func(int) int {
	if n < 2 {
		return func(i int) int { return i }
	}
	size := uint64(n)
	step := noise%size | 1
	for gcd(step, size) != 1 {
		step += 2
	}
	start := noise >> 32 % size
	return func(i int) int { return int((start + uint64(i)*step) % size) } //nolint:gosec // below n
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
