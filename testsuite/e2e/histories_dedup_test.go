package e2e

import (
	"fmt"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// double puts every row of tracks there again, a second later, as no part of the
// product would.
func (r *recorder) double() {
	r.t.Helper()
	r.change(`INSERT INTO posthog.tracks SELECT * REPLACE (created_at + INTERVAL 1 SECOND AS created_at) FROM posthog.tracks`)
}

func (r *recorder) dedup(in workflows.DedupInput) client.WorkflowRun {
	r.t.Helper()
	return r.oneOff(workflows.DedupID, workflows.DedupTracks, in)
}

// comesTo waits until a dedup is in a state, and returns how many rows it plans to remove.
func (r *recorder) comesTo(run client.WorkflowRun, state workflows.DedupState) (excess int64) {
	r.t.Helper()
	r.eventually("the dedup is "+string(state), func() bool {
		answer, err := r.Temporal.QueryWorkflow(r.ctx, run.GetID(), run.GetRunID(), workflows.ProgressQuery)
		if err != nil {
			return false
		}
		var result workflows.DedupResult
		require.NoError(r.t, answer.Get(&result))
		if result.Plan != nil {
			excess = result.Plan.Excess.Total()
		}
		return result.State == state
	})
	return excess
}

// dedupID is the id that a dedup is taken back by.
func (r *recorder) dedupID(run client.WorkflowRun) string {
	r.t.Helper()
	answer, err := r.Temporal.QueryWorkflow(r.ctx, run.GetID(), run.GetRunID(), workflows.ProgressQuery)
	require.NoError(r.t, err)
	var result workflows.DedupResult
	require.NoError(r.t, answer.Get(&result))
	return result.ID
}

// approved is a dedup that has been done and can be taken back.
func (r *recorder) approved() client.WorkflowRun {
	r.t.Helper()
	run := r.dedup(workflows.DedupInput{})
	excess := r.comesTo(run, workflows.DedupPlanned)
	require.Error(r.t, r.update(run, workflows.ApproveUpdate, workflows.Approval{Excess: excess + 1}))
	require.NoError(r.t, r.update(run, workflows.ApproveUpdate, workflows.Approval{Excess: excess}))
	r.comesTo(run, workflows.DedupApplied)
	return run
}

func (r *recorder) dedups() {
	w := hour(r.t, 0)
	r.export(w, ordinary(1))
	r.load(w)
	r.keep(r.over(r.dedup(workflows.DedupInput{})), "nothing-to-do")
	r.keep(r.over(r.dedup(workflows.DedupInput{KeepHours: -1})), "refused")

	r.double()
	r.keep(r.over(r.dedup(workflows.DedupInput{PlanOnly: true})), "plan-only")
	run := r.dedup(workflows.DedupInput{})
	r.comesTo(run, workflows.DedupPlanned)
	require.NoError(r.t, r.update(run, workflows.RejectUpdate, workflows.Because{Reason: "a test"}))
	r.keep(r.over(run), "rejected")

	run = r.approved()
	r.keepID(harness.Writer, "", "dedup")
	require.NoError(r.t, r.update(run, workflows.RollbackUpdate, workflows.Because{Reason: "a test"}))
	r.keep(r.over(run), "taken-back")
	r.keepID(harness.Writer, "", "dedup-rollback")

	run = r.approved()
	require.NoError(r.t, r.update(run, workflows.ReleaseUpdate, workflows.Because{Reason: "a test"}))
	r.keep(r.over(run), "released")

	r.double()
	run = r.approved()
	r.cancel(run)
	r.keep(r.over(run), "cancelled")
	r.keep(r.over(r.dedup(workflows.DedupInput{Rollback: r.dedupID(run)})), "taken-back-later")
	r.disturbedDedups()
	r.undecidedDedup()
	r.unverifiedDedup()
}

// undecidedDedup records a dedup that is cancelled while its plan waits for somebody.
func (r *recorder) undecidedDedup() {
	run := r.dedup(workflows.DedupInput{})
	r.comesTo(run, workflows.DedupPlanned)
	r.cancel(run)
	r.keep(r.over(run), "cancelled-unapproved")
}

// unverifiedDedup records a dedup whose check finds tracks changed after the swap. For
// that it is told, while it waits for its turn, that its swap was done long ago: by
// the entry of an earlier dedup, copied under its id.
func (r *recorder) unverifiedDedup() {
	earlier := r.approved()
	r.cancel(earlier)
	r.ends(earlier)
	r.double()
	release := r.holdLock()
	run := r.dedup(workflows.DedupInput{})
	excess := r.comesTo(run, workflows.DedupPlanned)
	require.NoError(r.t, r.update(run, workflows.ApproveUpdate, workflows.Approval{Excess: excess}))
	r.awaitsTurn(run)
	r.change(fmt.Sprintf(`INSERT INTO posthog.tracks_dedups SELECT * REPLACE ('%s' AS dedup_id, NULL AS verified_at, NULL AS rolled_back_at, NULL AS dropped_at)
		FROM posthog.tracks_dedups WHERE dedup_id = '%s'`, r.dedupID(run), r.dedupID(earlier)))
	release()
	r.comesTo(run, workflows.DedupApplied)
	r.keepID(harness.Writer, "", "dedup-unverified")
	require.NoError(r.t, r.update(run, workflows.ReleaseUpdate, workflows.Because{Reason: "a test"}))
	r.fails(run, contract.ErrDedupUnverified)
	r.keep(run, "unverified")
}

// disturbedDedups records a dedup of a table that moved after it was planned, and one
// whose writer is terminated.
func (r *recorder) disturbedDedups() {
	run := r.dedup(workflows.DedupInput{})
	excess := r.comesTo(run, workflows.DedupPlanned)
	r.double()
	require.NoError(r.t, r.update(run, workflows.ApproveUpdate, workflows.Approval{Excess: excess}))
	r.eventually("it is planned again", func() bool { return r.comesTo(run, workflows.DedupPlanned) > excess })
	r.keepID(harness.Writer, "", "dedup-refused")
	require.NoError(r.t, r.update(run, workflows.RejectUpdate, workflows.Because{Reason: "a test"}))
	r.keep(r.over(run), "planned-again")

	run, letGo := r.writeHangs(func() client.WorkflowRun {
		run := r.dedup(workflows.DedupInput{})
		excess := r.comesTo(run, workflows.DedupPlanned)
		require.NoError(r.t, r.update(run, workflows.ApproveUpdate, workflows.Approval{Excess: excess}))
		return run
	})
	require.NoError(r.t, r.Temporal.TerminateWorkflow(r.ctx, harness.Writer, "", "by a test"))
	letGo()
	r.keep(r.over(run), "writer-terminated")
}
