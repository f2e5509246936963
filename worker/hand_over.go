package main

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
)

// handOverTime is how long activities have to end, once they are told to, and to
// report it.
const handOverTime = 5 * time.Second

// handOver is the interceptor that ends activities of a stopping worker when they
// have had their time. The SDK ends them too, but then does not wait for them to
// report it, and the server would take them for running until their heartbeat
// timeout. An activity that reports is started elsewhere at once.
type handOver struct {
	interceptor.WorkerInterceptorBase

	patience time.Duration
}

// InterceptActivity puts the watch around an activity.
func (h *handOver) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	a := &handedOver{patience: h.patience}
	a.Next = next
	return a
}

type handedOver struct {
	interceptor.ActivityInboundInterceptorBase

	patience time.Duration
}

// ExecuteActivity runs the activity until it is done, or the worker has been
// stopping for long enough.
func (h *handedOver) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stopping := activity.GetWorkerStopChannel(ctx)
	done := ctx.Done()
	go func() {
		select {
		case <-done:
			return
		case <-stopping:
		}
		select {
		case <-done:
		case <-time.After(h.patience):
			cancel(worker.ErrWorkerShutdown)
		}
	}()
	return h.Next.ExecuteActivity(ctx, in)
}
