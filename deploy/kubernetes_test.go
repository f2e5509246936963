package deploy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type workload struct {
	Kind string `yaml:"kind"`
	Spec struct {
		Replicas int `yaml:"replicas"`
		Template struct {
			Spec struct {
				Grace    int            `yaml:"terminationGracePeriodSeconds"`
				Security map[string]any `yaml:"securityContext"`

				Containers []struct {
					Env []struct {
						Name  string `yaml:"name"`
						Value string `yaml:"value"`
					} `yaml:"env"`
					Ports []struct {
						Name          string `yaml:"name"`
						ContainerPort int    `yaml:"containerPort"`
					} `yaml:"ports"`
					Startup   probe `yaml:"startupProbe"`
					Liveness  probe `yaml:"livenessProbe"`
					Readiness probe `yaml:"readinessProbe"`
					Resources struct {
						Requests map[string]string `yaml:"requests"`
						Limits   map[string]string `yaml:"limits"`
					} `yaml:"resources"`
					Security map[string]any `yaml:"securityContext"`
				} `yaml:"containers"`
			} `yaml:"spec"`
		} `yaml:"template"`
	} `yaml:"spec"`
}

type probe struct {
	Get struct{ Path, Port string } `yaml:"httpGet"`
}

func TestWorkersAreProbedAndBounded(t *testing.T) {
	t.Parallel()
	for kind, replicas := range map[string]int{"bigquery": 2, "duckdb": 1} {
		w := parsed[workload](t, "kubernetes/"+kind+"/worker.yaml")
		assert.Equal(t, replicas, w.Spec.Replicas, kind)
		pod := w.Spec.Template.Spec
		assertStopsInTime(t, fmt.Sprintf("%ds", pod.Grace))
		assert.Equal(t, true, pod.Security["runAsNonRoot"], kind)
		require.Len(t, pod.Containers, 1)
		c := pod.Containers[0]
		assert.Equal(t, "/healthz", c.Startup.Get.Path, kind)
		assert.Equal(t, "/healthz", c.Liveness.Get.Path, "a worker that waits for Temporal is not restarted")
		assert.Equal(t, "/readyz", c.Readiness.Get.Path, kind)
		require.Len(t, c.Ports, 1)
		assert.Equal(t, 9464, c.Ports[0].ContainerPort)
		assert.Equal(t, c.Ports[0].Name, c.Liveness.Get.Port)
		assert.NotEmpty(t, c.Resources.Requests["cpu"], kind)
		assert.NotEmpty(t, c.Resources.Limits["memory"], kind)
		assert.Equal(t, true, c.Security["readOnlyRootFilesystem"], kind)
		assert.Equal(t, false, c.Security["allowPrivilegeEscalation"], kind)
		listens := ""
		for _, variable := range c.Env {
			if variable.Name == "TRACKS_TELEMETRY_LISTEN" {
				listens = variable.Value
			}
		}
		assert.Equal(t, "0.0.0.0:9464", listens, "probes come from outside of the pod")
	}
}

// Whoever is paged finds the alert's own section.
func TestAlertsSayWhatToDo(t *testing.T) {
	t.Parallel()
	rules := parsed[struct {
		Groups []struct {
			Rules []struct {
				Alert       string            `yaml:"alert"`
				Labels      map[string]string `yaml:"labels"`
				Annotations map[string]string `yaml:"annotations"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	}](t, "prometheus/alerts.yml")
	page := string(read(t, "../docs/operations.md"))
	require.Len(t, rules.Groups, 1)
	assert.Greater(t, len(rules.Groups[0].Rules), 10)
	for _, rule := range rules.Groups[0].Rules {
		assert.Contains(t, []string{"page", "warn"}, rule.Labels["severity"], rule.Alert)
		assert.NotEmpty(t, rule.Annotations["summary"], rule.Alert)
		assert.Equal(t, "docs/operations.md#"+strings.ToLower(rule.Alert), rule.Annotations["runbook"])
		assert.Contains(t, page, "\n### "+rule.Alert+"\n")
	}
}
