package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// somebodyElse is a workflow that no worker knows.
const somebodyElse = "SomebodyElse"

// holdLock takes the writer lock for somebody who never gets to writing, until the
// returned function is called.
func (l *lab) holdLock() (release func()) {
	l.t.Helper()
	run, err := l.Temporal.ExecuteWorkflow(l.ctx, client.StartWorkflowOptions{ID: harness.Writer, TaskQueue: "nobody"}, somebodyElse)
	require.NoError(l.t, err)
	return func() {
		require.NoError(l.t, l.Temporal.TerminateWorkflow(l.ctx, run.GetID(), run.GetRunID(), "by a test"))
	}
}

// step is what a run says that it is doing.
func (l *lab) step(run client.WorkflowRun) string {
	answer, err := l.Temporal.QueryWorkflow(l.ctx, run.GetID(), run.GetRunID(), workflows.ProgressQuery)
	if err != nil {
		return ""
	}
	var progress workflows.HourlyProgress
	require.NoError(l.t, answer.Get(&progress))
	return progress.Step
}

// awaitsTurn waits until a run waits for the writer lock.
func (l *lab) awaitsTurn(run client.WorkflowRun) {
	l.t.Helper()
	l.eventually("the run waits for its turn", func() bool {
		// Some say first what they wait with.
		return strings.Contains(l.step(run), workflows.WaitingForTurn+" posthog.tracks")
	})
}

// lockIsFree reports whether nobody writes.
func (l *lab) lockIsFree() bool {
	answer, err := l.Temporal.DescribeWorkflowExecution(l.ctx, harness.Writer, "")
	return err == nil && answer.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING
}

func TestHoursTakeTurns(t *testing.T) {
	t.Parallel()
	l := open(t)
	release := l.holdLock()
	hours := harness.Hours(hour(t, 0), 4)
	var runs []client.WorkflowRun
	for _, w := range hours {
		l.upload(w, ordinary(1))
		runs = append(runs, l.start(workflows.HourlyInput{Window: w}))
	}
	for _, run := range runs {
		l.awaitsTurn(run)
	}
	assert.Equal(t, []string{"0"}, l.rows(`SELECT COUNT(*) FROM posthog.tracks`), "nothing is merged while somebody else writes")
	release()
	for _, run := range runs {
		l.result(run)
	}
	assert.Equal(t, len(hours), l.writersTookTurns())
	l.prove()
}

// writeHangs brings a run to where its write has begun and cannot go on, because
// somebody else has the warehouse file open. release lets it.
func (l *lab) writeHangs(start func() client.WorkflowRun) (run client.WorkflowRun, release func()) {
	l.t.Helper()
	unlock := l.holdLock()
	run = start()
	l.awaitsTurn(run)
	letGo, err := l.HoldWarehouse(l.ctx)
	require.NoError(l.t, err)
	unlock()
	l.eventually("the writer finds the file held", func() bool {
		return l.failing(harness.Writer, contract.DrainWriters) == contract.ErrWarehouseHeld
	})
	return run, func() { require.NoError(l.t, letGo()) }
}

// mergeHangs is writeHangs for the merge of an hour.
func (l *lab) mergeHangs(w window.Window) (run client.WorkflowRun, release func()) {
	l.t.Helper()
	return l.writeHangs(func() client.WorkflowRun { return l.start(workflows.HourlyInput{Window: w}) })
}

// The hour is terminated while its child writes: the child ends by itself, so the
// lock is free, and the next run merges what was left.
func TestTerminatedHourFreesTheLock(t *testing.T) {
	t.Parallel()
	l := open(t)
	w := hour(t, 0)
	uploaded := l.upload(w, ordinary(1))
	run, release := l.mergeHangs(w)
	require.NoError(t, l.Temporal.TerminateWorkflow(l.ctx, run.GetID(), run.GetRunID(), "by a test"))
	l.eventually("the child ends by itself", l.lockIsFree)
	answer, err := l.Temporal.DescribeWorkflowExecution(l.ctx, harness.Writer, "")
	require.NoError(t, err)
	assert.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, answer.GetWorkflowExecutionInfo().GetStatus())
	release()
	assert.Equal(t, []string{"loaded"}, l.ledger(w))

	result := l.load(w)
	assert.Contains(t, strings.Join(result.Notes, "\n"), "merged load "+run.GetRunID())
	assert.Len(t, l.rows(`SELECT event_id FROM posthog.tracks`), len(uploaded.Events()))
	l.prove()
}

// The writer is terminated in the middle of its merge, which goes on for a while
// without it: the hour fails, the lock is free, and the next run finds everything in
// order, whether that merge got through or not.
func TestTerminatedWriterFailsTheHour(t *testing.T) {
	t.Parallel()
	l := open(t)
	w := hour(t, 0)
	uploaded := l.upload(w, overwritten(""))
	run := l.start(workflows.HourlyInput{Window: w})
	r := newReaper(l, func() []string { return []string{harness.Writer} })
	require.True(t, r.catch(contract.MergeWindow, func() bool { return l.status(run) != enums.WORKFLOW_EXECUTION_STATUS_RUNNING }))
	require.NoError(t, l.Temporal.TerminateWorkflow(l.ctx, harness.Writer, "", "by a test"))
	assert.True(t, l.lockIsFree())
	r.thaw()
	require.ErrorContains(t, run.Get(l.ctx, nil), "terminated")

	l.load(w)
	assert.Len(t, l.rows(`SELECT event_id FROM posthog.tracks`), len(uploaded.Events()))
	assert.Len(t, l.ledger(w), 2)
	l.prove()
}
