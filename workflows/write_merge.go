package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
)

// mergeWrite merges one load of a window.
type mergeWrite struct{ contract.MergeWindowInput }

func (m mergeWrite) what() string { return "merge of window " + m.Window.String() }

func (m mergeWrite) complete() bool { return !m.Window.IsZero() && m.LoadID != "" }

func (m mergeWrite) run(ctx workflow.Context, w *writing) error {
	var done contract.MergeWindowResult
	if err := w.do(ctx, m.what(), contract.MergeWindow, m.MergeWindowInput, &done); err != nil {
		return err
	}
	w.result.Merge, w.result.Cost = &done.Merge, done.Cost
	return nil
}
