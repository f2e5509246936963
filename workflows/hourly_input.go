package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// HourlyInput is what HourlyTracks can be told. Nothing at all is fine.
type HourlyInput struct {
	// Window is the hour to load, by its start: "2026-06-12T10". Empty means the hour
	// before the schedule's nominal time, or the last full hour.
	Window window.Window `json:"window,omitzero"`
	// RejectLimit overrides the share of rejected rows above which the window fails.
	RejectLimit *float64 `json:"rejectLimit,omitempty"`
	// WhenMissing overrides what an hour without objects is: "fail" or "empty".
	WhenMissing string `json:"whenMissing,omitempty"`
	// DryRun says what the run would do to the tables, and leaves them as they are.
	DryRun bool `json:"dryRun,omitempty"`
}

// UnmarshalJSON refuses fields that do not exist.
func (in *HourlyInput) UnmarshalJSON(text []byte) error {
	type plain HourlyInput
	return strictly(text, (*plain)(in))
}

// HourlyResult is what a run did.
type HourlyResult struct {
	Window window.Window `json:"window"`
	// DryRun says that nothing was written. Preview is what would have been.
	DryRun  bool            `json:"dryRun,omitempty"`
	Preview *ledger.Preview `json:"preview,omitempty"`
	// Status is merged, or empty when there was nothing to load. A dry run has none.
	Status  ledger.Status `json:"status"`
	Objects int           `json:"objects"`
	Rows    ledger.Rows   `json:"rows"`
	Merge   ledger.Merge  `json:"merge"`
	// Cost is what the load cost; nil where nothing is billed.
	Cost *ledger.Cost `json:"cost,omitempty"`
	// Notes are what a person should know although nothing failed.
	Notes []string `json:"notes,omitempty"`
}

// skew is how far the clocks of Temporal and of whoever typed the window may
// differ.
const skew = 5 * time.Minute

// scheduledStart is the schedule's nominal time, which retries, catch-ups and
// backfills of the schedule keep.
var scheduledStart = temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")

// resolve decides the window and overrides settings by what was typed.
func (in HourlyInput) resolve(ctx workflow.Context, settings *Settings) (window.Window, error) {
	if in.RejectLimit != nil {
		if *in.RejectLimit < 0 || *in.RejectLimit > 1 {
			return window.Window{}, invalidInput("rejectLimit %v is not a share from 0 to 1", *in.RejectLimit)
		}
		settings.RejectLimit = *in.RejectLimit
	}
	switch in.WhenMissing {
	case "":
	case contract.MissingFails, contract.MissingIsEmpty:
		settings.MissingIsEmpty = in.WhenMissing == contract.MissingIsEmpty
	default:
		return window.Window{}, invalidInput(`whenMissing %q is neither "fail" nor "empty"`, in.WhenMissing)
	}
	now := workflow.Now(ctx)
	if in.Window.IsZero() {
		if nominal, ok := workflow.GetTypedSearchAttributes(ctx).GetTime(scheduledStart); ok {
			return window.Before(nominal), nil
		}
		return window.Before(now), nil
	}
	if in.Window.End().After(now.Add(skew)) {
		return window.Window{}, invalidInput("window %s has not ended yet; it ends at %s", in.Window, in.Window.End().Format(time.RFC3339))
	}
	return in.Window, nil
}
