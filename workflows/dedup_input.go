package workflows

import (
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// DedupID is the workflow id of dedups: there is one at a time.
const DedupID = "dedup"

// DedupInput is what DedupTracks can be told. Nothing at all is fine: it then plans,
// and changes nothing before somebody approves the plan.
type DedupInput struct {
	// PlanOnly ends the run with the plan.
	PlanOnly bool `json:"planOnly,omitempty"`
	// ApproveHours is how long the plan waits for its approval; 0 means 72.
	ApproveHours int `json:"approveHours,omitempty"`
	// KeepHours is how long the dedup can be taken back; 0 means 168, a week.
	KeepHours int `json:"keepHours,omitempty"`
	// WholeTable writes all of tracks again instead of what is affected.
	WholeTable bool `json:"wholeTable,omitempty"`
	// Rollback takes a dedup back whose run has ended, by the id in tracks_dedups.
	// Nothing else is done then.
	Rollback string `json:"rollback,omitempty"`
}

// UnmarshalJSON refuses fields that do not exist.
func (in *DedupInput) UnmarshalJSON(text []byte) error {
	type plain DedupInput
	return strictly(text, (*plain)(in))
}

const (
	defaultApproveHours = 72
	defaultKeepHours    = 7 * 24
	// mostHours is the longest that a plan or a snapshot may wait: a quarter.
	mostHours = 92 * 24
)

// resolve fills in what was not typed and refuses what makes no sense.
func (in *DedupInput) resolve() error {
	for _, hours := range []struct {
		name  string
		value *int
		usual int
	}{{"approveHours", &in.ApproveHours, defaultApproveHours}, {"keepHours", &in.KeepHours, defaultKeepHours}} {
		if *hours.value == 0 {
			*hours.value = hours.usual
		}
		if *hours.value < 1 || *hours.value > mostHours {
			return invalidInput("%s %d is not from 1 to %d", hours.name, *hours.value, mostHours)
		}
	}
	if in.Rollback != "" && (in.PlanOnly || in.WholeTable) {
		return invalidInput("rollback is done alone, without planOnly and wholeTable")
	}
	return nil
}

func inHours(n int) time.Duration { return time.Duration(n) * time.Hour }

// DedupState is how far a dedup has come.
type DedupState string

// The states of a dedup.
const (
	DedupPlanning   DedupState = "planning"
	DedupPlanned    DedupState = "planned" // waits for its approval
	DedupApproved   DedupState = "approved"
	DedupApplied    DedupState = "applied" // can be taken back
	DedupRolledBack DedupState = "rolled back"
	DedupKept       DedupState = "kept" // and can no longer be taken back
	DedupRejected   DedupState = "rejected"
	DedupNothing    DedupState = "nothing to do"
)

// Approval repeats how many rows the plan removes.
type Approval struct {
	Excess int64 `json:"excess"`
}

// UnmarshalJSON refuses fields that do not exist.
func (a *Approval) UnmarshalJSON(text []byte) error {
	type plain Approval
	return strictly(text, (*plain)(a))
}

// DedupResult is what a dedup did, and the answer to the progress query.
type DedupResult struct {
	State DedupState `json:"state"`
	// Step is what the run is doing, in words.
	Step string `json:"step"`
	// ID is the dedup's in tracks_dedups, once it is ordered.
	ID   string            `json:"id,omitempty"`
	Plan *ledger.DedupPlan `json:"plan,omitempty"`
	// Approve is the input of the update that goes on with the plan.
	Approve  *Approval             `json:"approve,omitempty"`
	Snapshot *ledger.Snapshot      `json:"snapshot,omitempty"`
	Dedup    *ledger.Dedup         `json:"dedup,omitempty"`
	Rollback *ledger.DedupRollback `json:"rollback,omitempty"`
	// Notes are what a person should know.
	Notes []string `json:"notes,omitempty"`
}
