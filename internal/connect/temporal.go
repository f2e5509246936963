package connect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"

	"github.com/posthog-tracks/posthog-tracks/internal/codec"
)

// TemporalOptions are how every process reaches Temporal: by Temporal's own
// environment variables and profile file, TLS and API keys included. keys are
// references to encryption keys; see codec.ReadKey.
func TemporalOptions(logger *slog.Logger, keys []string) (client.Options, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return client.Options{}, fmt.Errorf("read Temporal connection from the environment: %w", err)
	}
	options.Namespace = cmp.Or(options.Namespace, client.DefaultNamespace)
	options.Logger = log.NewStructuredLogger(logger)
	options.DataConverter = converter.GetDefaultDataConverter()
	if len(keys) > 0 {
		encryption, err := codec.New(keys)
		if err != nil {
			return client.Options{}, err
		}
		options.DataConverter = converter.NewCodecDataConverter(options.DataConverter, encryption)
	}
	return options, nil
}

// Temporal connects. Its errors say what to mend.
func Temporal(ctx context.Context, options client.Options) (client.Client, error) {
	temporal, err := client.DialContext(ctx, options)
	if err == nil {
		return temporal, nil
	}
	return nil, explain(err, options)
}

// explain adds to what Temporal answers what a person can do about it.
func explain(err error, options client.Options) error {
	doing := fmt.Errorf("connect to Temporal at %s: %w", options.HostPort, err)
	if _, ok := errors.AsType[*serviceerror.NamespaceNotFound](err); ok {
		return fmt.Errorf("%w; create namespace %s, or name another one with TEMPORAL_NAMESPACE", doing, options.Namespace)
	}
	if _, ok := errors.AsType[*serviceerror.PermissionDenied](err); ok {
		return fmt.Errorf("%w; check TEMPORAL_API_KEY, or the certificate in TEMPORAL_TLS_CLIENT_CERT_PATH", doing)
	}
	return fmt.Errorf("%w; check TEMPORAL_ADDRESS and, for a server with TLS, TEMPORAL_TLS", doing)
}

// NamespaceExists asks whether the client's namespace is there, which dialling does not.
func NamespaceExists(ctx context.Context, temporal client.Client, options client.Options) error {
	request := &workflowservice.DescribeNamespaceRequest{Namespace: options.Namespace}
	if _, err := temporal.WorkflowService().DescribeNamespace(ctx, request); err != nil {
		return explain(err, options)
	}
	return nil
}
