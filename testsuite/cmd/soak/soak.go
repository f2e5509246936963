package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// patience is how long one hour may take, kills included.
const patience = 10 * time.Minute

// soak is one run of the soak.
type soak struct {
	length           time.Duration
	seed             uint64
	parallel, events int

	rig    *harness.Rig
	bucket *errantBucket
	gauge  gauge

	mu     sync.RWMutex // held for writing while the stack is down
	worker *harness.Worker
	calm   bool

	results sync.Mutex // guards what follows
	runs    []harness.Run
	kills   map[string]int
}

func (s *soak) start(ctx context.Context, dir string) (err error) {
	fmt.Println("Building the product and the dev stack; the first time this takes some minutes.")
	binaries, err := harness.Build(ctx, dir)
	if err != nil {
		return err
	}
	stack, err := harness.BuildStack(ctx, dir)
	if err != nil {
		return err
	}
	if s.bucket, err = newErrantBucket(ctx, s.seed); err != nil {
		return err
	}
	s.kills = make(map[string]int)
	s.rig, err = harness.Start(ctx, harness.Options{
		Dir: dir, Binaries: binaries, StackBinary: stack, Heartbeat: 3 * time.Second,
		Stack: devstack.Options{DisableUI: true, Dir: filepath.Join(dir, "stack")},
		Environment: []string{
			"STORAGE_EMULATOR_HOST=" + s.bucket.url, "TRACKS_EXPORT_CONFIRM=100ms", "TRACKS_EXPORT_POLL=500ms",
			"TRACKS_WRITE_POLL=1s", "TRACKS_WRITE_MAX_POLL=1m", // as in production: every look at the lock is in the history
		},
	})
	if err != nil {
		return err
	}
	s.bucket.leadTo(s.rig.StorageURL)
	s.worker, err = s.rig.StartWorker()
	return err
}

// work starts hours until the time is up and waits for them all.
func (s *soak) work(ctx context.Context) error {
	until := time.Now().Add(s.length)
	trouble, calmDown := context.WithDeadline(ctx, until.Add(-s.length/3))
	defer calmDown()
	var others sync.WaitGroup
	var killing, measuring error
	others.Go(func() { killing = s.kill(trouble, ctx) })
	gauged, enough := context.WithCancel(ctx)
	others.Go(func() { measuring = s.measure(gauged) })

	failures := make(chan error, s.parallel)
	hours := make(chan window.Window)
	var loaders sync.WaitGroup
	for range s.parallel {
		loaders.Go(func() {
			for w := range hours {
				if err := s.hour(ctx, w); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	failure := s.feed(ctx, until, hours, failures)
	close(hours)
	loaders.Wait()
	enough()
	others.Wait()
	close(failures)
	for err := range failures {
		failure = errors.Join(failure, err)
	}
	return errors.Join(failure, killing, measuring)
}

// feed hands out the hours, one after the other, until the time is up.
func (s *soak) feed(ctx context.Context, until time.Time, hours chan<- window.Window, failures <-chan error) error {
	w, err := window.Parse("2026-06-12T00")
	if err != nil {
		return err
	}
	for time.Now().Before(until) {
		select {
		case hours <- w:
			w = w.Next()
		case err := <-failures:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// hour uploads an hour's export, runs it and waits for its end.
func (s *soak) hour(ctx context.Context, w window.Window) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	options := sample.Options{Seed: s.seed, Events: s.events, Traps: sample.AllTraps().Without(sample.OrphanPart, sample.EmptyLastPart)}
	err := s.again(ctx, func() error {
		_, err := s.rig.Upload(ctx, w, options)
		return err
	})
	if err != nil {
		return err
	}
	err = s.again(ctx, func() error {
		_, err := s.rig.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID: harness.RunID(w), TaskQueue: "posthog-tracks",
			WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		}, workflows.HourlyTracks, workflows.HourlyInput{Window: w})
		return err
	})
	if err != nil {
		return fmt.Errorf("start hour %s: %w", w, err)
	}
	done, err := s.rig.Await(ctx, w)
	if err != nil {
		return err
	}
	if done.Status != enums.WORKFLOW_EXECUTION_STATUS_COMPLETED {
		return fmt.Errorf("hour %s ended as %s", w, done.Status)
	}
	s.results.Lock()
	defer s.results.Unlock()
	s.runs = append(s.runs, done)
	if len(s.runs)%24 == 0 {
		fmt.Printf("%d hours done\n", len(s.runs))
	}
	return nil
}

// again repeats what fails because the stack has just been killed.
func (s *soak) again(ctx context.Context, do func() error) error {
	for {
		s.mu.RLock()
		err := do()
		s.mu.RUnlock()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (s *soak) stopWorker() error { return s.worker.Stop() }
