package e2e

import (
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func (r *recorder) check(tests ...string) client.WorkflowRun {
	r.t.Helper()
	return r.oneOff(workflows.CheckAction+"-by-hand", workflows.CheckTracks, workflows.CheckInput{Tests: tests})
}

// checks records runs of the data tests: tracks in order, with an event that was
// refused, with rows twice, and a run that cannot reach the warehouse.
func (r *recorder) checks() {
	w := hour(r.t, 0)
	r.export(w, ordinary(1))
	r.load(w)
	tests := []string{"tracks_event_id_unique", "tracks_keys_drift", "tracks_collisions"}
	r.keep(r.over(r.check(tests...)), "passed")
	r.keep(r.over(r.check("no_such_test")), "refused")
	r.keep(r.over(r.oneOff(workflows.CheckAction+"-by-hand", workflows.CheckTracks, workflows.CheckInput{Tags: []string{"none"}})), "no-such-tag")

	r.change(`INSERT INTO posthog.merge_rejects 
		SELECT window_start, source_object, source_generation, 1, event_id, 'collision', NULL, '{}' FROM posthog.raw_tracks LIMIT 1`)
	r.keep(r.over(r.check(tests...)), "warned")
	r.double()
	r.keep(r.over(r.check(tests...)), "failed")

	letGo, err := r.HoldWarehouse(r.ctx)
	require.NoError(r.t, err)
	run := r.check(tests...)
	r.eventually("a test finds the file held", func() bool {
		return r.failing(run.GetID(), contract.RunTest) == contract.ErrWarehouseHeld
	})
	r.cancel(run)
	r.keep(r.over(run), "cancelled")
	require.NoError(r.t, letGo())
}
