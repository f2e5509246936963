// Command soak runs simulated days of hours that follow each other at once, while
// workers and Temporal are killed and the bucket errs, and then in calm. It fails
// when a law is broken, when the worker's memory or open files grow, or when the
// history of an hour gets long.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var s soak
	flag.DurationVar(&s.length, "for", 30*time.Minute, "how long to start hours; the last third is calm")
	flag.Uint64Var(&s.seed, "seed", 1, "what kills and exports follow from")
	flag.IntVar(&s.parallel, "parallel", 4, "hours at a time")
	flag.IntVar(&s.events, "events", 500, "ordinary events an hour")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, &s)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "\nsoak:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s *soak) (err error) {
	dir, err := os.MkdirTemp("", "posthog-tracks-soak")
	if err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	if err := s.start(ctx, dir); err != nil {
		return err
	}
	if err := errors.Join(s.work(ctx), s.stopWorker()); err != nil {
		return errors.Join(fmt.Errorf("%w (everything is left in %s)", err, dir), s.rig.Stop())
	}
	if err := errors.Join(s.judge(ctx), s.rig.Stop()); err != nil {
		return fmt.Errorf("%w (everything is left in %s)", err, dir)
	}
	return os.RemoveAll(dir)
}
