package activities

import (
	"context"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
)

// CheckFreshness applies dbt's source freshness rule to raw_tracks: the age of the
// newest bq_ingested_timestamp, strictly greater than the limits, and an empty
// table is an error.
func (t *Tables) CheckFreshness(ctx context.Context, in contract.CheckFreshnessInput) (contract.Freshness, error) {
	life := beat(ctx, "reading the newest stamp")
	defer life.stop()
	newest, ok, err := t.Warehouse.Newest(ctx)
	if err != nil {
		return contract.Freshness{}, typed(err)
	}
	freshness := contract.Freshness{Status: contract.StaleError, WindowLag: in.IngestedAt.Sub(in.Window.End())}
	if !ok {
		return freshness, nil
	}
	freshness.Newest = &newest
	freshness.Age = t.now().Sub(newest)
	switch {
	case freshness.Age > t.Error:
	case freshness.Age > t.Warn:
		freshness.Status = contract.StaleWarn
	default:
		freshness.Status = contract.Fresh
	}
	return freshness, nil
}

func (t *Tables) now() time.Time {
	if t.Now == nil {
		return time.Now()
	}
	return t.Now()
}
