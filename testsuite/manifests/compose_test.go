// Package manifests checks the files of deploy against the schemas of the programs
// that read them.
package manifests

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func services(t *testing.T, profiles ...string) []string {
	t.Helper()
	file, err := filepath.Abs("../../docker-compose.yml")
	require.NoError(t, err)
	options, err := cli.NewProjectOptions([]string{file}, cli.WithProfiles(profiles), cli.WithInterpolation(true))
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	return slices.Sorted(slices.Values(project.ServiceNames()))
}

func TestComposeReadsItsFile(t *testing.T) {
	t.Parallel()
	always := []string{"gcs", "postgresql", "temporal", "temporal-namespace", "temporal-schema", "temporal-ui", "worker"}
	assert.Equal(t, always, services(t))
	withBigQuery := slices.Sorted(slices.Values(append(slices.Clone(always), "bigquery", "worker-bigquery")))
	assert.Equal(t, withBigQuery, services(t, "bigquery"))
	assert.Subset(t, services(t, "tools", "bigquery"), []string{"starter", "starter-bigquery"})
}
