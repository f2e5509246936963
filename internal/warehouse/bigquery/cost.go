package bigquery

import (
	"time"

	bq "cloud.google.com/go/bigquery"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// DefaultPerTiB is BigQuery's on-demand list price in dollars for a tebibyte read.
const DefaultPerTiB = 6.25

// Price is what BigQuery costs. Google bills a project by bytes or by slots, not
// by both.
type Price struct {
	// PerTiB is the on-demand price in dollars for 2^40 bytes billed.
	PerTiB float64
	// PerSlotHour is the price in dollars of one slot for an hour. When it is not
	// zero the project runs on reserved slots, and PerTiB counts for nothing.
	PerSlotHour float64
}

func (p Price) dollars(bytes, slotMillis int64) float64 {
	if p.PerSlotHour > 0 {
		return (time.Duration(slotMillis) * time.Millisecond).Hours() * p.PerSlotHour
	}
	return float64(bytes) / (1 << 40) * p.PerTiB
}

// OfBytes is what reading bytes costs. On reserved slots, that alone costs nothing.
func (p Price) OfBytes(bytes int64) float64 { return p.dollars(bytes, 0) }

// of is the cost of one job, failed or not. A script's own statistics hold the sums
// of its statements.
func (p Price) of(status *bq.JobStatus) ledger.Cost {
	cost := ledger.Cost{SlotMillis: status.Statistics.TotalSlotDuration.Milliseconds()}
	if query, ok := status.Statistics.Details.(*bq.QueryStatistics); ok {
		cost.BytesBilled = query.TotalBytesBilled
		cost.SlotMillis = max(cost.SlotMillis, query.SlotMillis)
		cost.USD = p.dollars(cost.BytesBilled, cost.SlotMillis)
	}
	return cost
}

// bill tells whoever counts what a job was billed for.
func (j *jobs) bill(step string, ended *bq.Job) {
	if j.Billed != nil {
		j.Billed(step, j.Price.of(statusOf(ended)).BytesBilled)
	}
}
