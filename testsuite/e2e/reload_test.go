package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// oneOff starts a one-off run under its fixed id.
func (l *lab) oneOff(id, workflow string, in any) client.WorkflowRun {
	l.t.Helper()
	run, err := l.Temporal.ExecuteWorkflow(l.ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: "posthog-tracks", WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, workflow, in)
	require.NoError(l.t, err)
	return run
}

// command runs the starter and reads the JSON that it prints.
func (l *lab) command(into any, arguments ...string) {
	l.t.Helper()
	said, err := l.Starter(l.ctx, append(arguments, "--json")...)
	require.NoError(l.t, err)
	require.NoError(l.t, json.Unmarshal([]byte(said), into), said)
}

func names(windows []window.Window) []string {
	all := make([]string, len(windows))
	for i, w := range windows {
		all[i] = w.String()
	}
	return all
}

// The life of a day that was neglected: hours that were never loaded, one that was
// rewritten, one that came late, one that is not there.
func TestReloadAndReconcile(t *testing.T) {
	t.Parallel()
	l := open(t)
	hours := harness.Hours(hour(t, 0), 6)
	for _, w := range hours[:5] {
		l.upload(w, ordinary(1))
	}
	l.load(hours[0])
	l.load(hours[3])
	of := []string{"--from", hours[0].String(), "--to", hours[5].String()}

	var planned, reloaded workflows.ReloadResult
	l.command(&planned, append([]string{"reload", "--dry-run"}, of...)...)
	assert.Equal(t, names([]window.Window{hours[1], hours[2], hours[4]}), names(planned.Windows))
	assert.Equal(t, []string{"2"}, l.rows(`SELECT COUNT(*) FROM posthog.window_ledger`), "a dry run loads nothing")
	l.command(&reloaded, append([]string{"reload"}, of...)...)
	assert.Equal(t, 3, reloaded.Loaded)
	l.prove()

	l.upload(hours[3], ordinary(2))
	var found workflows.ReconcileResult
	l.command(&found, "reconcile", "--action", "report", "--days", "400")
	assert.Positive(t, found.More, "the hours since are absent, and there are many")
	l.command(&planned, append([]string{"reload", "--dry-run", "--only", "changed"}, of...)...)
	assert.Equal(t, []string{hours[3].String()}, names(planned.Windows))
	assert.Equal(t, 1, found.Mendable)
	assert.Contains(t, found.Reload, hours[3].String())

	l.command(&found, "reconcile", "--action", "reload", "--days", "400")
	require.NotNil(t, found.Reloaded)
	assert.Equal(t, 1, found.Reloaded.Loaded)
	assert.Equal(t, []string{"merged", "merged"}, l.ledger(hours[3]))
	l.command(&found, "reconcile", "--days", "400")
	assert.Zero(t, found.Mendable, "what was reloaded is not found again")
	l.prove()

	said, err := l.Starter(l.ctx, "reload", "--window", hours[5].String()+","+hours[1].String())
	require.Error(t, err)
	assert.Equal(t, 1, exitCode(err))
	assert.Contains(t, said, "1 loaded, 0 empty, 1 failed")
	assert.Contains(t, said, `{"windows": ["`+hours[5].String()+`"]}`)
	assert.Contains(t, said, contract.ErrExportMissing)
}

// A field that does not exist, or one of the wrong type, fails the run at once.
func TestMistypedInputOfOneOffsFailsAtOnce(t *testing.T) {
	t.Parallel()
	l := open(t)
	for id, workflow := range map[string]string{
		workflows.ReloadID: workflows.ReloadWindows, reconcileID: workflows.ReconcileExports,
		workflows.BackfillID: workflows.BackfillTracks,
	} {
		for _, input := range []any{map[string]any{"dry_run": true}, map[string]any{"days": "seven", "from": 7}, []int{1}} {
			err := l.oneOff(id, workflow, input).Get(l.ctx, nil)
			require.Error(t, err)
			assert.Regexp(t, `unknown field|cannot unmarshal|not a time|not a day`, err.Error())
		}
	}
}

// reconcileID is that of the reconciliations by hand.
const reconcileID = "reconcile-2026-06-12"

// reloading is a way to load six hours again and again.
type reloading struct {
	// export is what the n-th hour exports.
	export func(n int) sample.Options
	// begin starts the run that loads what is in the bucket in this round.
	begin func(l *lab, hours []window.Window, round int) client.WorkflowRun
}

// reloadings are the ways there are, by who starts them.
var reloadings = map[string]reloading{
	"by hand": {exportOf, func(l *lab, hours []window.Window, round int) client.WorkflowRun {
		in := workflows.ReloadInput{From: hours[0], To: hours[len(hours)-1], Concurrency: 1}
		if round > 0 {
			in.Only = contract.OnlyChanged
		}
		return l.oneOff(workflows.ReloadID, workflows.ReloadWindows, in)
	}},
	// Several hours at a time, whose order nobody can tell: they have no event in common.
	"by reconciliation": {func(n int) sample.Options { return ordinary(uint64(n) + 1) }, func(l *lab, _ []window.Window, _ int) client.WorkflowRun {
		return l.oneOff(reconcileID, workflows.ReconcileExports, workflows.ReconcileInput{Days: 400, Action: contract.ActionReload})
	}},
}

// round writes all objects anew and starts a run that finds them.
func (c reloading) round(l *lab, hours []window.Window, round int) client.WorkflowRun {
	l.t.Helper()
	for i, w := range hours {
		l.upload(w, c.export(i))
	}
	return c.begin(l, hours, round)
}

func TestReloadSurvivesKills(t *testing.T) {
	t.Parallel()
	for name, c := range reloadings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.throughKills(t, killsWanted)
		})
	}
}

// throughKills kills workers until there were enough, in as many rounds as that takes:
// the tables must end up as those of as many rounds that were left alone.
func (c reloading) throughKills(t *testing.T, kills int, change ...func(*harness.Options)) {
	t.Helper()
	hours := harness.Hours(hour(t, 0), 6)
	watched := []string{workflows.ReloadID, reconcileID, harness.Writer}
	for _, w := range hours {
		watched = append(watched, harness.RunID(w))
	}
	l := open(t, change...)
	r := newReaper(l, func() []string { return watched })
	rounds := 0
	for ; r.kills < kills; rounds++ {
		r.huntReload(c.round(l, hours, rounds), kills)
	}
	r.report()
	l.prove()
	calm := open(t, change...)
	for done := range rounds {
		require.NoError(t, c.round(calm, hours, done).Get(calm.ctx, nil))
	}
	want, err := calm.Contents(calm.ctx)
	require.NoError(t, err)
	got, err := l.Contents(l.ctx)
	require.NoError(t, err)
	assert.Empty(t, want.Compare(got))
}

// huntReload kills workers while a reload runs, which must end well.
func (r *reaper) huntReload(run client.WorkflowRun, kills int) {
	r.t.Helper()
	over := func() bool { return r.status(run) != enums.WORKFLOW_EXECUTION_STATUS_RUNNING }
	for r.kills < kills && !over() {
		target := anyActivity
		if r.hits[contract.CompareWindows] > kills/5 { // it is long, and easily hit
			target = r.rarest([]string{contract.StageObject, contract.CommitWindow, contract.MergeWindow})
		}
		r.hunt(target, over)
	}
	require.NoError(r.t, run.Get(r.ctx, nil))
}

// ofAReload are the activities of a reload and of its hours.
var ofAReload = append([]string{contract.CompareWindows}, ofTheDay...)

// A reload that is cancelled in the middle of any activity stops its hours, leaves
// tracks whole, and can be started again as is.
func TestCancelledReload(t *testing.T) {
	t.Parallel()
	open(t).cancelReloads()
}

func (l *lab) cancelReloads() {
	l.t.Helper()
	hours := harness.Hours(hour(l.t, 0), 4)
	watched := []string{workflows.ReloadID, harness.Writer}
	for _, w := range hours {
		watched = append(watched, harness.RunID(w))
	}
	in := workflows.ReloadInput{From: hours[0], To: hours[3]}
	exported := uint64(0)
	begin := func() client.WorkflowRun {
		exported++ // other events each time, so that every merge has some to insert
		for _, w := range hours {
			l.upload(w, ordinary(exported))
		}
		return l.oneOff(workflows.ReloadID, workflows.ReloadWindows, in)
	}
	r := newReaper(l, func() []string { return watched })
	for _, activity := range ofAReload {
		run := r.caughtRun(activity, begin)
		l.cancel(run)
		r.thaw()
		assert.Equal(l.t, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, l.ends(run), activity)
		for _, id := range watched {
			assert.False(l.t, l.running(id), "%s goes on after %s", id, activity)
		}
		l.unique()
		in.Only = contract.OnlyAll // what is compared only finds what is missing
	}
	again := l.oneOff(workflows.ReloadID, workflows.ReloadWindows, in)
	require.NoError(l.t, again.Get(l.ctx, nil))
	for _, w := range hours {
		booked := l.ledger(w)
		assert.True(l.t, strings.HasSuffix(strings.Join(booked, " "), "merged"), booked)
	}
	l.prove()
}

// running reports whether a workflow has a run that is not over.
func (l *lab) running(id string) bool {
	l.t.Helper()
	answer, err := l.Temporal.DescribeWorkflowExecution(l.ctx, id, "")
	return err == nil && answer.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
}
