package activities

import (
	"context"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"
)

// heartbeats are the sign of life of one activity, sent from a goroutine of its
// own until stop is called.
type heartbeats struct {
	ctx     context.Context //nolint:containedctx // heartbeats outlive the call that starts them
	details atomic.Pointer[any]
	done    chan struct{}
	stopped chan struct{}
}

// beat starts heartbeats at a third of the activity's heartbeat timeout. details
// is what they carry until say is called.
//
// They go out on a context that cancellation does not reach: the SDK would else
// drop every heartbeat after a cancellation, the server would take the activity
// for dead, and the workflow would be closed while this activity still cleans up.
func beat(ctx context.Context, details any) *heartbeats {
	h := &heartbeats{ctx: context.WithoutCancel(ctx), done: make(chan struct{}), stopped: make(chan struct{})}
	h.say(details)
	interval := activity.GetInfo(ctx).HeartbeatTimeout / 3
	if interval <= 0 {
		interval = 10 * time.Second
	}
	go h.run(interval)
	return h
}

func (h *heartbeats) run(interval time.Duration) {
	defer close(h.stopped)
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		activity.RecordHeartbeat(h.ctx, *h.details.Load())
		select {
		case <-h.done:
			return
		case <-ticker.C:
		}
	}
}

// say sets what the next heartbeats carry: a line for the person who looks at the
// pending activity, or what the next attempt goes on from.
func (h *heartbeats) say(details any) { h.details.Store(&details) }

// stop ends the heartbeats with a last one, which reaches the next attempt if
// this one fails.
func (h *heartbeats) stop() {
	close(h.done)
	<-h.stopped
	activity.RecordHeartbeat(h.ctx, *h.details.Load())
}
