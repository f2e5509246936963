package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// ofTheDay are the activities that every hour runs.
var ofTheDay = []string{
	contract.AwaitExport, contract.StageObject, contract.CommitWindow, contract.CheckFreshness, contract.MergeWindow,
}

// killsWanted is how many kills a workflow must survive, on either warehouse.
const killsWanted = 30

// The tables must end up as if nobody had been killed.
func testKilledInOrder(t *testing.T, want harness.Contents) {
	t.Helper()
	d := openDay(t, 24)
	current := 0
	r := newReaper(d.lab, func() []string { return []string{harness.RunID(d.hours[current]), harness.Writer} })
	over := func() bool {
		for current < len(d.hours)-1 && d.ended(d.hours[current]) {
			current++
		}
		return d.ended(d.hours[current])
	}
	d.begin(enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL)
	for r.kills < killsWanted && !over() {
		target := anyActivity
		if rarest := r.rarest(ofTheDay); r.hits[rarest] < 2 {
			target = rarest
		}
		r.hunt(target, over)
	}
	d.finish()
	d.killMissing(r)
	r.report()
	assert.GreaterOrEqual(t, r.kills, killsWanted)
	for _, activity := range append(slices.Clone(ofTheDay), contract.RecordOutcome) {
		assert.Positive(t, r.hits[activity], activity)
	}
	d.prove()
	d.judge()
	d.staged(r)
	got, err := d.Contents(d.ctx)
	require.NoError(t, err)
	assert.Empty(t, want.Compare(slices.DeleteFunc(got, isOutcome)))
}

// ended reports whether an hour has had its run.
func (d *day) ended(w window.Window) bool {
	answer, err := d.Temporal.DescribeWorkflowExecution(d.ctx, harness.RunID(w), "")
	require.NoError(d.t, d.ctx.Err())
	return err == nil && answer.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING
}

// began reports whether an hour's run has begun.
func (d *day) began(w window.Window) bool {
	_, err := d.Temporal.DescribeWorkflowExecution(d.ctx, harness.RunID(w), "")
	return err == nil
}

// killMissing runs hours without an export and kills the worker while it books
// that, three times, and until there were enough kills in all: a slow machine gets
// through the day's hours with fewer.
func (d *day) killMissing(r *reaper) {
	d.t.Helper()
	first := hour(d.t, -1)
	for r.hits[contract.RecordOutcome] < 3 || r.kills < killsWanted {
		w := first
		first = window.Before(w.Start())
		r.watched = func() []string { return []string{harness.RunID(w)} }
		run := d.start(workflows.HourlyInput{Window: w})
		r.hunt(contract.RecordOutcome, func() bool { return d.ended(w) })
		d.fails(run, contract.ErrExportMissing)
		assert.Equal(d.t, []string{"missing ExportMissing"}, d.ledger(w))
	}
}

// isOutcome tells the ledger's lines of hours without an export.
func isOutcome(line string) bool {
	return strings.HasPrefix(line, "window_ledger ") && strings.Contains(line, " missing ")
}

// staged checks that killed workers left no more behind than what they were at.
func (d *day) staged(r *reaper) {
	d.t.Helper()
	left, err := filepath.Glob(filepath.Join(d.Staging, "*"))
	require.NoError(d.t, err)
	for _, path := range left {
		assert.Equal(d.t, "work", filepath.Base(path), "windows that are loaded leave nothing")
	}
	work, err := os.ReadDir(filepath.Join(d.Staging, "work"))
	require.NoError(d.t, err)
	d.t.Logf("%d workspaces are left of %d killed stagings of objects", len(work), r.runs[contract.StageObject])
	assert.LessOrEqual(d.t, len(work), r.runs[contract.StageObject])
}

// With all hours at once nobody can tell which delivery is merged first, so the
// tables may differ from the calm day's where the laws say so, and must keep them.
func testKilledAtOnce(t *testing.T) {
	t.Helper()
	d := openDay(t, 24)
	open := slices.Clone(d.hours)
	over := func() bool {
		for len(open) > 0 && d.ended(open[0]) {
			open = open[1:]
		}
		return len(open) == 0
	}
	r := newReaper(d.lab, func() []string {
		ids := []string{harness.Writer}
		for _, w := range open {
			ids = append(ids, harness.RunID(w))
		}
		return ids
	})
	r.pace = 500 * time.Millisecond
	d.begin(enums.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL)
	for r.kills < killsWanted && !over() {
		r.hunt(anyActivity, over)
	}
	d.finish()
	r.report()
	assert.GreaterOrEqual(t, r.kills, killsWanted/3)
	d.prove()
	d.staged(r)
	assert.GreaterOrEqual(t, d.writersTookTurns(), len(d.hours))
}
