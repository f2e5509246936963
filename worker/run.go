package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/sdk/worker"
)

// runBoth runs both workers until ctx ends or one of them fails for good, which
// fatal tells. Then no new work is taken, and what is in flight may finish until
// the stop timeout; the rest fails its attempt, and another worker takes it up at
// once.
func runBoth(ctx context.Context, main, loader worker.Worker, fatal <-chan error, patience time.Duration, logger *slog.Logger) error {
	if err := loader.Start(); err != nil {
		return fmt.Errorf("start load worker: %w", err)
	}
	if err := main.Start(); err != nil {
		loader.Stop()
		return fmt.Errorf("start worker: %w", err)
	}
	logger.Info("worker is running")
	var failed error
	select {
	case <-ctx.Done():
	case err := <-fatal:
		failed = fmt.Errorf("poll for work: %w", err)
	}
	logger.Info("worker is stopping", "atMost", patience.String())
	var stopping sync.WaitGroup
	stopping.Go(main.Stop)
	stopping.Go(loader.Stop)
	stopping.Wait()
	return failed
}
