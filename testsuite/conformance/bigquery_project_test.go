//go:build bigquery && project

package conformance

import (
	"cmp"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/gcs"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/bigquery"
)

// TestProject runs the suite in a project of Google's. It needs credentials
// (application default), and costs some cents.
func TestProject(t *testing.T) {
	t.Parallel()
	project, bucket := os.Getenv("BIGQUERY_TEST_PROJECT"), os.Getenv("BIGQUERY_TEST_BUCKET")
	require.NotEmpty(t, project, "BIGQUERY_TEST_PROJECT must name the project to make datasets in; nothing was tested")
	require.NotEmpty(t, bucket, "BIGQUERY_TEST_BUCKET must name a bucket, in BIGQUERY_TEST_LOCATION, that staged files can be put in; nothing was tested")
	store, err := gcs.OpenStore(t.Context(), bucket)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	runOn(t, &place{
		project:  func() string { return project },
		location: cmp.Or(os.Getenv("BIGQUERY_TEST_LOCATION"), "EU"),
		endpoint: os.Getenv("BIGQUERY_EMULATOR_HOST"),
		store:    store, prefix: "conformance/",
		jobs: bigquery.JobSettings{MaxBytesBilled: 1 << 30},
	})
}
