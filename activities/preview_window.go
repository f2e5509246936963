package activities

import (
	"context"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// Previewer is a warehouse that can tell what a commit and its merge would do.
type Previewer interface {
	// PreviewMerge counts what would become of the staged rows, and writes nothing
	// that lasts.
	PreviewMerge(ctx context.Context, commit ledger.Commit) (ledger.Preview, error)
}

// Previews are the activities of a dry run.
type Previews struct{ Warehouse Previewer }

// PreviewWindow tells what CommitWindow and MergeWindow would do with what is staged.
// The staged files stay, for the run that follows.
func (p *Previews) PreviewWindow(ctx context.Context, in contract.CommitWindowInput) (ledger.Preview, error) {
	life := beat(ctx, "counting what a merge would do")
	defer life.stop()
	if err := withinLimit(in); err != nil {
		return ledger.Preview{}, typed(err)
	}
	preview, err := p.Warehouse.PreviewMerge(ctx, in.Commit)
	return preview, typed(err)
}
