package main

import (
	"go.temporal.io/sdk/worker"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/alert"
	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/contract"
)

// registerCheckActivities reads which data tests there are and who is told of them, so
// that a mistake in either keeps the worker from starting.
func registerCheckActivities(w worker.Worker, settings config.Config, store store, bucket activities.Lister) error {
	tests, err := settings.Checks.Tests()
	if err != nil {
		return err
	}
	webhook, err := alert.Read(settings.Checks.WebhookFile)
	if err != nil {
		return err
	}
	checks := &activities.Checks{
		Warehouse: store, Tests: tests,
		Bucket: &activities.Reconciliation{Bucket: bucket, Prefix: settings.Prefix, Books: store},
	}
	if webhook != nil { // a nil *Webhook is no nil Alerts
		checks.Alerts = webhook
	}
	register(w, contract.PlanTests, checks.PlanTests)
	register(w, contract.RunTest, checks.RunTest)
	register(w, contract.ConcludeTests, checks.ConcludeTests)
	return nil
}
