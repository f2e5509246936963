package workflows

import (
	"slices"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// BackfillID is the workflow id of backfills: there is one at a time.
const BackfillID = "backfill"

// BackfillInput is what BackfillTracks can be told. Nothing at all is a dry run over
// the whole history.
type BackfillInput struct {
	// DryRun only counts. It is true unless it is set to false.
	DryRun *bool `json:"dryRun,omitempty"`
	// From and To are the first and the last day. Empty means as far as there are rows;
	// the rows without created_at, day "undated", come last.
	From window.Day `json:"from,omitempty"`
	To   window.Day `json:"to,omitempty"`
	// Days are days by name, instead of a range.
	Days []window.Day `json:"days,omitempty"`
	// Again takes days too that were backfilled with as many rows as they have now.
	Again bool `json:"again,omitempty"`
	// Continued is how far the run had come when it continued as new. Leave it out.
	Continued *BackfillState `json:"continued,omitempty"`
}

// UnmarshalJSON refuses fields that do not exist.
func (in *BackfillInput) UnmarshalJSON(text []byte) error {
	type plain BackfillInput
	return strictly(text, (*plain)(in))
}

// dry reports whether the run only counts.
func (in *BackfillInput) dry() bool { return in.DryRun == nil || *in.DryRun }

// resolve refuses what makes no sense.
func (in *BackfillInput) resolve() error {
	if len(in.Days) > 0 && (in.From != "" || in.To != "") {
		return invalidInput("give either days or from and to, not both")
	}
	if in.From != "" && in.To != "" && in.From > in.To {
		return invalidInput("from %s is after to %s", in.From, in.To)
	}
	if slices.Contains(in.Days, "") {
		return invalidInput("days holds a day without a name")
	}
	return nil
}

// BackfillState is how far a backfill has come.
type BackfillState struct {
	Pace Pace `json:"pace"`
	// ID is the same for all runs that continue one another.
	ID string `json:"id"`
	// Todo are the days that have not begun, in the order of their turn.
	Todo []ledger.PlannedDay `json:"todo,omitempty"`
	// Planned is how many days there were at the beginning, DoneBefore how many more
	// an earlier backfill had done.
	Planned    int `json:"planned"`
	DoneBefore int `json:"doneBefore,omitempty"`
	// Repeated is how many events have more than one row.
	Repeated int64 `json:"repeated"`
	// Done counts days, Rows what became of their rows.
	Done int               `json:"done"`
	Rows ledger.Backfilled `json:"rows"`
	// Failed are the days that could not be backfilled.
	Failed []FailedDay `json:"failed,omitempty"`
}

// FailedDay is a day that could not be backfilled.
type FailedDay struct {
	ledger.PlannedDay
	// Type is the type of the error, Detail its text, shortened.
	Type   string `json:"type,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// BackfillResult is what a backfill did, or would do.
type BackfillResult struct {
	DryRun bool `json:"dryRun"`
	BackfillState
}
