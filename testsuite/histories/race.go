package histories

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/posthog-tracks/posthog-tracks/testsuite/oracle"
)

// How a writer gives way to another: it changes nothing.
const (
	moved      = "tracks has moved"
	rebuilding = "keys are being rebuilt"
)

// race does two steps at once. The outcome must be that of one after the other, part
// by part, or of one alone when the other gave way to it and says so.
func (p *player) race(ctx context.Context, steps []Step) error {
	var acts [2]act
	var answers [2]string
	var err error
	for i := range acts {
		if acts[i], err = p.act(ctx, steps[i]); err != nil {
			return err
		}
	}
	ended := make(chan error, len(acts))
	for i := range acts {
		go func() {
			var err error
			answers[i], err = acts[i].do(ctx, p.process.Warehouse())
			ended <- err
		}()
	}
	if err := errors.Join(<-ended, <-ended); err != nil {
		return err
	}
	tables, err := p.read(ctx)
	if err != nil {
		return err
	}
	for i := range acts {
		if p.mayYield(answers[i], acts[1-i]) {
			acts[i].tells = []part{func(*oracle.World) string { return answers[i] }}
		}
	}
	var differences []error
	for order := range orders(len(acts[0].tells), len(acts[1].tells)) {
		world := p.world.Clone()
		difference := compare(strings.Join(answers[:], "; "), tellIn(order, acts, world), world, tables)
		if difference == nil {
			p.world = world
			return nil
		}
		differences = append(differences, difference)
	}
	return fmt.Errorf("neither one after the other nor the other way round: %w", errors.Join(differences...))
}

// mayYield reports whether an answer gives way to another act for a reason: keys that
// it rebuilds, or rows of tracks that it changes.
func (p *player) mayYield(answer string, other act) bool {
	switch answer {
	case rebuilding:
		return other.rebuilds
	case moved:
		world := p.world.Clone()
		other.tell(world)
		return !slices.Equal(rowsOf(p.world), rowsOf(world))
	default:
		return false
	}
}

func rowsOf(world *oracle.World) []string {
	return slices.DeleteFunc(world.Tables(), func(line string) bool { return !strings.HasPrefix(line, "tracks|") })
}

// orders are the ways to do the parts of two acts, each in its own order: whose turn it
// is, by number.
func orders(first, second int) func(yield func([]int) bool) {
	return func(yield func([]int) bool) {
		var choose func(order []int, left [2]int) bool
		choose = func(order []int, left [2]int) bool {
			if left == [2]int{} {
				return yield(order)
			}
			for i := range left {
				if left[i] == 0 {
					continue
				}
				less := left
				less[i]--
				if !choose(append(slices.Clip(order), i), less) {
					return false
				}
			}
			return true
		}
		choose(nil, [2]int{first, second})
	}
}

// tellIn does the parts of acts in an order, and joins what they answer.
func tellIn(order []int, acts [2]act, world *oracle.World) string {
	var told [2][]string
	for _, i := range order {
		told[i] = append(told[i], acts[i].tells[len(told[i])](world))
	}
	return strings.Join(told[0], ", ") + "; " + strings.Join(told[1], ", ")
}
