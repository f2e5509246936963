package main

import (
	"context"
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/connect"
)

// starter is what the commands share: where the configuration is.
type starter struct{ file string }

func (s *starter) config() (config.Config, error) { return config.Read(s.file) }

// server is a client of Temporal and how its payloads are read.
type server struct {
	client.Client

	payloads converter.DataConverter
}

// connect connects to Temporal. Its own log would only repeat what errors say.
func (s *starter) connect(ctx context.Context) (*server, error) {
	settings, err := s.config()
	if err != nil {
		return nil, err
	}
	options, err := connect.TemporalOptions(slog.New(slog.DiscardHandler), settings.Encryption.Keys)
	if err != nil {
		return nil, err
	}
	temporal, err := connect.Temporal(ctx, options)
	if err != nil {
		return nil, err
	}
	return &server{Client: temporal, payloads: options.DataConverter}, nil
}

// dial connects to Temporal.
func (s *starter) dial(ctx context.Context) (client.Client, error) {
	temporal, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	return temporal, nil
}
