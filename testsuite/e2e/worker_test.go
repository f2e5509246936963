package e2e

import (
	"context"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack/fakegcs"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func TestWorkerTellsHowItIs(t *testing.T) {
	t.Parallel()
	l := open(t)
	l.schedules(0, "apply")
	w := hour(t, 0)
	l.upload(w, ordinary(1))
	l.load(w)
	for _, page := range []string{"/healthz", "/readyz"} {
		status, said, err := l.Get(l.ctx, page)
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, status, said)
	}
	_, metrics, err := l.Get(l.ctx, "/metrics")
	require.NoError(t, err)
	for _, want := range []string{
		`tracks_windows_total{status="merged"} 1`, `tracks_merge_seconds_count 1`, `tracks_window_merged_end_timestamp_seconds`,
		`temporal_activity_execution_latency_seconds_bucket`, `temporal_workflow_completed_total`, `temporal_worker_task_slots_available`,
	} {
		assert.Contains(t, metrics, want)
	}
	log, err := os.ReadFile(l.WorkerLog)
	require.NoError(t, err)
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, "window is merged") {
			assert.Contains(t, line, `"window":"`+w.String()+`"`)
			assert.Contains(t, line, `"WorkflowID":"`+harness.Writer+`"`)
			assert.Contains(t, line, `"RunID":"`)
			return
		}
	}
	t.Error("the log does not say that the window was merged")
}

// A worker that is told to stop in the middle of an activity hands it over: nobody
// waits until its silence is noticed.
func TestStoppedWorkerHandsOver(t *testing.T) {
	t.Parallel()
	l := open(t, set("TRACKS_WORKER_STOP_TIMEOUT=200ms"), func(o *harness.Options) { o.Heartbeat = 2 * patience })
	w := hour(t, 0)
	l.upload(w, ordinary(1))
	slow := l.Stack.Storage.Faults.Inject(fakegcs.Fault{On: fakegcs.Download, Effect: fakegcs.Delay(time.Hour)})
	run := l.start(workflows.HourlyInput{Window: w})
	l.eventually("an object is downloaded", func() bool { return slow.Hits() > 0 })
	require.NoError(t, l.worker.Stop())
	l.startWorker()
	l.result(run)
	assert.Equal(t, int32(2), l.attempted(run, contract.StageObject).count)
	l.prove()
}

// All that is missing is named at once, with what to do about it.
func TestWorkerNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rig, err := harness.Start(t.Context(), harness.Options{
		Dir: dir, Binaries: binaries, Heartbeat: time.Second,
		Environment: []string{
			"TEMPORAL_NAMESPACE=nowhere", "TRACKS_BUCKET=no-such-bucket",
			"TRACKS_WAREHOUSE_DUCKDB_PATH=/proc/nothing/warehouse.duckdb", "TRACKS_LOAD_STAGING=/proc/nothing/staging",
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, rig.Stop()) })
	worker, err := rig.StartWorker()
	require.NoError(t, err)
	select {
	case <-worker.Ended():
	case <-time.After(patience):
		t.Error("the worker starts without all it needs")
	}
	require.Error(t, worker.Stop())
	log, err := os.ReadFile(rig.WorkerLog)
	require.NoError(t, err)
	for _, want := range []string{
		"create namespace nowhere", "TEMPORAL_NAMESPACE", "no-such-bucket", "roles/storage.objectViewer",
		"warehouse", "load.staging",
	} {
		assert.Contains(t, string(log), want)
	}
}

// With a key, nothing of what runs say to each other can be read in Temporal's
// database, and everybody who has the key reads it as before.
func TestHistoriesAreEncrypted(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))), 0o600))
	l := open(t, set("TRACKS_ENCRYPTION_KEYS=file:"+key))
	w := hour(t, 0)
	l.upload(w, ordinary(1))
	said, err := l.Starter(l.ctx, "hourly", "--window", w.String())
	require.NoError(t, err)
	assert.Contains(t, said, "merged")
	l.schedules(0, "apply")
	l.schedules(0, "diff")
	events, err := l.History(context.Background(), harness.RunID(w), "")
	require.NoError(t, err)
	var written strings.Builder
	for _, event := range events {
		written.WriteString(event.String())
	}
	history := written.String()
	assert.Contains(t, history, "binary/encrypted")
	assert.NotContains(t, history, ".parquet", "the names of objects are in the results of activities")
	assert.NotContains(t, history, "rejectLimit")
	said, err = l.Answer(l.ctx, "replay", "--query", "WorkflowId = '"+harness.RunID(w)+"'")
	require.NoError(t, err, said)
	assert.Contains(t, said, "goes on  "+harness.RunID(w))
	l.prove()
}
