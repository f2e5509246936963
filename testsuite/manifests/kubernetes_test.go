package manifests

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	strict "sigs.k8s.io/yaml"
)

// kinds are all that the manifests may hold, each with Kubernetes' own type for it.
var kinds = map[string]func() any{
	"apps/v1 Deployment":                 func() any { return new(apps.Deployment) },
	"apps/v1 StatefulSet":                func() any { return new(apps.StatefulSet) },
	"networking.k8s.io/v1 NetworkPolicy": func() any { return new(networking.NetworkPolicy) },
	"policy/v1 PodDisruptionBudget":      func() any { return new(policy.PodDisruptionBudget) },
	"v1 Namespace":                       func() any { return new(core.Namespace) },
	"v1 PersistentVolumeClaim":           func() any { return new(core.PersistentVolumeClaim) },
	"v1 Service":                         func() any { return new(core.Service) },
	"v1 ServiceAccount":                  func() any { return new(core.ServiceAccount) },
}

type head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
}

// documents are the documents of a file, each as YAML.
func documents(t *testing.T, file string) [][]byte {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var all [][]byte
	for reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content))); ; {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, document)
	}
}

func TestKubernetesKnowsEveryField(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../deploy/kubernetes/*/*.yaml")
	require.NoError(t, err)
	checked := 0
	for _, file := range files {
		if filepath.Base(file) == "tracks.yaml" {
			continue
		}
		for _, document := range documents(t, file) {
			var is head
			require.NoError(t, strict.Unmarshal(document, &is), file)
			if is.Kind == "Kustomization" {
				continue
			}
			newObject, known := kinds[is.APIVersion+" "+is.Kind]
			if !assert.True(t, known, "%s: %s %s", file, is.APIVersion, is.Kind) {
				continue
			}
			require.NoError(t, strict.UnmarshalStrict(document, newObject()), file)
			checked++
		}
	}
	assert.GreaterOrEqual(t, checked, 5)
}

func TestAMisspeltFieldIsFound(t *testing.T) {
	t.Parallel()
	err := strict.UnmarshalStrict([]byte("spec: {replicas: 1, template: {spec: {terminationGracePeriod: 40}}}"), new(apps.Deployment))
	require.ErrorContains(t, err, "terminationGracePeriod")
}
