package connect

import (
	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/report"
)

// Report says what the report is about. Its links lead to runs in a namespace.
func Report(settings config.Config, namespace string, days int) report.Options {
	return report.Options{
		Table: settings.Tables.Name(), Days: days, Late: settings.LateAfter(),
		Warn: settings.Freshness.Warn, Error: settings.Freshness.Error,
		UI: settings.TemporalUI, Namespace: namespace,
	}
}
