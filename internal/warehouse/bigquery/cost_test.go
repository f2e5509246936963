package bigquery

import (
	"testing"
	"time"

	bq "cloud.google.com/go/bigquery"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	rest "google.golang.org/api/bigquery/v2"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

func TestCostOfAJob(t *testing.T) {
	t.Parallel()
	query := &bq.JobStatus{Statistics: &bq.JobStatistics{
		TotalSlotDuration: 2 * time.Hour,
		Details:           &bq.QueryStatistics{TotalBytesBilled: 1 << 39, SlotMillis: (2 * time.Hour).Milliseconds()},
	}}
	load := &bq.JobStatus{Statistics: &bq.JobStatistics{TotalSlotDuration: time.Hour, Details: &bq.LoadStatistics{OutputRows: 1}}}
	for name, c := range map[string]struct {
		price  Price
		status *bq.JobStatus
		want   ledger.Cost
	}{
		"by bytes":          {Price{PerTiB: 6.25}, query, ledger.Cost{BytesBilled: 1 << 39, SlotMillis: 7_200_000, USD: 3.125}},
		"by slots":          {Price{PerTiB: 6.25, PerSlotHour: 0.06}, query, ledger.Cost{BytesBilled: 1 << 39, SlotMillis: 7_200_000, USD: 0.12}},
		"a load is free":    {Price{PerTiB: 6.25, PerSlotHour: 0.06}, load, ledger.Cost{SlotMillis: 3_600_000}},
		"no statistics yet": {Price{PerTiB: 6.25}, &bq.JobStatus{Statistics: &bq.JobStatistics{}}, ledger.Cost{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := c.price.of(c.status)
			assert.InDelta(t, c.want.USD, got.USD, 1e-9)
			got.USD = c.want.USD
			assert.Equal(t, c.want, got)
		})
	}
}

func TestCostsAdd(t *testing.T) {
	t.Parallel()
	assert.Equal(t, ledger.Cost{BytesBilled: 4, SlotMillis: 6, USD: 8}, ledger.Cost{BytesBilled: 1, SlotMillis: 2, USD: 3}.Plus(ledger.Cost{BytesBilled: 3, SlotMillis: 4, USD: 5}))
}

func TestThePriceHasADefault(t *testing.T) {
	t.Parallel()
	assert.InDelta(t, 6.25, newJobs(nil, JobSettings{}).Price.dollars(1<<40, 0), 1e-9)
}

// Jobs that fail are billed too.
func TestWhatIsBilledIsTold(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.course = func(j *fakeJob) ending {
			ended := failing(1, "backendError", "try again")(j)
			ended.statistics.Query = &rest.JobStatistics2{StatementType: "MERGE", TotalBytesBilled: 10 << 20}
			return ended
		}
		told := make(map[string]int64)
		runner := f.runner(func(s *JobSettings) { s.Billed = func(step string, bytes int64) { told[step] += bytes } })
		result, err := runner.query(f.Context(), merge())
		require.NoError(f, err)
		require.Len(f, result.jobIDs, 2)
		assert.Equal(f, int64(20<<20), result.cost.BytesBilled)
		assert.Equal(f, map[string]int64{"merge": 20 << 20}, told)
	})
}
