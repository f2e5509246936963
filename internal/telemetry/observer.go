package telemetry

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// observer watches activities from outside: what goes in names the window, what
// comes out are counts.
type observer struct {
	interceptor.WorkerInterceptorBase

	measures *measures
}

// InterceptActivity puts the observer around an activity.
func (o *observer) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	a := &observed{measures: o.measures}
	a.Next = next
	return a
}

type observed struct {
	interceptor.ActivityInboundInterceptorBase

	measures *measures
}

// Init puts the window into what the activity logs.
func (o *observed) Init(outbound interceptor.ActivityOutboundInterceptor) error {
	logging := &windowLogging{}
	logging.Next = outbound
	return o.Next.Init(logging)
}

// ExecuteActivity runs the activity and counts what came of it.
func (o *observed) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	var argument any
	if len(in.Args) > 0 {
		argument = in.Args[0]
	}
	w := windowOf(argument)
	if !w.IsZero() {
		ctx = context.WithValue(ctx, windowKey{}, w)
	}
	began := time.Now()
	result, err := o.Next.ExecuteActivity(ctx, in)
	if err != nil {
		o.failed(ctx, err)
		return result, err
	}
	o.succeeded(ctx, argument, result, time.Since(began))
	return result, nil
}

func (o *observed) succeeded(ctx context.Context, argument, result any, took time.Duration) {
	switch r := result.(type) {
	case ledger.Load:
		o.measures.loaded(ctx, r.Rows)
		activity.GetLogger(ctx).Info("window is loaded", "read", r.Rows.Read, "loaded", r.Rows.Loaded, "rejected", r.Rows.Rejected, "seconds", took.Seconds())
	case contract.MergeWindowResult:
		o.measures.mergedWindow(ctx, windowOf(argument), r.Merge, took)
		activity.GetLogger(ctx).Info("window is merged", "inserted", r.Inserted, "updated", r.Updated, "unchanged", r.Unchanged,
			"collided", r.Collided, "beforeCutover", r.BeforeCutover, "seconds", took.Seconds())
	case contract.Freshness:
		o.measures.fresh(ctx, r)
	}
	if outcome, ok := argument.(ledger.Outcome); ok {
		o.measures.ended(ctx, outcome)
		activity.GetLogger(ctx).Info("window is not loaded", "status", outcome.Status, "reason", outcome.Reason)
	}
}

// failed counts an attempt, unless failing is how the activity waits, or somebody
// stopped it.
func (o *observed) failed(ctx context.Context, err error) {
	if temporal.IsCanceledError(err) || errors.Is(err, context.Canceled) {
		return
	}
	kind := "untyped"
	if application, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		if application.Category() == temporal.ApplicationErrorCategoryBenign {
			return
		}
		kind = application.Type()
	}
	o.measures.failed(ctx, activity.GetInfo(ctx).ActivityType.Name, kind)
}

// windowOf is the window an activity is about, the zero one when there is none.
func windowOf(argument any) window.Window {
	switch in := argument.(type) {
	case contract.AwaitExportInput:
		return in.Window
	case contract.StageObjectInput:
		return in.Window
	case contract.CommitWindowInput:
		return in.Commit.Load.Window
	case contract.CheckFreshnessInput:
		return in.Window
	case contract.MergeWindowInput:
		return in.Window
	case ledger.Outcome:
		return in.Window
	default:
		return window.Window{}
	}
}

type windowKey struct{}

// windowLogging adds the window to the workflow and run that the SDK logs.
type windowLogging struct {
	interceptor.ActivityOutboundInterceptorBase
}

// GetLogger is the activity's logger.
func (l *windowLogging) GetLogger(ctx context.Context) log.Logger {
	logger := l.Next.GetLogger(ctx)
	if w, ok := ctx.Value(windowKey{}).(window.Window); ok {
		return log.With(logger, "window", w.String())
	}
	return logger
}
