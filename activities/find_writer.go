package activities

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
)

// writers tells who runs under a workflow id.
type writers interface {
	DescribeWorkflow(ctx context.Context, workflowID, runID string) (*client.WorkflowExecutionDescription, error)
}

// FindWriter says who holds the writer lock, for those who wait for it.
func FindWriter(ctx context.Context, in contract.FindWriterInput) (contract.Writer, error) {
	return findWriter(ctx, activity.GetClient(ctx), in.WorkflowID)
}

func findWriter(ctx context.Context, from writers, workflowID string) (contract.Writer, error) {
	found, err := from.DescribeWorkflow(ctx, workflowID, "")
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return contract.Writer{}, nil
	}
	if err != nil {
		return contract.Writer{}, fmt.Errorf("describe workflow %s: %w", workflowID, err)
	}
	what, err := found.GetStaticSummary()
	if err != nil || what == "" {
		what = found.WorkflowType.Name // it was not started by us, or is encrypted for others
	}
	writer := contract.Writer{
		Running: found.Status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING,
		RunID:   found.WorkflowExecution.RunID, What: what, Since: found.WorkflowStartTime.UTC(),
	}
	if parent := found.ParentWorkflowExecution; parent != nil {
		writer.For, writer.ForRun = parent.ID, parent.RunID
	}
	return writer, nil
}
