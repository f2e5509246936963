package contract

import (
	"github.com/posthog-tracks/posthog-tracks/internal/reconcile"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// CompareWindows compares the bucket with the ledger.
const CompareWindows = "CompareWindows"

// Which windows of a range a reload takes.
const (
	// OnlyMissing: never loaded although there are objects, or loaded and never merged.
	OnlyMissing = "missing"
	// OnlyChanged: loaded from other objects than those that are there now.
	OnlyChanged = "changed"
	// OnlyAll: all of them, whatever the ledger says.
	OnlyAll = "all"
)

// What a reconciliation does about what it finds.
const (
	ActionReport = "report"
	ActionReload = "reload"
)

// CompareWindowsInput asks for the windows from From up to and without Until.
type CompareWindowsInput struct {
	From  window.Window `json:"from"`
	Until window.Window `json:"until"`
}

// Comparison is where bucket and ledger disagree, in the order of the windows.
type Comparison struct {
	// Examined is the number of windows that were looked at.
	Examined int                 `json:"examined"`
	Findings []reconcile.Finding `json:"findings,omitempty"`
}
