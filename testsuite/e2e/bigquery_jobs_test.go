//go:build bigquery

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// Jobs on BigQuery outlive the worker that started them.
func TestJobsOnBigQueryOutliveTheirWorker(t *testing.T) {
	t.Parallel()
	l := open(t, onBigQuery)
	// The writes of an hour take a while, so that there is time to disturb them.
	l.BigQuery.Jobs.Hold(func(id string) time.Duration {
		switch {
		case !strings.Contains(id, "-merge-begin-"):
			return 0
		case strings.Contains(id, hour(t, 2).String()):
			return 25 * time.Second // longer than a worker that is asked to stop may take
		default:
			return 6 * time.Second
		}
	})
	for n, test := range []func(*lab, window.Window){killedWhileAJobRuns, cancelledWhileAJobRuns, stoppedWhileAJobRuns} {
		w := hour(t, n)
		l.upload(w, sample.Options{Seed: uint64(n) + 1, Events: 40})
		test(l, w)
	}
	l.prove()
}

// merging starts an hour and returns the id of the job that merges it, once that runs.
func (l *lab) merging(w window.Window) (runID, jobID string) {
	l.t.Helper()
	run := l.start(workflows.HourlyInput{Window: w})
	l.eventually("the merge of "+w.String()+" runs", func() bool {
		for id := range l.BigQuery.Jobs.Submitted() {
			if strings.Contains(id, "-merge-begin-"+w.String()) {
				jobID = id
			}
		}
		return jobID != ""
	})
	require.Zero(l.t, l.BigQuery.Jobs.Done()[jobID])
	return run.GetRunID(), jobID
}

// ranOnce checks that a job was asked for again by who adopted it, and its statements
// were executed once all the same.
func (l *lab) ranOnce(w window.Window, jobID string) {
	l.t.Helper()
	run, err := l.Await(l.ctx, w)
	require.NoError(l.t, err)
	assert.Equal(l.t, enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, run.Status)
	assert.GreaterOrEqual(l.t, l.BigQuery.Jobs.Submitted()[jobID], 2, "the next attempt asked for the same job")
	assert.Equal(l.t, 1, l.BigQuery.Jobs.Executed()[jobID])
	for id := range l.BigQuery.Jobs.Submitted() {
		if strings.Contains(id, "-merge-begin-"+w.String()) {
			assert.Equal(l.t, jobID, id, "there is no second merge")
		}
	}
}

func killedWhileAJobRuns(l *lab, w window.Window) {
	_, jobID := l.merging(w)
	l.killWorker()
	l.startWorker()
	l.ranOnce(w, jobID)
}

func stoppedWhileAJobRuns(l *lab, w window.Window) {
	_, jobID := l.merging(w)
	require.NoError(l.t, l.worker.Stop())
	assert.Zero(l.t, l.BigQuery.Jobs.Done()[jobID], "the job goes on without the worker")
	l.startWorker()
	l.ranOnce(w, jobID)
}

// A cancelled run stops its job and waits until that is done.
func cancelledWhileAJobRuns(l *lab, w window.Window) {
	runID, jobID := l.merging(w)
	require.NoError(l.t, l.Temporal.CancelWorkflow(l.ctx, harness.RunID(w), runID))
	run := l.Temporal.GetWorkflow(l.ctx, harness.RunID(w), runID)
	require.Error(l.t, run.Get(l.ctx, nil))
	assert.Equal(l.t, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, l.status(run))
	assert.Equal(l.t, 1, l.BigQuery.Jobs.Done()[jobID], "the run ends when its job has")
	assert.Zero(l.t, l.BigQuery.Jobs.Executed()[jobID])
	l.load(w)
}
