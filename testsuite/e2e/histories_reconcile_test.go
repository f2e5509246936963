package e2e

import (
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func (r *recorder) reconcile(in workflows.ReconcileInput) client.WorkflowRun {
	r.t.Helper()
	return r.oneOff(workflows.ReconcileAction+"-by-hand", workflows.ReconcileExports, in)
}

func (r *recorder) reconciliations() {
	day := workflows.ReconcileInput{Days: 1, Action: contract.ActionReload}
	r.keep(r.over(r.reconcile(day)), "nothing-found")
	r.keep(r.over(r.reconcile(workflows.ReconcileInput{Days: -1})), "refused")

	late := window.Before(time.Now().Add(-5 * time.Hour))
	r.export(late, ordinary(1))
	r.keep(r.over(r.reconcile(workflows.ReconcileInput{Days: 1, Action: contract.ActionReport})), "reported")
	r.keep(r.over(r.reconcile(day)), "reloaded")

	r.export(late, ordinary(2))
	release := r.holdLock()
	run := r.reconcile(day)
	r.eventually("the hour waits for its turn", func() bool {
		return strings.HasPrefix(r.step(r.Temporal.GetWorkflow(r.ctx, workflows.HourlyID(late), "")), workflows.WaitingForTurn)
	})
	other := r.oneOff("reconcile-beside", workflows.ReconcileExports, day)
	r.eventually("the other run waits for the reload", func() bool {
		return strings.HasPrefix(r.step(other), "waiting for another reload")
	})
	r.cancel(run)
	r.keep(r.over(run), "cancelled")
	release()
	r.keep(r.over(other), "waited-for-reload")
}
