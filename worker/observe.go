package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/telemetry"
)

// observe serves metrics, health, readiness and the report, and watches the schedules, until
// ctx ends and the result is closed. Without an address nothing is served.
func observe(ctx context.Context, settings config.Config, measured *telemetry.Telemetry, w *world, logger *slog.Logger) (stop func() error, err error) {
	if err := measured.WatchSchedules(ctx, w.temporal.ScheduleClient(), settings.Schedules.IDs(), logger); err != nil {
		return nil, err
	}
	if settings.Telemetry.Listen == "" {
		return func() error { return nil }, nil
	}
	endpoint, err := measured.Listen(ctx, settings.Telemetry.Listen, func(probe context.Context) error { return ready(probe, ctx, w) })
	if err != nil {
		return nil, err
	}
	serveReport(endpoint, settings, w)
	logger.Info("metrics and health are served", "address", endpoint.Address)
	return endpoint.Close, nil
}

// ready says what keeps the worker from taking work.
func ready(probe, life context.Context, w *world) error {
	if life.Err() != nil {
		return errors.New("the worker is stopping")
	}
	if _, err := w.temporal.CheckHealth(probe, &client.CheckHealthRequest{}); err != nil {
		return fmt.Errorf("ask Temporal for its health: %w", err)
	}
	return nil
}
