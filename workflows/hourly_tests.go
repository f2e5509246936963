package workflows

import (
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
)

// HourlyTag marks the data tests that are cheap enough to run after every merge.
const HourlyTag = "hourly"

// test runs the cheap data tests after the merge. What they find is noted and told as
// an incident, and fails no hour: it may be about another one, and this one is merged.
func (h *hourly) test(ctx workflow.Context) error {
	if !testsAfterMerge(ctx) {
		return nil
	}
	h.at(ctx, "running data tests")
	tests := testRun{settings: h.settings, noted: func(workflow.Context, int, []datatest.Result) {}}
	done, err := tests.run(ctx, contract.PlanTestsInput{Tags: []string{HourlyTag}})
	if temporal.IsCanceledError(err) {
		return err
	}
	if err != nil {
		_, why := reason(err)
		h.note(ctx, "the data tests could not be run: "+why)
		return nil
	}
	for _, r := range done.Results {
		if r.Status.Bad() {
			h.note(ctx, fmt.Sprintf("data test %s: %s, %s", r.Test, r.Status, r.Message))
		}
	}
	return nil
}
