package main

import (
	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/connect"
	"github.com/posthog-tracks/posthog-tracks/internal/report"
	"github.com/posthog-tracks/posthog-tracks/internal/telemetry"
)

// reportDays is how many days the report shows unless the request says otherwise.
const reportDays = 14

// serveReport lets the report be read while this process has the warehouse file open.
// Health and readiness do not ask the warehouse, so that a page that takes long is no
// reason to end the worker.
func serveReport(endpoint *telemetry.Endpoint, settings config.Config, w *world) {
	endpoint.Handle("GET "+report.Path, report.Handler(w.store, connect.Report(settings, w.namespace, reportDays)))
}
