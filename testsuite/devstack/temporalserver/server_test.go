package temporalserver

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const taskQueue = "tracks"

func start(t *testing.T, opts Options) *Server {
	t.Helper()
	server, err := Start(t.Context(), opts)
	require.NoError(t, err)
	return server
}

func dial(t *testing.T, server *Server, namespace string) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{
		HostPort:  server.Address(),
		Namespace: namespace,
		Logger:    sdklog.NewStructuredLogger(discard),
	})
	require.NoError(t, err)
	return c
}

func double(_ workflow.Context, n int) (int, error) { return 2 * n, nil }

// runDouble runs a workflow to its end, with a worker of its own.
func runDouble(t *testing.T, c client.Client, opts client.StartWorkflowOptions) {
	t.Helper()
	w := worker.New(c, taskQueue, worker.Options{})
	w.RegisterWorkflow(double)
	require.NoError(t, w.Start())
	defer w.Stop()
	opts.TaskQueue = taskQueue
	run, err := c.ExecuteWorkflow(t.Context(), opts, double, 21)
	require.NoError(t, err)
	var result int
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, 42, result)
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(address)
	require.NoError(t, err)
	port, err := strconv.Atoi(text)
	require.NoError(t, err)
	return port
}

func TestRestartFindsWorkflowsAndSchedules(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.db")
	server := start(t, Options{DatabaseFile: file})
	c := dial(t, server, "default")
	runDouble(t, c, client.StartWorkflowOptions{ID: "closed"})
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "open", TaskQueue: "nobody"}, double, 1)
	require.NoError(t, err)
	_, err = c.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID:     "hourly",
		Spec:   client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}},
		Action: &client.ScheduleWorkflowAction{ID: "hourly", Workflow: double, TaskQueue: "nobody", Args: []any{1}},
		Note:   "kept",
	})
	require.NoError(t, err)
	_, err = c.ScheduleClient().GetHandle(t.Context(), "hourly").Describe(t.Context()) // its first step is done, which would else wait for a timeout
	require.NoError(t, err)
	c.Close()
	require.NoError(t, server.Stop())

	for _, port := range []int{portOf(t, server.Address()), 0} { // as it was, then elsewhere
		server = start(t, Options{DatabaseFile: file, Port: port})
		c = dial(t, server, "default")
		for id, want := range map[string]enumspb.WorkflowExecutionStatus{
			"closed": enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED,
			"open":   enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING,
		} {
			found, err := c.DescribeWorkflowExecution(t.Context(), id, "")
			require.NoError(t, err)
			assert.Equal(t, want, found.GetWorkflowExecutionInfo().GetStatus(), id)
		}
		schedule, err := c.ScheduleClient().GetHandle(t.Context(), "hourly").Describe(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "kept", schedule.Schedule.State.Note)
		assert.NotEmpty(t, schedule.Info.NextActionTimes)
		runDouble(t, c, client.StartWorkflowOptions{ID: "closed"})
		c.Close()
		require.NoError(t, server.Stop())
	}
}

func TestDatabaseThatWasNeverFinishedIsMadeAgain(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.db")
	require.NoError(t, os.WriteFile(file+".unfinished", []byte("half a schema"), 0o600))
	server := start(t, Options{DatabaseFile: file})
	require.NoError(t, server.Stop())
	assert.FileExists(t, file)
	assert.NoFileExists(t, file+".unfinished")
}

func TestNamespaceKeepsWorkflowsForSevenDays(t *testing.T) {
	t.Parallel()
	server := start(t, Options{Namespace: "tracks"})
	defer server.Stop()
	c := dial(t, server, "tracks")
	defer c.Close()
	namespace, err := c.WorkflowService().DescribeNamespace(t.Context(),
		&workflowservice.DescribeNamespaceRequest{Namespace: "tracks"})
	require.NoError(t, err)
	assert.Equal(t, 7*24*time.Hour, namespace.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
}

func TestSearchAttributesCanBeUsedAtOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.db")
	attributes := map[string]enumspb.IndexedValueType{"Window": enumspb.INDEXED_VALUE_TYPE_DATETIME}
	window := temporal.NewSearchAttributeKeyTime("Window")
	table := temporal.NewSearchAttributeKeyKeyword("Table")
	for range 2 { // the second time one attribute is there and one is missing
		server := start(t, Options{DatabaseFile: file, SearchAttributes: attributes})
		c := dial(t, server, "default")
		values := []temporal.SearchAttributeUpdate{window.ValueSet(time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC))}
		if _, ok := attributes["Table"]; ok {
			values = append(values, table.ValueSet("tracks"))
		}
		runDouble(t, c, client.StartWorkflowOptions{
			ID:                    "attributed",
			TypedSearchAttributes: temporal.NewSearchAttributes(values...),
		})
		c.Close()
		require.NoError(t, server.Stop())
		attributes["Table"] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	}
}

func TestPortInUseIsAnError(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	port := portOf(t, listener.Addr().String())
	_, err = Start(t.Context(), Options{Port: port})
	require.ErrorContains(t, err, "take port "+strconv.Itoa(port)+", stop what uses it or choose another")
	_, err = StartUI(t.Context(), "127.0.0.1:1", "default", port)
	require.ErrorContains(t, err, "take port "+strconv.Itoa(port))
}

func TestImpatientStartLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	port, err := choosePort(t.Context(), 0)
	require.NoError(t, err)
	_, err = Start(ctx, Options{Port: port})
	require.ErrorIs(t, err, context.Canceled)
	_, err = choosePort(t.Context(), port)
	require.NoError(t, err)
}

func TestServerIsQuiet(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	server := start(t, Options{Logger: slog.New(slog.NewTextHandler(&lines, nil))})
	c := dial(t, server, "default")
	runDouble(t, c, client.StartWorkflowOptions{ID: "seen"})
	_, err := c.WorkflowService().GetWorkflowExecutionHistory(t.Context(),
		&workflowservice.GetWorkflowExecutionHistoryRequest{
			Namespace:       "default",
			Execution:       &commonpb.WorkflowExecution{WorkflowId: "seen"},
			MaximumPageSize: 1000, // as the web UI asks
		})
	require.NoError(t, err)
	c.Close()
	require.NoError(t, server.Stop())
	assert.Empty(t, lines.String())
}

func TestUIServesItsPageAndTheWorkflows(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	defer server.Stop()
	ui, err := StartUI(t.Context(), server.Address(), "default", 0)
	require.NoError(t, err)
	c := dial(t, server, "default")
	defer c.Close()
	runDouble(t, c, client.StartWorkflowOptions{ID: "seen-in-the-ui"})

	assert.Contains(t, get(t, ui.URL()+"/"), "_app/immutable")
	assert.Contains(t, get(t, ui.URL()+"/api/v1/settings"), `"DisableNewsFetch":true`)
	require.Eventually(t, func() bool {
		return strings.Contains(get(t, ui.URL()+"/api/v1/namespaces/default/workflows"), "seen-in-the-ui")
	}, 10*time.Second, 50*time.Millisecond)

	ui.Stop()
	_, err = choosePort(t.Context(), portOf(t, ui.URL()[len("http://"):]))
	require.NoError(t, err)
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, string(body))
	return string(body)
}
