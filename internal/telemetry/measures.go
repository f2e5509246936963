package telemetry

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// measures are the pipeline's own metrics. They count what this process did since
// it started, a retried step twice; window_ledger is the truth.
type measures struct {
	rows, rejects, windows, failures, read, billed metric.Int64Counter

	merging            metric.Float64Histogram
	lag, age, lastGood metric.Float64Gauge
}

func newMeasures(meter metric.Meter) (*measures, error) {
	m := &measures{}
	var failed error
	keep := func(err error) {
		if failed == nil && err != nil {
			failed = fmt.Errorf("declare metrics: %w", err)
		}
	}
	counter := func(name, help string) metric.Int64Counter {
		c, err := meter.Int64Counter(name, metric.WithDescription(help))
		keep(err)
		return c
	}
	gauge := func(name, help string) metric.Float64Gauge {
		g, err := meter.Float64Gauge(name, metric.WithDescription(help), metric.WithUnit("s"))
		keep(err)
		return g
	}
	m.rows = counter("tracks_rows", "Rows by what became of them")
	m.rejects = counter("tracks_rejects", "Rows that went to raw_rejects, by reason")
	m.windows = counter("tracks_windows", "Windows by how their run ended")
	m.failures = counter("tracks_activity_failures", "Failed attempts of activities, by the type of the error")
	m.read = counter("tracks_export_bytes", "Bytes of export objects loaded")
	m.billed = counter("tracks_billed_bytes", "Bytes the warehouse billed, by step")
	m.lag = gauge("tracks_window_lag", "From the end of the window loaded last to its load")
	m.age = gauge("tracks_freshness_age", "Age of the newest row of raw_tracks when it was last looked at")
	m.lastGood = gauge("tracks_window_merged_end_timestamp", "End of the newest window merged, as Unix time")
	var err error
	m.merging, err = meter.Float64Histogram("tracks_merge", metric.WithDescription("How long merging one load took"), metric.WithUnit("s"))
	keep(err)
	if failed == nil {
		m.zero()
	}
	return m, failed
}

// zero makes counters exist before anything is counted, so that a first failure is
// an increase and not a new series.
func (m *measures) zero() {
	ctx := context.Background()
	for _, status := range []ledger.Status{ledger.Merged, ledger.Missing, ledger.Empty, ledger.Failed, ledger.Cancelled} {
		m.windows.Add(ctx, 0, label("status", string(status)))
	}
	m.loaded(ctx, ledger.Rows{})
	m.merged(ctx, ledger.Merge{})
}

func (m *measures) loaded(ctx context.Context, rows ledger.Rows) {
	m.read.Add(ctx, rows.Bytes)
	m.rows.Add(ctx, rows.Loaded, label("outcome", "loaded"))
	m.rows.Add(ctx, rows.Rejected, label("outcome", "rejected"))
	for reason, n := range rows.RejectedBy {
		m.rejects.Add(ctx, n, label("reason", string(reason)))
	}
}

func (m *measures) merged(ctx context.Context, merge ledger.Merge) {
	m.rows.Add(ctx, merge.Inserted, label("outcome", "inserted"))
	m.rows.Add(ctx, merge.Updated, label("outcome", "updated"))
	m.rows.Add(ctx, merge.Unchanged, label("outcome", "unchanged"))
	m.rows.Add(ctx, merge.Collided, label("outcome", "collided"))
	m.rows.Add(ctx, merge.BeforeCutover, label("outcome", "before_cutover"))
}

func (m *measures) mergedWindow(ctx context.Context, w window.Window, merge ledger.Merge, took time.Duration) {
	m.merged(ctx, merge)
	m.windows.Add(ctx, 1, label("status", string(ledger.Merged)))
	m.merging.Record(ctx, took.Seconds())
	m.lastGood.Record(ctx, float64(w.End().Unix()))
}

func (m *measures) fresh(ctx context.Context, f contract.Freshness) {
	m.lag.Record(ctx, f.WindowLag.Seconds())
	m.age.Record(ctx, f.Age.Seconds())
}

func (m *measures) ended(ctx context.Context, outcome ledger.Outcome) {
	m.windows.Add(ctx, 1, label("status", string(outcome.Status)))
}

func (m *measures) failed(ctx context.Context, activity, kind string) {
	m.failures.Add(ctx, 1, metric.WithAttributes(attribute.String("activity", activity), attribute.String("type", kind)))
}

func label(name, value string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String(name, value))
}
