package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/keys"
)

// keysWrite rebuilds tracks_keys, slice by slice, under one hold of the lock: a merge
// between two slices would leave its keys out.
type keysWrite struct{ contract.RebuildKeysInput }

func (k keysWrite) what() string {
	if k.Discard {
		return "throwing an unfinished rebuild of the keys away"
	}
	return "rebuild of the keys"
}

func (k keysWrite) complete() bool { return k.RebuildID != "" && k.SliceRows >= 0 }

func (k keysWrite) run(ctx workflow.Context, w *writing) error {
	if k.Discard {
		w.result.Keys = &keys.Rebuilt{Discarded: true}
		return w.do(ctx, k.what(), contract.DiscardKeys, nil, nil)
	}
	var plan keys.Plan
	if err := w.do(ctx, "planning slices", contract.PlanKeys,
		keys.PlanRequest{RebuildID: k.RebuildID, SliceRows: k.SliceRows}, &plan); err != nil {
		return err
	}
	done := plan.Done()
	if done > 0 {
		w.note(ctx, fmt.Sprintf("goes on with rebuild %s, of which %d slices are done", plan.RebuildID, done))
	}
	for _, slice := range plan.Slices {
		if slice.Done {
			continue
		}
		w.parts(ctx, done, len(plan.Slices))
		if err := w.do(ctx, slice.String(), contract.BuildKeys,
			contract.BuildKeysInput{RebuildID: plan.RebuildID, Slice: slice.Number}, nil); err != nil {
			return err
		}
		done++
	}
	w.parts(ctx, done, len(plan.Slices))
	w.result.Keys = &keys.Rebuilt{}
	return w.do(ctx, "swapping the tables", contract.SwapKeys, contract.SwapKeysInput{RebuildID: plan.RebuildID}, w.result.Keys)
}
