package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

// schedulePoll is the time between two looks at the schedules.
const schedulePoll = time.Minute

// scheduleWatch reports what Temporal counts per schedule only where nobody is
// paged: in the description.
type scheduleWatch struct {
	ids      []string
	describe func(ctx context.Context, id string) (*client.ScheduleDescription, error)

	mu    sync.Mutex
	known map[string]*client.ScheduleDescription // nil for one that does not exist
}

// WatchSchedules reports the schedules' counters until ctx ends.
func (t *Telemetry) WatchSchedules(ctx context.Context, server client.ScheduleClient, ids []string, logger *slog.Logger) error {
	watch := &scheduleWatch{ids: ids, known: make(map[string]*client.ScheduleDescription), describe: func(ctx context.Context, id string) (*client.ScheduleDescription, error) {
		return server.GetHandle(ctx, id).Describe(ctx)
	}}
	if err := watch.declare(t.meter()); err != nil {
		return err
	}
	go watch.run(ctx, logger)
	return nil
}

func (s *scheduleWatch) run(ctx context.Context, logger *slog.Logger) {
	for {
		if err := s.look(ctx); err != nil && ctx.Err() == nil {
			logger.Warn("schedules cannot be looked at", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(schedulePoll):
		}
	}
}

func (s *scheduleWatch) look(ctx context.Context) error {
	for _, id := range s.ids {
		found, err := s.describe(ctx, id)
		if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
			found, err = nil, nil
		}
		if err != nil {
			return fmt.Errorf("describe schedule %s: %w", id, err)
		}
		s.mu.Lock()
		s.known[id] = found
		s.mu.Unlock()
	}
	return nil
}

// declare makes the metrics. They are absent until the first look.
func (s *scheduleWatch) declare(meter metric.Meter) error {
	exists, err1 := meter.Int64ObservableGauge("tracks_schedule_exists", metric.WithDescription("1 if a declared schedule exists in Temporal, else 0"))
	paused, err2 := meter.Int64ObservableGauge("tracks_schedule_paused", metric.WithDescription("1 if the schedule is paused, else 0"))
	started, err3 := meter.Int64ObservableCounter("tracks_schedule_started", metric.WithDescription("Runs the schedule started"))
	missed, err4 := meter.Int64ObservableCounter("tracks_schedule_missed", metric.WithDescription("Runs that were never started because Temporal was away for longer than schedules.catch_up"))
	skipped, err5 := meter.Int64ObservableCounter("tracks_schedule_skipped", metric.WithDescription("Runs that were never started because the one before was still running"))
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return fmt.Errorf("declare metrics of schedules: %w", err)
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		for id, found := range s.known {
			schedule := metric.WithAttributes(attribute.String("schedule", id))
			if found == nil {
				o.ObserveInt64(exists, 0, schedule)
				continue
			}
			o.ObserveInt64(exists, 1, schedule)
			o.ObserveInt64(paused, oneIf(found.Schedule.State.Paused), schedule)
			o.ObserveInt64(started, int64(found.Info.NumActions), schedule)
			o.ObserveInt64(missed, int64(found.Info.NumActionsMissedCatchupWindow), schedule)
			o.ObserveInt64(skipped, int64(found.Info.NumActionsSkippedOverlap), schedule)
		}
		return nil
	}, exists, paused, started, missed, skipped)
	if err != nil {
		return fmt.Errorf("report metrics of schedules: %w", err)
	}
	return nil
}

func oneIf(so bool) int64 {
	if so {
		return 1
	}
	return 0
}
