package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/gcs"
	"github.com/posthog-tracks/posthog-tracks/internal/span"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// versions are those of this build.
func versions() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "built without module information"
	}
	said := []string{"version " + build.Main.Version, build.GoVersion}
	for _, dependency := range build.Deps {
		switch dependency.Path {
		case "go.temporal.io/sdk", "github.com/duckdb/duckdb-go/v2", "cloud.google.com/go/storage", "cloud.google.com/go/bigquery":
			said = append(said, dependency.Path+" "+dependency.Version)
		}
	}
	return strings.Join(said, ", ")
}

func (s *starter) temporalChecks(settings config.Config) []check {
	with := func(look func(ctx context.Context, server client.Client) (string, error)) func(context.Context) (string, error) {
		return func(ctx context.Context) (string, error) {
			server, err := s.dial(ctx)
			if err != nil {
				return "", err
			}
			defer server.Close()
			return look(ctx, server)
		}
	}
	return []check{
		{
			name: "connection", look: func(context.Context) (string, error) { return connectionText() },
			mend: "set Temporal's own variables: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_…, or its profile file",
		},
		{
			name: "Temporal", look: with(temporalVersion),
			mend: "start the server, or set TEMPORAL_ADDRESS to where it is; behind TLS set TEMPORAL_TLS or TEMPORAL_API_KEY",
		},
		{
			name: "namespace", look: with(namespaceText),
			mend: "create it with `temporal operator namespace create`, or set TEMPORAL_NAMESPACE",
		},
		{
			name: "workers", look: with(func(ctx context.Context, server client.Client) (string, error) {
				return workersText(ctx, server, settings)
			}),
			mend: "start `worker` with this configuration",
		},
		{
			name: "schedules", look: with(schedulesText),
			mend: "run `starter schedules apply`",
		},
	}
}

// connectionText says how Temporal is reached, and of secrets only that they are set.
func connectionText() (string, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return "", fmt.Errorf("read Temporal connection from the environment: %w", err)
	}
	address, namespace := options.HostPort, options.Namespace
	if address == "" {
		address = client.DefaultHostPort
	}
	if namespace == "" {
		namespace = client.DefaultNamespace
	}
	said := fmt.Sprintf("%s, namespace %s", address, namespace)
	if options.ConnectionOptions.TLS != nil {
		said += ", TLS"
	}
	if options.Credentials != nil || os.Getenv("TEMPORAL_API_KEY") != "" {
		said += ", API key set"
	}
	return said, nil
}

func temporalVersion(ctx context.Context, server client.Client) (string, error) {
	info, err := server.WorkflowService().GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
	if err != nil {
		return "", fmt.Errorf("ask Temporal for its version: %w", err)
	}
	return "server " + info.GetServerVersion(), nil
}

func namespaceText(ctx context.Context, server client.Client) (string, error) {
	namespace, err := namespaceName()
	if err != nil {
		return "", err
	}
	about, err := server.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	if err != nil {
		return "", fmt.Errorf("look at namespace %s: %w", namespace, err)
	}
	kept := about.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	return fmt.Sprintf("%s keeps ended runs for %s; window_ledger keeps what they did for good", namespace, span.Text(kept)), nil
}

func namespaceName() (string, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return "", fmt.Errorf("read Temporal connection from the environment: %w", err)
	}
	if options.Namespace == "" {
		return client.DefaultNamespace, nil
	}
	return options.Namespace, nil
}

func workersText(ctx context.Context, server client.Client, settings config.Config) (string, error) {
	found := &standing{Workers: make(map[string]int)}
	if err := found.findWorkers(ctx, server, settings); err != nil {
		return "", err
	}
	var said []string
	for queue, n := range found.Workers {
		if n == 0 {
			return "", fmt.Errorf("nobody polls task queue %s", queue)
		}
		said = append(said, fmt.Sprintf("%d on %s", n, queue))
	}
	slices.Sort(said)
	return strings.Join(said, ", "), nil
}

func schedulesText(ctx context.Context, server client.Client) (string, error) {
	found := &standing{}
	if err := found.findSchedules(ctx, server); err != nil {
		return "", err
	}
	if len(found.Schedules) == 0 {
		return "", errors.New("there is no schedule")
	}
	said := make([]string, len(found.Schedules))
	for i, one := range found.Schedules {
		said[i] = one.text()
	}
	return strings.Join(said, "; "), nil
}

// listBucket lists the folder of the last full hour. That it is empty is no fault.
func listBucket(ctx context.Context, settings config.Config) (string, error) {
	bucket, err := gcs.Open(ctx, settings.Bucket)
	if err != nil {
		return "", err
	}
	defer func() { _ = bucket.Close() }()
	folder := settings.Prefix.Of(window.Before(time.Now()))
	look, err := bucket.List(ctx, folder)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d objects in gs://%s/%s, the folder of the last full hour", len(look.Objects), settings.Bucket, folder), nil
}

func askWarehouse(ctx context.Context, settings config.Config) (string, error) {
	tables, err := openTables(ctx, settings)
	if err != nil {
		return "", err
	}
	defer func() { _ = tables.Close() }()
	newest, ok, err := tables.Newest(ctx)
	switch {
	case err != nil:
		return "", err
	case !ok:
		return settings.Warehouse.Kind + ", raw_tracks is empty", nil
	default:
		return fmt.Sprintf("%s, the newest stamp of raw_tracks is %s old", settings.Warehouse.Kind, span.Text(time.Since(newest))), nil
	}
}

// countTables checks that every table is there, by counting its rows.
func countTables(ctx context.Context, settings config.Config) (string, error) {
	tables, err := openTables(ctx, settings)
	if err != nil {
		return "", err
	}
	defer func() { _ = tables.Close() }()
	var said []string
	err = tables.Inspect(ctx, "overview", "counts", nil, func(row []string) error {
		said = append(said, fmt.Sprintf("%s %s", row[0], row[1]))
		return nil
	})
	return strings.Join(said, ", "), err
}
