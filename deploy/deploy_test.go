// Package deploy holds what runs the pipeline elsewhere, and the tests that keep it
// true to the code.
package deploy

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
)

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return content
}

// parsed is a YAML file's only document, or the first.
func parsed[T any](t *testing.T, path string) T {
	t.Helper()
	var value T
	require.NoError(t, yaml.NewDecoder(bytes.NewReader(read(t, path))).Decode(&value), path)
	return value
}

// variables are all environment variables that the configuration knows.
func variables() []string {
	names := []string{config.FileVariable, "TRACKS_LOG_LEVEL"}
	var walk func(kind reflect.Type, prefix string)
	walk = func(kind reflect.Type, prefix string) {
		for _, f := range reflect.VisibleFields(kind) {
			if within, ok := f.Tag.Lookup("envPrefix"); ok {
				walk(f.Type, prefix+within)
				continue
			}
			names = append(names, prefix+f.Tag.Get("env"))
		}
	}
	walk(reflect.TypeFor[config.Config](), "TRACKS_")
	return names
}

// Every variable of ours that a file sets is one that the configuration reads.
func TestVariablesExist(t *testing.T) {
	t.Parallel()
	known := variables()
	files := []string{"../docker-compose.yml", "../Dockerfile", "kubernetes/bigquery/worker.yaml", "kubernetes/duckdb/worker.yaml"}
	for _, file := range files {
		named := regexp.MustCompile(`TRACKS_[A-Z_]+`).FindAllString(string(read(t, file)), -1)
		assert.NotEmpty(t, named, file)
		for _, name := range named {
			assert.Contains(t, known, name, file)
		}
	}
}

func TestConfigurationsAreValid(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"compose/tracks.yaml", "compose/bigquery.yaml", "kubernetes/bigquery/tracks.yaml", "kubernetes/duckdb/tracks.yaml"} {
		settings, err := config.Parse(read(t, file))
		require.NoError(t, err, file)
		assert.True(t, strings.HasPrefix(settings.Load.Staging, "/var/lib/tracks/"), "%s: what is written lies on the volume", file)
	}
}

// version is the version of a module in a go.mod.
func version(t *testing.T, file, module string) string {
	t.Helper()
	found := regexp.MustCompile(regexp.QuoteMeta(module) + ` v([0-9.]+)`).FindSubmatch(read(t, file))
	require.NotNil(t, found, module)
	return string(found[1])
}

type compose struct {
	Services map[string]struct {
		Image       string         `yaml:"image"`
		Build       any            `yaml:"build"`
		Environment map[string]any `yaml:"environment"`
		Ports       []string       `yaml:"ports"`
		DependsOn   map[string]any `yaml:"depends_on"`
		Volumes     []string       `yaml:"volumes"`
		Grace       string         `yaml:"stop_grace_period"`
	} `yaml:"services"`
}

func TestComposeFitsTheCode(t *testing.T) {
	t.Parallel()
	services := parsed[compose](t, "../docker-compose.yml").Services
	temporal := version(t, "../testsuite/go.mod", "go.temporal.io/server")
	assert.Equal(t, "temporalio/server:"+temporal, services["temporal"].Image, "the server that the tests run on")
	assert.Equal(t, "temporalio/admin-tools:"+temporal, services["temporal-schema"].Image)
	assert.Equal(t, "temporalio/admin-tools:"+temporal, services["temporal-namespace"].Image)
	assert.Equal(t, "fsouza/fake-gcs-server:"+version(t, "../testsuite/go.mod", "github.com/fsouza/fake-gcs-server"), services["gcs"].Image)
	for name, service := range services {
		assert.Regexp(t, `^[a-z/-]+:[a-z0-9.]+$`, service.Image, "%s has an image with a tag", name)
		assert.NotContains(t, service.Image, "latest", name)
		for _, port := range service.Ports {
			assert.Regexp(t, `^127\.0\.0\.1:\d+:\d+$`, port, "%s is reached from this machine only", name)
		}
		for other := range service.DependsOn {
			assert.Contains(t, services, other, name)
		}
		for _, volume := range service.Volumes {
			if from, _, _ := strings.Cut(volume, ":"); strings.HasPrefix(from, "./") {
				_, err := os.Stat(filepath.Join("..", from))
				assert.NoError(t, err, name)
			}
		}
	}
	worker := services["worker"]
	assert.Equal(t, []string{"127.0.0.1:9464:9464"}, worker.Ports)
	assert.Equal(t, "0.0.0.0:9464", worker.Environment["TRACKS_TELEMETRY_LISTEN"])
	assertStopsInTime(t, worker.Grace)
}

// assertStopsInTime checks that nobody kills a worker that hands over in order.
func assertStopsInTime(t *testing.T, grace string) {
	t.Helper()
	patience, err := time.ParseDuration(grace)
	require.NoError(t, err)
	settings, err := config.Parse(read(t, "compose/tracks.yaml"))
	require.NoError(t, err)
	assert.Greater(t, patience, settings.Worker.StopTimeout+5*time.Second)
}

func TestImageIsBuiltAsTheTestsAre(t *testing.T) {
	t.Parallel()
	dockerfile := string(read(t, "../Dockerfile"))
	assert.Contains(t, dockerfile, "golang:"+strings.TrimPrefix(toolchain(t), "go")+"-", "the Go version of testsuite/go.mod")
	for _, want := range []string{"-trimpath", "-buildid=", "go mod verify", "USER 65532:65532", ":nonroot", "EXPOSE 9464"} {
		assert.Contains(t, dockerfile, want)
	}
	assert.NotContains(t, dockerfile, "latest")
	let := string(read(t, "../.dockerignore"))
	for _, folder := range []string{"activities", "internal", "sql", "starter", "worker", "workflows"} {
		assert.Contains(t, let, "!"+folder+"\n", "the image is built from it")
	}
}

func toolchain(t *testing.T) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^go ([0-9.]+)$`).FindSubmatch(read(t, "../testsuite/go.mod"))
	require.NotNil(t, found)
	return "go" + string(found[1])
}

// documents are all documents of a YAML file.
func documents(t *testing.T, path string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for decoder := yaml.NewDecoder(bytes.NewReader(read(t, path))); ; {
		var one map[string]any
		err := decoder.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err, path)
		all = append(all, one)
	}
}

func TestManifestsNameWhatTheyAre(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("kubernetes/*/*.yaml")
	require.NoError(t, err)
	listed := 0
	for _, file := range files {
		if filepath.Base(file) == "tracks.yaml" {
			continue
		}
		for _, document := range documents(t, file) {
			assert.NotEmpty(t, document["apiVersion"], file)
			assert.NotEmpty(t, document["kind"], file)
			resources, _ := document["resources"].([]any)
			for _, resource := range resources {
				listed++
				_, err := os.Stat(filepath.Join(filepath.Dir(file), resource.(string)))
				require.NoError(t, err, file)
			}
		}
	}
	assert.Equal(t, 7, listed)
}
