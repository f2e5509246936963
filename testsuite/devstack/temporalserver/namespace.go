package temporalserver

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
)

// prepareNamespace waits until the namespace is served and registers the search attributes that it lacks.
func (s *Server) prepareNamespace(
	ctx context.Context, namespace string, attributes map[string]enumspb.IndexedValueType,
) error {
	c, err := client.NewLazyClient(client.Options{
		HostPort:  s.address,
		Namespace: namespace,
		Logger:    sdklog.NewStructuredLogger(discard),
	})
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	defer c.Close()
	if err := awaitNamespace(ctx, c, namespace); err != nil {
		return err
	}
	return registerSearchAttributes(ctx, c, namespace, attributes)
}

// awaitNamespace asks until the answer is yes: the frontend listens a little before it serves.
func awaitNamespace(ctx context.Context, c client.Client, namespace string) error {
	request := &workflowservice.DescribeNamespaceRequest{Namespace: namespace}
	for {
		_, err := c.WorkflowService().DescribeNamespace(ctx, request)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for frontend: %w, last answer: %w", ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func registerSearchAttributes(
	ctx context.Context, c client.Client, namespace string, attributes map[string]enumspb.IndexedValueType,
) error {
	if len(attributes) == 0 {
		return nil
	}
	present, err := c.OperatorService().ListSearchAttributes(ctx,
		&operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("list search attributes: %w", err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for name, kind := range attributes {
		if _, ok := present.GetCustomAttributes()[name]; !ok {
			missing[name] = kind
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx,
		&operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing})
	if err != nil {
		return fmt.Errorf("add search attributes: %w", err)
	}
	return nil
}
