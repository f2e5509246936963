package main

import (
	"context"
	"fmt"
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/converter"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/telemetry"
)

// starter is what the commands share: where the configuration is.
type starter struct{ file string }

func (s *starter) config() (config.Config, error) { return config.Read(s.file) }

// connection is a client of Temporal and how its payloads are read.
type connection struct {
	client.Client

	payloads converter.DataConverter
}

// connect connects to Temporal.
func (s *starter) connect(ctx context.Context) (*connection, error) {
	temporal, err := s.dial(ctx)
	if err != nil {
		return nil, err
	}
	return &connection{Client: temporal, payloads: converter.GetDefaultDataConverter()}, nil
}

// dial connects to Temporal. Its own log would only repeat what errors say.
func (s *starter) dial(ctx context.Context) (client.Client, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, fmt.Errorf("read Temporal connection from the environment: %w", err)
	}
	options.Logger = telemetry.ForTemporal(slog.New(slog.DiscardHandler))
	temporal, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("connect to Temporal at %s (set TEMPORAL_ADDRESS): %w", options.HostPort, err)
	}
	return temporal, nil
}
