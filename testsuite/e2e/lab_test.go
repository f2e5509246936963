package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// patience is how long a test waits for what must come before it fails.
const patience = 10 * time.Minute

// life is how long a whole test may take. The stand-in for BigQuery is slow, above all
// when many tests share the machine.
func life(o harness.Options) time.Duration {
	if o.BigQuery {
		return 2 * patience
	}
	return patience
}

// lab is a rig of one test, with a worker.
type lab struct {
	*harness.Rig

	t      *testing.T
	ctx    context.Context //nolint:containedctx // the test's, with a deadline
	worker *harness.Worker
}

// open starts a rig and its worker. change may vary the options.
func open(t *testing.T, change ...func(*harness.Options)) *lab {
	t.Helper()
	options := harness.Options{
		Dir: t.TempDir(), Binaries: binaries, Heartbeat: 2 * time.Second,
		Stack:       devstack.Options{DisableUI: true},
		Environment: []string{"TRACKS_WRITE_POLL=100ms", "TRACKS_WRITE_MAX_POLL=2s", "TRACKS_EXPORT_CONFIRM=100ms", "TRACKS_EXPORT_POLL=500ms", "TRACKS_LOG_LEVEL=debug"},
	}
	for _, apply := range change {
		apply(&options)
	}
	ctx, cancel := context.WithTimeout(t.Context(), life(options))
	t.Cleanup(cancel)
	rig, err := harness.Start(ctx, options)
	require.NoError(t, err)
	l := &lab{Rig: rig, t: t, ctx: ctx}
	t.Cleanup(l.close)
	l.startWorker()
	return l
}

// of is the lab as a subtest uses it.
func (l *lab) of(t *testing.T) *lab {
	t.Helper()
	return &lab{Rig: l.Rig, t: t, ctx: l.ctx, worker: l.worker}
}

// set overrides settings of the product.
func set(environment ...string) func(*harness.Options) {
	return func(o *harness.Options) { o.Environment = append(o.Environment, environment...) }
}

// close ends everything. A worker that does not end in order fails the test, and so
// does a run that the code would not go on with.
func (l *lab) close() {
	if l.worker != nil {
		require.NoError(l.t, l.worker.Stop())
	}
	l.everyRunReplays()
	require.NoError(l.t, l.Stop())
	if l.t.Failed() {
		l.t.Logf("what its workers said last:\n%s", strings.Join(l.said(12), "\n"))
	}
}

// said are the last lines of the workers' log that are no details.
func (l *lab) said(lines int) []string {
	content, err := os.ReadFile(l.WorkerLog)
	if err != nil {
		return []string{err.Error()}
	}
	all := strings.Split(strings.TrimSpace(string(content)), "\n")
	all = slices.DeleteFunc(all, func(line string) bool { return strings.Contains(line, `"level":"DEBUG"`) })
	return all[max(0, len(all)-lines):]
}

// startWorker returns when the worker takes work: until then it looks at its
// neighbours, which would use up faults that are meant for activities.
func (l *lab) startWorker() {
	l.t.Helper()
	running := l.Running()
	var err error
	l.worker, err = l.StartWorker()
	require.NoError(l.t, err)
	l.eventually("the worker runs", func() bool { return l.Running() > running })
}

func (l *lab) killWorker() {
	l.t.Helper()
	require.NoError(l.t, l.worker.Kill())
	l.worker = nil
}

// hour is a window of the past, given by the hours since 2026-06-12T00.
func hour(t *testing.T, n int) window.Window {
	t.Helper()
	w, err := window.Starting(time.Date(2026, 6, 12, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * window.Length))
	require.NoError(t, err)
	return w
}

// upload puts a window's export into the bucket.
func (l *lab) upload(w window.Window, options sample.Options) *sample.Hour {
	l.t.Helper()
	uploaded, err := l.Upload(l.ctx, w, options)
	require.NoError(l.t, err)
	return uploaded
}

// start starts an hour by hand and returns its run.
func (l *lab) start(in workflows.HourlyInput) client.WorkflowRun {
	l.t.Helper()
	run, err := l.Temporal.ExecuteWorkflow(l.ctx, client.StartWorkflowOptions{
		ID: harness.RunID(in.Window), TaskQueue: "posthog-tracks", WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, workflows.HourlyTracks, in)
	require.NoError(l.t, err)
	return run
}

// load runs an hour by hand to its end, which must be good.
func (l *lab) load(w window.Window) workflows.HourlyResult {
	l.t.Helper()
	return l.result(l.start(workflows.HourlyInput{Window: w}))
}

func (l *lab) result(run client.WorkflowRun) workflows.HourlyResult {
	l.t.Helper()
	var result workflows.HourlyResult
	require.NoError(l.t, run.Get(l.ctx, &result))
	return result
}

// fails waits for the end of a run, which must be an error of this type.
func (l *lab) fails(run client.WorkflowRun, kind string) *temporal.ApplicationError {
	l.t.Helper()
	var failure *temporal.ApplicationError
	require.ErrorAs(l.t, run.Get(l.ctx, nil), &failure)
	require.Equal(l.t, kind, failure.Type(), failure.Error())
	return failure
}

// status is the state of a run.
func (l *lab) status(run client.WorkflowRun) enums.WorkflowExecutionStatus {
	l.t.Helper()
	answer, err := l.Temporal.DescribeWorkflowExecution(l.ctx, run.GetID(), run.GetRunID())
	require.NoError(l.t, err)
	return answer.GetWorkflowExecutionInfo().GetStatus()
}

// eventually waits until something is so.
func (l *lab) eventually(what string, so func() bool) {
	l.t.Helper()
	require.Eventually(l.t, so, patience, 20*time.Millisecond, what)
}

// rows runs a statement and returns each row as one line.
func (l *lab) rows(statement string, arguments ...any) []string {
	l.t.Helper()
	rows, err := l.Query(l.ctx, fmt.Sprintf(statement, arguments...))
	require.NoError(l.t, err)
	lines := make([]string, len(rows))
	for i, row := range rows {
		lines[i] = strings.Join(row, "|")
	}
	return lines
}

// ledger is what is booked for a window, oldest first, as status and reason.
func (l *lab) ledger(w window.Window) []string {
	l.t.Helper()
	return l.rows(`SELECT CONCAT_WS(' ', status, NULLIF(reason, '')) FROM posthog.window_ledger
		WHERE window_start = TIMESTAMPTZ '%s' ORDER BY recorded_at`, w.Start().Format(time.RFC3339))
}

// held are the event ids that raw_tracks has for a window, sorted.
func (l *lab) held(w window.Window) []string {
	l.t.Helper()
	return l.rows(`SELECT event_id FROM posthog.raw_tracks WHERE window_start = TIMESTAMPTZ '%s' ORDER BY event_id`,
		w.Start().Format(time.RFC3339))
}

// ids are the ids of events, sorted.
func ids(rows []sample.Row) []string {
	all := make([]string, len(rows))
	for i := range rows {
		all[i] = rows[i].UUID.V
	}
	slices.Sort(all)
	return all
}

// exitCode is what a command ended with.
func exitCode(err error) int {
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return ended.ExitCode()
	}
	return -1
}

// prove checks the laws.
func (l *lab) prove() {
	l.t.Helper()
	proof, err := l.Prove(l.ctx)
	require.NoError(l.t, err)
	for _, law := range proof {
		assert.True(l.t, law.Holds, "%s: %s", law.Name, law.Numbers)
	}
}
