package workflows

import "go.temporal.io/sdk/workflow"

// Gates: what runs do since a day, and runs from before it do without. A gate is
// removed once no run from before it can be alive; see docs/patterns.md.

// testsAfterMerge: hours run the cheap data tests after their merge (2026-11-25, so
// that a broken hour is told of within the hour).
func testsAfterMerge(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "tests-after-merge", workflow.DefaultVersion, 1) == 1
}
