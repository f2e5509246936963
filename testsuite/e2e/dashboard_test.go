package e2e

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// expressions are the PromQL of the dashboard and the alerts.
func expressions(t *testing.T) []string {
	t.Helper()
	dashboard, err := os.ReadFile("../../deploy/grafana/posthog-tracks.json")
	require.NoError(t, err)
	var board struct {
		Panels []struct {
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	require.NoError(t, json.Unmarshal(dashboard, &board))
	var all []string
	for _, panel := range board.Panels {
		require.NotEmpty(t, panel.Targets)
		for _, target := range panel.Targets {
			all = append(all, target.Expr)
		}
	}
	alerts, err := os.ReadFile("../../deploy/prometheus/alerts.yml")
	require.NoError(t, err)
	rules := strings.Split(string(alerts), "- alert: ")[1:]
	for _, rule := range rules {
		found := regexp.MustCompile(`(?s)expr: (.*?)\n +(?:for|labels):`).FindStringSubmatch(rule)
		require.NotNil(t, found, rule)
		all = append(all, found[1])
	}
	require.Greater(t, len(all), 30)
	return all
}

var (
	metricName = regexp.MustCompile(`\b(?:tracks|temporal|process|go)_[a-z_]+`)
	matchers   = regexp.MustCompile(`((?:tracks|temporal)_[a-z_]+)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`([a-z_]+)=~?"([^"]*)"`)
)

// Every metric, and every label that a query selects by, is one that a worker
// really serves: otherwise an alert is silent for ever and nobody notices.
func TestDashboardAndAlertsAskForWhatThereIs(t *testing.T) {
	t.Parallel()
	l := open(t)
	l.schedules(0, "apply")
	l.schedules(0, "delete", "reconcile") // one that is declared and does not exist
	require.NoError(t, l.worker.Stop())
	l.startWorker() // it looks at the schedules at once
	var runs []client.WorkflowRun
	for n := range 8 {
		w := hour(t, n)
		l.upload(w, exportOf(n))
		runs = append(runs, l.start(workflows.HourlyInput{Window: w}))
	}
	for _, run := range runs { // they have to wait for each other
		l.result(run)
	}
	damaged := hour(t, 9)
	object := l.upload(damaged, ordinary(1)).Objects[0]
	l.put(object.Name, object.Content[:len(object.Content)/2], object.Updated)
	l.fails(l.start(workflows.HourlyInput{Window: damaged}), contract.ErrObjectCorrupt)

	var metrics string
	l.eventually("the schedules and the failed run are reported", func() bool {
		var err error
		_, metrics, err = l.Get(l.ctx, "/metrics")
		require.NoError(t, err)
		return strings.Contains(metrics, "tracks_schedule_exists{") && strings.Contains(metrics, "temporal_workflow_failed_total{")
	})
	for _, expression := range expressions(t) {
		asked := metricName.FindAllString(regexp.MustCompile(`"[^"]*"`).ReplaceAllString(expression, ""), -1)
		if !strings.Contains(expression, "up{") {
			assert.NotEmpty(t, asked, expression)
		}
		for _, name := range asked {
			assert.Regexp(t, `(?m)^`+name+`[{ ]`, metrics, "%s asks for %s", expression, name)
		}
		for _, selection := range matchers.FindAllStringSubmatch(expression, -1) {
			for _, pair := range matcher.FindAllStringSubmatch(selection[2], -1) {
				assert.Regexp(t, `(?m)^`+selection[1]+`\{.*\b`+pair[1]+`="`, metrics, "%s selects %s by %s", expression, selection[1], pair[1])
			}
		}
	}
}
