package e2e

import (
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// legacy puts history of a few events a day into backfill_tracks, made from the
// events of an hour.
const legacy = `INSERT INTO posthog.backfill_tracks
	SELECT * EXCLUDE (day) REPLACE (CAST(uuid() AS VARCHAR) AS event_id, created_at - to_days(100 + CAST(day AS INTEGER)) AS created_at)
	FROM (SELECT * FROM posthog.tracks LIMIT 5) CROSS JOIN range(70) AS days(day)`

func (r *recorder) backfill(in workflows.BackfillInput) client.WorkflowRun {
	r.t.Helper()
	return r.oneOff(workflows.BackfillID, workflows.BackfillTracks, in)
}

func (r *recorder) backfills() {
	w := hour(r.t, 0)
	r.export(w, ordinary(1))
	r.load(w)
	r.change(legacy)
	really := func() workflows.BackfillInput { no := false; return workflows.BackfillInput{DryRun: &no} }
	few := really()
	few.From, few.To = window.Day("2026-03-01"), window.Day("2026-03-04")
	dry := few
	dry.DryRun = nil
	r.keep(r.over(r.backfill(dry)), "dry-run")
	refused := few
	refused.Days = []window.Day{"2026-03-01"}
	r.keep(r.over(r.backfill(refused)), "refused")

	release := r.holdLock()
	run := r.backfill(few)
	r.awaitsTurn(run)
	require.NoError(r.t, r.update(run, workflows.PauseUpdate, workflows.Because{Reason: "a test"}))
	require.Error(r.t, r.update(run, workflows.RetryUpdate, workflows.Retry{}))
	require.NoError(r.t, r.update(run, workflows.ResumeUpdate))
	r.cancel(run)
	r.keep(r.over(run), "cancelled")
	release()

	run, letGo := r.writeHangs(func() client.WorkflowRun { return r.backfill(few) })
	require.NoError(r.t, r.Temporal.TerminateWorkflow(r.ctx, harness.Writer, "", "by a test"))
	letGo()
	r.keep(r.over(run), "a-day-fails")
	r.keep(r.over(r.backfill(few)), "the-rest")
	r.keep(r.over(r.backfill(few)), "nothing-to-do")

	r.keep(r.over(r.backfill(really())), "first-chapter")
	r.keep(r.over(r.Temporal.GetWorkflow(r.ctx, workflows.BackfillID, "")), "last-chapter")
	r.keepID(harness.Writer, "", "backfill")
}
