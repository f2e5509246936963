package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/reconcile"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// differences are where bucket and ledger disagree.
type differences struct {
	examined int
	findings []reconcile.Finding
}

// compareRange compares the windows from from up to and without until, a month at a
// time, so that a fault costs no more than a month again.
func compareRange(ctx workflow.Context, settings Settings, from, until window.Window, say func(string)) (differences, error) {
	var all differences
	for from.Start().Before(until.Start()) {
		part := until
		if later := from.Start().Add(chunk * window.Length); later.Before(until.Start()) {
			part = window.Before(later).Next()
		}
		say(fmt.Sprintf("comparing the bucket with the ledger, %s to %s", from, part))
		var found contract.Comparison
		reading := settings.reading(ctx, fmt.Sprintf("compare %s to %s", from, part))
		err := workflow.ExecuteActivity(reading, contract.CompareWindows,
			contract.CompareWindowsInput{From: from, Until: part}).Get(ctx, &found)
		if err != nil {
			return differences{}, err
		}
		all.examined += found.Examined
		all.findings = append(all.findings, found.Findings...)
		from = part
	}
	return all, nil
}

// windows are those in a state that is wanted, in order.
func (d differences) windows(wanted func(reconcile.State) bool) []window.Window {
	var windows []window.Window
	for _, finding := range d.findings {
		if wanted(finding.State) {
			windows = append(windows, finding.Window)
		}
	}
	return windows
}

// count is how many windows are in a state.
func (d differences) count(state reconcile.State) int {
	return len(d.windows(func(s reconcile.State) bool { return s == state }))
}

// words say what was found, a line a state, with the first window of each.
func (d differences) words() []string {
	words := []string{fmt.Sprintf("%d hours compared", d.examined)}
	for _, state := range []struct {
		is   reconcile.State
		what string
	}{
		{reconcile.Unloaded, "have objects and were never loaded"},
		{reconcile.Unmerged, "are loaded and not merged"},
		{reconcile.Late, "have objects that came after the load"},
		{reconcile.Rewritten, "have objects that were rewritten after the load"},
		{reconcile.Absent, "have no object and were never loaded"},
		{reconcile.Vanished, "have lost objects that were loaded; their rows are in the tables"},
	} {
		if n := d.count(state.is); n > 0 {
			first := d.windows(func(s reconcile.State) bool { return s == state.is })[0]
			words = append(words, fmt.Sprintf("%d %s, first %s", n, state.what, first))
		}
	}
	return words
}
