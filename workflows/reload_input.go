package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// ReloadID is the workflow id of reloads: there is one at a time.
const ReloadID = "reload"

// HourlyID is the workflow id of an hour's runs: what the schedule makes of its
// action's id and its nominal time, which is the hour's end.
func HourlyID(w window.Window) string { return HourlyAction + "-" + w.End().Format(time.RFC3339) }

// HourlyAction is what ids of hourly runs begin with.
const HourlyAction = "hourly"

// ReloadInput is what ReloadWindows can be told. Nothing at all is fine: it then
// loads what is missing of the last day.
type ReloadInput struct {
	// From and To are the first and the last hour, by their starts. Empty means the
	// last full hour for To, and 23 hours before To for From.
	From window.Window `json:"from,omitzero"`
	To   window.Window `json:"to,omitzero"`
	// Windows are hours by name, instead of a range. They are loaded whatever the
	// ledger says.
	Windows []window.Window `json:"windows,omitempty"`
	// Only is "missing" (the default), "changed" or "all".
	Only string `json:"only,omitempty"`
	// Concurrency is how many hours are loaded at a time; 0 means 2.
	Concurrency int `json:"concurrency,omitempty"`
	// NewestFirst begins with the last hour instead of the first.
	NewestFirst bool `json:"newestFirst,omitempty"`
	// DryRun says what would be loaded and loads nothing.
	DryRun bool `json:"dryRun,omitempty"`
	// RejectLimit and WhenMissing are handed to every hour; see HourlyInput.
	RejectLimit *float64 `json:"rejectLimit,omitempty"`
	WhenMissing string   `json:"whenMissing,omitempty"`
	// Continued is how far the run had come when it continued as new. Leave it out.
	Continued *ReloadState `json:"continued,omitempty"`
}

// UnmarshalJSON refuses fields that do not exist.
func (in *ReloadInput) UnmarshalJSON(text []byte) error {
	type plain ReloadInput
	return strictly(text, (*plain)(in))
}

const (
	// reloadConcurrency is how many hours a reload loads at a time unless told.
	reloadConcurrency = 2
	// reloadMost is how many hours a reload may load at a time: each merges in its
	// turn, so that more would only wait.
	reloadMost = 50
	// reloadWindows is how many hours one reload may be about: a year and some weeks,
	// whose names fit into an input.
	reloadWindows = 10_000
)

// resolve fills in what was not typed and refuses what makes no sense.
func (in *ReloadInput) resolve(ctx workflow.Context) error {
	if in.Concurrency == 0 {
		in.Concurrency = reloadConcurrency
	}
	if in.Only == "" {
		in.Only = contract.OnlyMissing
	}
	if err := validConcurrency(in.Concurrency); err != nil {
		return err
	}
	switch in.Only {
	case contract.OnlyMissing, contract.OnlyChanged, contract.OnlyAll:
	default:
		return invalidInput(`only %q is neither "missing" nor "changed" nor "all"`, in.Only)
	}
	for _, w := range in.Windows {
		var settings Settings
		if _, err := (HourlyInput{Window: w, RejectLimit: in.RejectLimit, WhenMissing: in.WhenMissing}).resolve(ctx, &settings); err != nil {
			return err
		}
		if w.IsZero() {
			return invalidInput("windows holds an hour without a name")
		}
	}
	if len(in.Windows) > 0 {
		if !in.From.IsZero() || !in.To.IsZero() {
			return invalidInput("give either windows or from and to, not both")
		}
		return within(len(in.Windows))
	}
	return in.resolveRange(ctx)
}

func (in *ReloadInput) resolveRange(ctx workflow.Context) error {
	var settings Settings
	if in.To.IsZero() {
		in.To = window.Before(workflow.Now(ctx))
	}
	if in.From.IsZero() {
		in.From = window.Before(in.To.Start().Add(-22 * window.Length))
	}
	if _, err := (HourlyInput{Window: in.To, RejectLimit: in.RejectLimit, WhenMissing: in.WhenMissing}).resolve(ctx, &settings); err != nil {
		return err
	}
	if in.From.Start().After(in.To.Start()) {
		return invalidInput("from %s is after to %s", in.From, in.To)
	}
	return within(int(in.To.End().Sub(in.From.Start()) / window.Length))
}

func within(windows int) error {
	if windows > reloadWindows {
		return invalidInput("these are %d hours, and one reload takes %d at most; start it for a part of them", windows, reloadWindows)
	}
	return nil
}

func validConcurrency(n int) error {
	if n < 1 || n > reloadMost {
		return invalidInput("concurrency %d is not from 1 to %d", n, reloadMost)
	}
	return nil
}

// ReloadState is how far a reload has come.
type ReloadState struct {
	Pace Pace `json:"pace"`
	// Concurrency is how many hours are loaded at a time, as last changed.
	Concurrency int `json:"concurrency"`
	// Todo are the hours that have not begun, in the order of their turn.
	Todo []window.Window `json:"todo,omitempty"`
	// Planned is how many hours there were to load at the beginning.
	Planned int `json:"planned"`
	// Found says in words what comparing the range found.
	Found []string `json:"found,omitempty"`
	// Loaded and Empty count hours.
	Loaded int `json:"loaded"`
	Empty  int `json:"empty"`
	// Rows are what the merges of all hours did.
	Rows ledger.Merge `json:"rows"`
	// Failed are the hours that could not be loaded, Skipped those that somebody
	// took out.
	Failed  []FailedWindow  `json:"failed,omitempty"`
	Skipped []SkippedWindow `json:"skipped,omitempty"`
}

// done is how many hours are over, however.
func (s *ReloadState) done() int { return s.Loaded + s.Empty + len(s.Failed) + len(s.Skipped) }

// FailedWindow is an hour that could not be loaded.
type FailedWindow struct {
	Window window.Window `json:"window"`
	// Type is the type of the error, Detail its text, shortened.
	Type   string `json:"type,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// SkippedWindow is an hour that somebody took out of a reload.
type SkippedWindow struct {
	Window window.Window `json:"window"`
	Reason string        `json:"reason"`
}

// ReloadResult is what a reload did, or would do.
type ReloadResult struct {
	DryRun bool `json:"dryRun,omitempty"`
	// Windows are the hours that a dry run would load.
	Windows []window.Window `json:"windows,omitempty"`
	ReloadState
}
