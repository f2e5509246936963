package e2e

import (
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func (r *recorder) verifyKeys(in workflows.KeysVerifyInput) client.WorkflowRun {
	r.t.Helper()
	return r.oneOff(workflows.KeysVerifyID, workflows.KeysVerify, in)
}

func (r *recorder) keys() {
	w := hour(r.t, 0)
	r.export(w, ordinary(1))
	r.load(w)
	r.keep(r.over(r.verifyKeys(workflows.KeysVerifyInput{})), "agree")
	r.keep(r.over(r.verifyKeys(workflows.KeysVerifyInput{From: "yesterday"})), "refused")
	r.keep(r.over(r.rebuildKeys(workflows.KeysRebuildInput{SliceRows: -1})), "refused")
	r.keep(r.over(r.rebuildKeys(workflows.KeysRebuildInput{Discard: true})), "discarded")

	r.change(`DELETE FROM posthog.tracks_keys WHERE event_id = (SELECT MIN(event_id) FROM posthog.tracks_keys)`)
	r.keep(r.over(r.verifyKeys(workflows.KeysVerifyInput{})), "differ")
	r.keep(r.over(r.rebuildKeys(workflows.KeysRebuildInput{SliceRows: 20})), "rebuilt")
	r.keepID(harness.Writer, "", "keys")

	release := r.holdLock()
	defer release()
	run := r.rebuildKeys(workflows.KeysRebuildInput{})
	r.awaitsTurn(run)
	r.cancel(run)
	r.keep(r.over(run), "cancelled-waiting-for-turn")
}
