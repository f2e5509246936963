//go:build chromium

package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/testsuite/legacy"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// onCall does what the runbook says, in the UI of a running system.
type onCall struct {
	*harness.Rig
	*temporalUI
	book

	t      *testing.T
	ctx    context.Context //nolint:containedctx // the test's, with a deadline
	worker *harness.Worker
}

// takeUp starts the system, with an hour of exports that nobody has loaded and a few days
// of legacy history.
func takeUp(t *testing.T) *onCall {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*patience)
	t.Cleanup(cancel)
	dir := t.TempDir()
	binaries, err := harness.Build(ctx, dir)
	require.NoError(t, err)
	rig, err := harness.Start(ctx, harness.Options{
		Dir: dir, Binaries: binaries, Heartbeat: 2 * time.Second,
		Environment: []string{"TRACKS_WRITE_POLL=100ms", "TRACKS_WRITE_MAX_POLL=1s", "TRACKS_EXPORT_CONFIRM=100ms", "TRACKS_EXPORT_POLL=500ms"},
	})
	require.NoError(t, err)
	o := &onCall{Rig: rig, book: book{toPaste(t)}, t: t, ctx: ctx}
	t.Cleanup(func() { assert.NoError(t, rig.Stop()) })
	for _, w := range harness.Hours(tenth(t), 5) {
		_, err := rig.Upload(ctx, w, sample.Options{Seed: 1, Events: 60})
		require.NoError(t, err)
	}
	require.NoError(t, legacy.Inherit(ctx, rig.WarehouseFile, 10, 100))
	o.startWorker()
	t.Cleanup(func() { assert.NoError(t, o.worker.Stop()) })
	o.change(`DELETE FROM posthog.backfill_tracks WHERE created_at < '2025-05-07'`)
	o.temporalUI = openUI(browser(t), t, rig.UIURL)
	return o
}

// tenth is the hour that the runbook's examples are about.
func tenth(t *testing.T) window.Window {
	t.Helper()
	w, err := window.Parse("2026-06-12T10")
	require.NoError(t, err)
	return w
}

func (o *onCall) startWorker() {
	o.t.Helper()
	running := o.Running()
	var err error
	o.worker, err = o.StartWorker()
	require.NoError(o.t, err)
	o.eventually("the worker runs", func() bool { return o.Running() > running })
}

func (o *onCall) eventually(what string, so func() bool) {
	o.t.Helper()
	require.Eventually(o.t, so, patience, 50*time.Millisecond, what)
}

// change runs a statement on the tables while no worker has them open.
func (o *onCall) change(statement string) {
	o.t.Helper()
	require.NoError(o.t, o.worker.Kill())
	require.NoError(o.t, o.Change(o.ctx, statement))
	o.startWorker()
}

// seedExcess copies rows of tracks, as many as the runbook's example removes.
func (o *onCall) seedExcess() {
	o.t.Helper()
	o.change(`INSERT INTO posthog.tracks SELECT t.* FROM (SELECT * FROM posthog.tracks LIMIT 2) AS t, range(617)`) //nolint:unqueryvet // a copy has them all
}

func (o *onCall) excess() string {
	o.t.Helper()
	rows, err := o.Query(o.ctx, `SELECT COUNT(*) - COUNT(DISTINCT event_id) FROM posthog.tracks`)
	require.NoError(o.t, err)
	return rows[0][0]
}

// begin starts a run in the UI and insists that it is the one that was asked for.
func (o *onCall) begin(p pasted) client.WorkflowRun {
	o.t.Helper()
	last := o.newest(p.id)
	o.start(p)
	o.eventually(p.kind+" is started", func() bool { return o.newest(p.id) != last })
	run := o.Temporal.GetWorkflow(o.ctx, p.id, o.newest(p.id))
	history, err := o.History(o.ctx, p.id, run.GetRunID())
	require.NoError(o.t, err)
	started := history[0].GetWorkflowExecutionStartedEventAttributes()
	assert.Equal(o.t, p.kind, started.GetWorkflowType().GetName())
	assert.Equal(o.t, p.queue, started.GetTaskQueue().GetName())
	o.given(p, started.GetInput())
	return run
}

// given insists that an input is what was pasted.
func (o *onCall) given(p pasted, input *commonpb.Payloads) {
	o.t.Helper()
	if p.json == "" {
		assert.Empty(o.t, input.GetPayloads())
		return
	}
	require.Len(o.t, input.GetPayloads(), 1)
	assert.Equal(o.t, "json/plain", string(input.GetPayloads()[0].GetMetadata()["encoding"]))
	assert.JSONEq(o.t, p.json, string(input.GetPayloads()[0].GetData()))
}

// again starts a run with an input that was tried in the UI already.
func (o *onCall) again(p pasted) client.WorkflowRun {
	o.t.Helper()
	run, err := o.Temporal.ExecuteWorkflow(o.ctx, client.StartWorkflowOptions{
		ID: p.id, TaskQueue: p.queue, WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, p.kind, json.RawMessage(p.json))
	require.NoError(o.t, err)
	return run
}

// newest is the run id of a workflow's newest run, empty when there is none.
func (o *onCall) newest(id string) string {
	answer, err := o.Temporal.DescribeWorkflowExecution(o.ctx, id, "")
	if err != nil {
		return ""
	}
	return answer.GetWorkflowExecutionInfo().GetExecution().GetRunId()
}

func (o *onCall) running(run client.WorkflowRun) bool {
	answer, err := o.Temporal.DescribeWorkflowExecution(o.ctx, run.GetID(), run.GetRunID())
	return err != nil || answer.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
}

// progress asks a workflow's newest run how far it is.
func (o *onCall) progress(id string, into any) bool {
	answer, err := o.Temporal.QueryWorkflow(o.ctx, id, "", workflows.ProgressQuery)
	return err == nil && answer.Get(into) == nil
}

func (o *onCall) waitsForApproval() {
	o.t.Helper()
	o.eventually("the plan waits for its approval", func() bool {
		var at workflows.DedupResult
		return o.progress(workflows.DedupID, &at) && at.Approve != nil && at.Approve.Excess == 1234
	})
}

func (o *onCall) failedDays(id string, days int) {
	o.t.Helper()
	o.eventually(fmt.Sprintf("%d days have failed", days), func() bool {
		var at workflows.BackfillProgress
		return o.progress(id, &at) && len(at.Failed) == days && at.Day == ""
	})
}

// updates sends an update in the UI. The run takes it with what was pasted, and does it.
// The dialog says so, unless the run ends with it.
func (o *onCall) updates(run client.WorkflowRun, p pasted) {
	o.t.Helper()
	last := o.updated(run, p.update)
	o.update(run.GetRunID(), p)
	o.eventually("the run does "+p.update, func() bool { return len(o.updated(run, p.update)) > len(last) })
	o.picture("update-" + p.update)
	done := o.updated(run, p.update)
	o.given(p, done[len(done)-1])
}

// updated are the inputs of an update that a run has done.
func (o *onCall) updated(run client.WorkflowRun, update string) (inputs []*commonpb.Payloads) {
	o.t.Helper()
	events, err := o.History(o.ctx, run.GetID(), run.GetRunID())
	require.NoError(o.t, err)
	accepted := make(map[int64]*commonpb.Payloads)
	for _, event := range events {
		if input := event.GetWorkflowExecutionUpdateAcceptedEventAttributes().GetAcceptedRequest().GetInput(); input.GetName() == update {
			accepted[event.GetEventId()] = input.GetArgs()
		}
		completed := event.GetWorkflowExecutionUpdateCompletedEventAttributes()
		if input, ok := accepted[completed.GetAcceptedEventId()]; ok && completed.GetOutcome().GetFailure() == nil {
			inputs = append(inputs, input)
		}
	}
	return inputs
}

// tell sends an update without the UI.
func (o *onCall) tell(run client.WorkflowRun, update string, in ...any) error {
	handle, err := o.Temporal.UpdateWorkflow(o.ctx, client.UpdateWorkflowOptions{
		WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: update, Args: in, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return err
	}
	return handle.Get(o.ctx, nil)
}

// holdLock keeps all others from writing tracks until it is released.
func (o *onCall) holdLock() (release func()) {
	o.t.Helper()
	run, err := o.Temporal.ExecuteWorkflow(o.ctx, client.StartWorkflowOptions{
		ID: harness.Writer, TaskQueue: "nobody", WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, "Nobody")
	require.NoError(o.t, err)
	return func() {
		require.NoError(o.t, o.Temporal.TerminateWorkflow(o.ctx, run.GetID(), run.GetRunID(), "released"))
	}
}

// failed insists on the type of an error.
func (o *onCall) failed(err error, kind string) {
	o.t.Helper()
	var failure *temporal.ApplicationError
	if assert.ErrorAs(o.t, err, &failure) {
		assert.Equal(o.t, kind, failure.Type(), failure.Error())
	}
}
