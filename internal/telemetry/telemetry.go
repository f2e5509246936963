package telemetry

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
)

// scope names whose measures and spans these are.
const scope = "posthog-tracks"

// traceVariables name OpenTelemetry's own environment variables that say where
// traces go. Without one of them there are none.
var traceVariables = []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"}

// seconds are the borders of every histogram: from one call to hours of merging.
var seconds = []float64{.005, .025, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 3 * 3600}

// Telemetry is what one process measures and traces.
type Telemetry struct {
	registry *prometheus.Registry
	metrics  *sdkmetric.MeterProvider
	traces   *sdktrace.TracerProvider // nil without a place to send them to
	measures *measures
}

// Start begins to measure, and to trace if OpenTelemetry's environment says where
// to. Close ends it.
func Start(ctx context.Context) (*Telemetry, error) {
	origin, err := resource.New(ctx, resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		return nil, fmt.Errorf("describe this process to OpenTelemetry: %w", err)
	}
	t := &Telemetry{registry: prometheus.NewRegistry()}
	t.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(t.registry), otelprometheus.WithoutScopeInfo())
	if err != nil {
		return nil, fmt.Errorf("start the metrics exporter: %w", err)
	}
	t.metrics = sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter), sdkmetric.WithResource(origin), sdkmetric.WithView(sdkmetric.NewView(
		sdkmetric.Instrument{Kind: sdkmetric.InstrumentKindHistogram},
		sdkmetric.Stream{Aggregation: sdkmetric.AggregationExplicitBucketHistogram{Boundaries: seconds}},
	)))
	if t.measures, err = newMeasures(t.meter()); err != nil {
		return nil, err
	}
	if tracesWanted() {
		spans, err := otlptracegrpc.New(ctx)
		if err != nil {
			return nil, fmt.Errorf("start the trace exporter: %w", err)
		}
		t.traces = sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans), sdktrace.WithResource(origin))
	}
	return t, nil
}

func tracesWanted() bool {
	for _, name := range traceVariables {
		if os.Getenv(name) != "" {
			return true
		}
	}
	return false
}

func (t *Telemetry) meter() metric.Meter { return t.metrics.Meter(scope) }

// Instrument makes a client, and the workers that use it, measure and trace.
func (t *Telemetry) Instrument(options *client.Options) error {
	options.MetricsHandler = opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{
		Meter: t.meter(), UseMonotonicCounters: true,
	})
	if t.traces == nil {
		return nil
	}
	tracing, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{
		Tracer: t.traces.Tracer(scope), AllowInvalidParentSpans: true,
	})
	if err != nil {
		return fmt.Errorf("start tracing: %w", err)
	}
	options.Interceptors = append(options.Interceptors, tracing)
	return nil
}

// Observer is the worker's interceptor that counts what activities did and puts
// the window into their logs.
func (t *Telemetry) Observer() interceptor.WorkerInterceptor {
	return &observer{measures: t.measures}
}

// Billed counts bytes that the warehouse billed for a step.
func (t *Telemetry) Billed(step string, bytes int64) {
	t.measures.billed.Add(context.Background(), bytes, label("step", step))
}

// Close sends what is left to send.
func (t *Telemetry) Close(ctx context.Context) error {
	err := t.metrics.Shutdown(ctx)
	if t.traces != nil {
		err = errors.Join(err, t.traces.Shutdown(ctx))
	}
	if err != nil {
		return fmt.Errorf("end telemetry: %w", err)
	}
	return nil
}
