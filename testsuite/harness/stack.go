package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack"
)

func (r *Rig) startStack(ctx context.Context) (err error) {
	if r.options.StackBinary != "" {
		if r.Process, err = devstack.StartProcess(ctx, r.options.StackBinary, r.options.Stack); err != nil {
			return err
		}
		r.Endpoints = r.Process.Endpoints
		return nil
	}
	if r.Stack, err = devstack.Start(ctx, r.options.Stack); err != nil {
		return err
	}
	r.Endpoints = r.Stack.Endpoints
	return nil
}

func (r *Rig) stopStack() error {
	switch {
	case r.Process != nil:
		return r.Process.Stop()
	case r.Stack != nil:
		return r.Stack.Stop()
	default:
		return nil
	}
}

// KillStack ends the stack's process as a crash would.
func (r *Rig) KillStack() error {
	if r.Process == nil {
		return errors.New("kill stack: it is no process of its own, see Options.StackBinary")
	}
	return r.Process.Kill()
}

// RestartStack starts a killed stack's process again, where it was: same ports,
// same state.
func (r *Rig) RestartStack(ctx context.Context) (err error) {
	stack := &r.options.Stack
	for _, at := range []struct {
		address string
		port    *int
	}{
		{"tcp://" + r.TemporalAddress, &stack.TemporalPort},
		{r.StorageURL, &stack.StoragePort},
		{r.UIURL, &stack.UIPort},
	} {
		if at.address == "" {
			continue
		}
		if *at.port, err = portOf(at.address); err != nil {
			return err
		}
	}
	return r.startStack(ctx)
}

func portOf(address string) (int, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return 0, fmt.Errorf("read address: %w", err)
	}
	_, port, err := net.SplitHostPort(parsed.Host)
	if err != nil {
		return 0, fmt.Errorf("read address: %w", err)
	}
	return strconv.Atoi(port)
}
