package telemetry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/event"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

func started(t *testing.T) *Telemetry {
	t.Helper()
	measured, err := Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, measured.Close(context.Background())) })
	return measured
}

// scrape is what Prometheus would read.
func (t *Telemetry) scrape() string {
	recorder := httptest.NewRecorder()
	promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{}).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return recorder.Body.String()
}

// observedRun runs an activity under the observer and returns what it logged.
func observedRun(t *testing.T, measured *Telemetry, fn, argument any) (logged string, err error) {
	t.Helper()
	var lines bytes.Buffer
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.NewJSONHandler(&lines, nil))))
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{measured.Observer()}})
	env.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: "Observed"})
	_, err = env.ExecuteActivity("Observed", argument)
	return lines.String(), err
}

func tenToEleven(t *testing.T) window.Window {
	t.Helper()
	w, err := window.Parse("2026-06-12T10")
	require.NoError(t, err)
	return w
}

func TestWhatActivitiesDidIsCounted(t *testing.T) {
	t.Parallel()
	measured := started(t)
	w := tenToEleven(t)
	logged, err := observedRun(t, measured, func(context.Context, contract.CommitWindowInput) (ledger.Load, error) {
		return ledger.Load{Rows: ledger.Rows{Read: 10, Loaded: 8, Rejected: 2, Bytes: 1000, RejectedBy: map[event.Reason]int64{event.UUIDMissing: 2}}}, nil
	}, contract.CommitWindowInput{Commit: ledger.Commit{Load: ledger.Load{Window: w}}})
	require.NoError(t, err)
	assert.Contains(t, logged, `"window":"2026-06-12T10"`)
	for _, identity := range []string{"WorkflowID", "RunID", "ActivityType"} {
		assert.Contains(t, logged, identity)
	}

	_, err = observedRun(t, measured, func(context.Context, contract.MergeWindowInput) (contract.MergeWindowResult, error) {
		return contract.MergeWindowResult{Merge: ledger.Merge{Inserted: 5, Updated: 1, Unchanged: 1, Collided: 1}}, nil
	}, contract.MergeWindowInput{Window: w})
	require.NoError(t, err)
	_, err = observedRun(t, measured, func(context.Context, contract.CheckFreshnessInput) (contract.Freshness, error) {
		return contract.Freshness{Age: time.Minute, WindowLag: time.Hour}, nil
	}, contract.CheckFreshnessInput{Window: w})
	require.NoError(t, err)
	_, err = observedRun(t, measured, func(context.Context, ledger.Outcome) error { return nil },
		ledger.Outcome{Window: w, Status: ledger.Missing, Reason: contract.ErrExportMissing})
	require.NoError(t, err)

	measured.Billed("merge", 10<<20)
	metrics := measured.scrape()
	for _, want := range []string{
		`tracks_rows_total{outcome="loaded"} 8`, `tracks_rows_total{outcome="rejected"} 2`,
		`tracks_rows_total{outcome="inserted"} 5`, `tracks_rows_total{outcome="before_cutover"} 0`,
		`tracks_rejects_total{reason="uuid_missing"} 2`, `tracks_export_bytes_total 1000`,
		`tracks_windows_total{status="merged"} 1`, `tracks_windows_total{status="missing"} 1`, `tracks_windows_total{status="failed"} 0`,
		`tracks_merge_seconds_count 1`, `tracks_window_lag_seconds 3600`, `tracks_freshness_age_seconds 60`,
		`tracks_window_merged_end_timestamp_seconds 1.7812`, `go_goroutines`, `process_open_fds`,
		`tracks_billed_bytes_total{step="merge"} 1.048576e+07`,
	} {
		assert.Contains(t, metrics, want)
	}
}

func TestFailuresAreCountedByType(t *testing.T) {
	t.Parallel()
	measured := started(t)
	for _, failure := range []error{
		temporal.NewApplicationError("x", contract.ErrWarehouseHeld),
		errors.New("connection reset"),
		context.Canceled,
		temporal.NewApplicationErrorWithOptions("not yet", contract.ErrExportNotReady, temporal.ApplicationErrorOptions{Category: temporal.ApplicationErrorCategoryBenign}),
	} {
		_, err := observedRun(t, measured, func(context.Context, contract.AwaitExportInput) error { return failure }, contract.AwaitExportInput{})
		require.Error(t, err)
	}
	var counted []string
	for line := range strings.Lines(measured.scrape()) {
		if strings.HasPrefix(line, "tracks_activity_failures_total") {
			counted = append(counted, strings.TrimSpace(line))
		}
	}
	assert.ElementsMatch(t, []string{
		`tracks_activity_failures_total{activity="Observed",type="WarehouseHeld"} 1`,
		`tracks_activity_failures_total{activity="Observed",type="untyped"} 1`,
	}, counted, "neither waiting nor stopping is a failure")
}

func TestEndpointTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	measured := started(t)
	var lacking error
	endpoint, err := measured.Listen(t.Context(), "127.0.0.1:0", func(context.Context) error { return lacking })
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, endpoint.Close()) })
	get := func(path string) (int, string) {
		answer, err := http.Get("http://" + endpoint.Address + path)
		require.NoError(t, err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(body)
	}
	status, _ := get("/readyz")
	assert.Equal(t, http.StatusOK, status)
	lacking = errors.New("Temporal is away")
	status, said := get("/readyz")
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Contains(t, said, "Temporal is away")
	status, _ = get("/healthz")
	assert.Equal(t, http.StatusOK, status, "a worker that waits for Temporal need not be restarted")
	_, metrics := get("/metrics")
	assert.Contains(t, metrics, "tracks_rows_total")

	_, err = measured.Listen(t.Context(), endpoint.Address, nil)
	require.ErrorContains(t, err, "telemetry.listen")
}
