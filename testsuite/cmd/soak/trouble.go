package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// What is struck: a worker's process, the warehouse's file in somebody else's hands
// when the next worker needs it, and the stack, alone and with the worker.
const (
	theWorker, theWarehouse, theStack, everything = "worker", "worker, and its warehouse held", "Temporal and bucket", "all"
)

var victims = []string{theWorker, theWarehouse, theStack, everything}

// held is how long somebody else keeps the warehouse.
const held = 10 * time.Second

// kill kills workers and Temporal, with pauses in between, until trouble ends.
func (s *soak) kill(trouble, ctx context.Context) error {
	random := rand.New(rand.NewPCG(s.seed, 2)) //nolint:gosec // no secret follows from it
	for {
		select {
		case <-trouble.Done():
			s.mu.Lock()
			defer s.mu.Unlock()
			s.calm = true
			s.bucket.behave()
			return nil
		case <-time.After(time.Duration(5+random.IntN(15)) * time.Second):
		}
		victim := victims[random.IntN(len(victims))]
		if err := s.strike(ctx, victim); err != nil {
			return fmt.Errorf("kill %s: %w", victim, err)
		}
		s.results.Lock()
		s.kills[victim]++
		s.results.Unlock()
	}
}

func (s *soak) strike(ctx context.Context, victim string) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	restart := victim == theStack || victim == everything
	if restart {
		if err := s.rig.KillStack(); err != nil {
			return err
		}
	}
	if victim != theStack {
		if err := s.worker.Kill(); err != nil {
			return err
		}
	}
	if restart {
		if err := s.rig.RestartStack(ctx); err != nil {
			return err
		}
	}
	if victim == theStack {
		return nil
	}
	if victim == theWarehouse {
		release, failure := s.rig.HoldWarehouse(ctx)
		if failure != nil {
			return failure
		}
		defer func() { err = errors.Join(err, release()) }()
	}
	if err := s.startWorker(ctx); err != nil {
		return err
	}
	if victim == theWarehouse {
		select {
		case <-ctx.Done():
		case <-time.After(held):
		}
	}
	return nil
}

// startWorker starts a worker and waits until it listens.
func (s *soak) startWorker(ctx context.Context) error {
	running := s.rig.Running()
	var err error
	if s.worker, err = s.rig.StartWorker(); err != nil {
		return err
	}
	for s.rig.Running() == running {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.worker.Ended():
			return fmt.Errorf("the new worker ended, see %s", s.rig.WorkerLog)
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}
