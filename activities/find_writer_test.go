package activities

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"
)

type described struct {
	run *client.WorkflowExecutionDescription
	err error
}

func (d described) DescribeWorkflow(context.Context, string, string) (*client.WorkflowExecutionDescription, error) {
	return d.run, d.err
}

func TestFindWriter(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 6, 12, 10, 0, 0, 0, time.UTC)
	run := &client.WorkflowExecutionDescription{}
	run.WorkflowExecution = workflow.Execution{ID: "write:posthog.tracks", RunID: "r"}
	run.WorkflowType.Name, run.WorkflowStartTime = "WriteTracks", since
	run.Status = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	run.ParentWorkflowExecution = &workflow.Execution{ID: "hourly-x", RunID: "p"}

	writer, err := findWriter(t.Context(), described{run: run}, "write:posthog.tracks")
	require.NoError(t, err)
	assert.True(t, writer.Running)
	assert.Equal(t, "WriteTracks", writer.What, "a run without a summary goes by its type")
	assert.Equal(t, "hourly-x p r", writer.For+" "+writer.ForRun+" "+writer.RunID)
	assert.Equal(t, since, writer.Since)

	writer, err = findWriter(t.Context(), described{err: serviceerror.NewNotFound("no such workflow")}, "write:posthog.tracks")
	require.NoError(t, err)
	assert.False(t, writer.Running)

	_, err = findWriter(t.Context(), described{err: serviceerror.NewPermissionDenied("no", "")}, "write:posthog.tracks")
	require.ErrorContains(t, err, "write:posthog.tracks")
}
