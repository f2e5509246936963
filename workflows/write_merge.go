package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// mergeWrite merges one load of a window.
type mergeWrite struct{ contract.MergeWindowInput }

func (m mergeWrite) what() string { return "merge of window " + m.Window.String() }

func (m mergeWrite) complete() bool { return !m.Window.IsZero() && m.LoadID != "" }

func (m mergeWrite) run(ctx workflow.Context, w *writing) error {
	w.result.Merge = &ledger.Merge{}
	return w.do(ctx, m.what(), contract.MergeWindow, m.MergeWindowInput, w.result.Merge)
}
