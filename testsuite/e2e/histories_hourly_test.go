package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/activity/v1"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack/fakegcs"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func (r *recorder) hours() {
	plain := hour(r.t, 0)
	r.export(plain, inParts(1))
	r.keep(r.over(r.start(workflows.HourlyInput{Window: plain})), "plain")
	r.keepID(harness.Writer, "", "merge")
	r.keep(r.over(r.start(workflows.HourlyInput{Window: plain, DryRun: true})), "dry-run")

	scheduled := hour(r.t, 1)
	r.export(scheduled, ordinary(1))
	_, err := r.Starter(r.ctx, "schedules", "apply")
	require.NoError(r.t, err)
	require.NoError(r.t, r.Backfill(r.ctx, []window.Window{scheduled}, enums.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL))
	_, err = r.Await(r.ctx, scheduled)
	require.NoError(r.t, err)
	r.keepID(harness.RunID(scheduled), "", "scheduled")

	r.keep(r.over(r.start(workflows.HourlyInput{Window: hour(r.t, 2)})), "missing")
	r.keep(r.over(r.start(workflows.HourlyInput{Window: hour(r.t, 2), WhenMissing: contract.MissingIsEmpty})), "empty")
	r.keep(r.over(r.start(workflows.HourlyInput{Window: window.Before(time.Now().Add(24 * time.Hour))})), "refused")

	rejects := hour(r.t, 3)
	r.export(rejects, sample.Options{Seed: 1, Events: 20, Traps: sample.Traps{sample.MalformedUUID}})
	r.keep(r.over(r.start(workflows.HourlyInput{Window: rejects})), "too-many-rejects")

	corrupt := hour(r.t, 4)
	export := r.export(corrupt, inParts(2))
	part := export.Objects[1]
	r.put(part.Name, part.Content[:len(part.Content)/2], part.Updated)
	r.keep(r.over(r.start(workflows.HourlyInput{Window: corrupt})), "corrupt")
	r.complaints()
}

// complaints records an hour that is merged although a data test fails, because of
// another hour, and one that cannot be merged.
func (r *recorder) complaints() {
	told := window.Before(time.Now().Add(-6 * time.Hour))
	r.export(told, ordinary(1))
	r.load(told)
	r.change(`DELETE FROM posthog.raw_tracks WHERE window_start > now() - INTERVAL 1 DAY`)
	merged := hour(r.t, 5)
	r.export(merged, ordinary(1))
	r.keep(r.over(r.start(workflows.HourlyInput{Window: merged})), "tests-complain")

	r.change(`DELETE FROM posthog.tracks_keys`)
	unmerged := hour(r.t, 6)
	r.export(unmerged, ordinary(1))
	r.keep(r.over(r.start(workflows.HourlyInput{Window: unmerged})), "merge-fails")
	r.keepID(harness.Writer, "", "merge-fails")
	r.keep(r.over(r.oneOff(harness.Writer, workflows.WriteTracks, workflows.WriteInput{})), "refused")
}

// stale records an hour that is merged and stale all the same.
func (r *recorder) stale() {
	w := hour(r.t, 0)
	r.export(w, ordinary(1))
	r.keep(r.over(r.start(workflows.HourlyInput{Window: w})), "stale")
}

// untestable records an hour that is merged and whose data tests cannot be planned:
// what is declared is more than a history takes, and somebody ends the attempts at it.
func (r *recorder) untestable() {
	w := hour(r.t, 0)
	r.export(w, ordinary(1))
	run := r.start(workflows.HourlyInput{Window: w})
	r.eventually("the plan fails", func() bool { return r.failing(run.GetID(), contract.PlanTests) != "" })
	_, err := r.Temporal.WorkflowService().UpdateActivityOptions(r.ctx, &workflowservice.UpdateActivityOptionsRequest{
		Namespace: r.TemporalNamespace, Execution: &common.WorkflowExecution{WorkflowId: run.GetID()},
		Activity:        &workflowservice.UpdateActivityOptionsRequest_Type{Type: contract.PlanTests},
		ActivityOptions: &activity.ActivityOptions{RetryPolicy: &common.RetryPolicy{MaximumAttempts: 1}},
		UpdateMask:      &fieldmaskpb.FieldMask{Paths: []string{"retry_policy.maximum_attempts"}},
	})
	require.NoError(r.t, err)
	result := r.result(run)
	assert.Contains(r.t, strings.Join(result.Notes, "\n"), "the data tests could not be run")
	r.keepID(harness.RunID(w), "", "tests-unplanned")
}

// longWinded declares a data test of the hour whose description is 3 MB long.
func longWinded(o *harness.Options) {
	file := filepath.Join(o.Dir, "tests.yaml")
	test := "{name: long, kind: keys_drift, tags: [hourly], max_bytes: 1 GB, description: " + strings.Repeat("long ", 600_000) + "}"
	if err := os.WriteFile(file, []byte("tests: ["+test+"]"), 0o600); err != nil {
		panic(err)
	}
	set("TRACKS_CHECKS_FILE=" + file)(o)
}

// unsettled records an hour one of whose parts never appears.
func (r *recorder) unsettled() {
	w := hour(r.t, 0)
	part := r.export(w, inParts(1)).Objects[1]
	require.NoError(r.t, r.Storage.DeleteObject(r.ctx, harness.Bucket, part.Name))
	r.keep(r.over(r.start(workflows.HourlyInput{Window: w})), "unsettled")
}

// moving records hours whose object is overwritten before it is read: once, and each
// time that the run looks again.
func (r *recorder) moving() {
	for n, path := range []string{"looked-again", "gone"} {
		w := hour(r.t, n)
		object := r.export(w, ordinary(1)).Objects[0]
		times := []int{1, 5}[n]
		for range times {
			r.Stack.Storage.Faults.Inject(fakegcs.Fault{On: fakegcs.Download, Object: object.Name, Times: 1, Effect: during(func() {
				r.put(object.Name, object.Content, object.Updated)
			})})
		}
		r.keep(r.over(r.start(workflows.HourlyInput{Window: w})), path)
	}
}

// cancelledHours records runs that are cancelled where they hang, and the run that
// finds what one of them left unmerged.
func (r *recorder) cancelledHours() {
	waits := r.start(workflows.HourlyInput{Window: window.Before(time.Now())})
	r.eventually("the run waits", func() bool {
		return r.failing(waits.GetID(), contract.AwaitExport) == contract.ErrExportNotReady
	})
	r.cancel(waits)
	r.keep(r.over(waits), "cancelled-awaiting")

	stages := hour(r.t, 0)
	object := r.export(stages, ordinary(1)).Objects[0]
	injected := r.Stack.Storage.Faults.Inject(fakegcs.Fault{On: fakegcs.Download, Object: object.Name, Effect: fakegcs.Delay(time.Hour)})
	run := r.start(workflows.HourlyInput{Window: stages})
	r.eventually("the download begins", func() bool { return injected.Hits() > 0 })
	r.cancel(run)
	r.keep(r.over(run), "cancelled-staging")

	merges := hour(r.t, 1)
	r.export(merges, overwritten(sample.Live))
	run, release := r.mergeHangs(merges)
	r.cancel(run)
	r.keep(r.over(run), "cancelled-merging")
	r.eventually("the writer ends", r.lockIsFree)
	r.keepID(harness.Writer, "", "merge-cancelled")
	release()
	r.export(merges, overwritten(sample.Retry))
	r.keep(r.over(r.start(workflows.HourlyInput{Window: merges})), "overwritten-unmerged")
}

// turns records runs that wait for another writer: until it is done, until they are
// cancelled, and one whose own writer is terminated.
func (r *recorder) turns() {
	w := hour(r.t, 0)
	r.export(w, ordinary(1))
	release := r.holdLock()
	gives := r.start(workflows.HourlyInput{Window: w})
	r.awaitsTurn(gives)
	r.cancel(gives)
	r.keep(r.over(gives), "cancelled-waiting-for-turn")
	waits := r.start(workflows.HourlyInput{Window: w})
	r.awaitsTurn(waits)
	release()
	r.keep(r.over(waits), "waited-for-turn")

	terminated := hour(r.t, 1)
	r.export(terminated, ordinary(1))
	run, letGo := r.mergeHangs(terminated)
	require.NoError(r.t, r.Temporal.TerminateWorkflow(r.ctx, harness.Writer, "", "by a test"))
	r.keep(r.over(run), "writer-terminated")
	letGo()
}
