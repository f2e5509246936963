package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// overwritten is an hour that PostHog's retry writes again with fewer and other rows.
func overwritten(run sample.Run) sample.Options {
	return sample.Options{Seed: 3, Events: 200, Run: run, Traps: sample.Traps{sample.OverwrittenHour}}
}

// union checks that tracks has every event of both runs of the export, in the state
// that the truth about them tells.
func (l *lab) union(w window.Window, live, retry *sample.Hour) {
	l.t.Helper()
	var want []string
	for _, row := range append(live.Events(), retry.Events()...) {
		if row.Timestamp.V >= sample.DefaultCutover.UnixMicro() {
			want = append(want, row.UUID.V)
		}
	}
	slices.Sort(want)
	want = slices.Compact(want)
	assert.Greater(l.t, len(want), len(retry.Events()))
	assert.Equal(l.t, want, l.rows(`SELECT event_id FROM posthog.tracks ORDER BY event_id`))
	assert.Equal(l.t, ids(retry.Events()), l.held(w))

	truths := slices.Clone(live.Truth)
	for i := range truths {
		truths[i].Row = -1 // the retry's rows are in its place
	}
	found, err := l.Judge(l.ctx, append(truths, retry.Truth...), []window.Window{w})
	require.NoError(l.t, err)
	assert.Empty(l.t, found.Wrong)
	assert.Greater(l.t, found.Events, 10)
	l.prove()
}

func TestHourIsOverwrittenAfterItsMerge(t *testing.T) {
	t.Parallel()
	l := open(t)
	w := hour(t, 0)
	live := l.upload(w, overwritten(sample.Live))
	l.load(w)
	retry := l.upload(w, overwritten(sample.Retry))
	l.load(w)
	l.union(w, live, retry)
}

// The first run ends between loading and merging, and the hour is overwritten: what
// only the first export had is merged before it is replaced.
func TestHourIsOverwrittenBeforeItsMerge(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(l *lab, run client.WorkflowRun) error{
		"cancelled": func(l *lab, run client.WorkflowRun) error {
			return l.Temporal.CancelWorkflow(l.ctx, run.GetID(), run.GetRunID())
		},
		"terminated": func(l *lab, run client.WorkflowRun) error {
			return l.Temporal.TerminateWorkflow(l.ctx, run.GetID(), run.GetRunID(), "by a test")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := open(t)
			w := hour(t, 0)
			live := l.upload(w, overwritten(sample.Live))
			release := l.holdLock()
			first := l.start(workflows.HourlyInput{Window: w})
			l.awaitsTurn(first)
			require.NoError(t, end(l, first))
			l.eventually("the first run ends", func() bool {
				return l.status(first) != enums.WORKFLOW_EXECUTION_STATUS_RUNNING
			})
			assert.Equal(t, []string{"loaded"}, l.ledger(w))
			release()

			retry := l.upload(w, overwritten(sample.Retry))
			result := l.load(w)
			assert.Contains(t, strings.Join(result.Notes, "\n"), "merged load "+first.GetRunID()+" of an earlier run first")
			assert.Equal(t, []string{"merged", "merged"}, l.ledger(w))
			l.union(w, live, retry)
		})
	}
}
