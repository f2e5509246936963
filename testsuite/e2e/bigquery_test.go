//go:build bigquery

package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
)

// onBigQuery makes the stand-in for BigQuery the warehouse.
func onBigQuery(o *harness.Options) { o.BigQuery = true }

// The same day of exports leads to the same tables on BigQuery as on DuckDB.
func TestDayOnBigQueryIsTheDayOnDuckDB(t *testing.T) {
	t.Parallel()
	calm := func(change ...func(*harness.Options)) harness.Contents {
		d := openDay(t, 24, change...)
		d.begin(enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL)
		d.finish()
		d.judge()
		d.prove()
		contents, err := d.Values(d.ctx)
		require.NoError(t, err)
		require.NotEmpty(t, contents)
		return contents
	}
	want := calm()
	assert.Empty(t, want.Compare(calm(onBigQuery)))
}
