package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/keys"
)

// KeysRebuild is the name the workflow is started by, and KeysRebuildID its id:
// there is one at a time.
const (
	KeysRebuild   = "KeysRebuild"
	KeysRebuildID = "keys-rebuild"
)

// KeysRebuildInput is what KeysRebuild can be told. Nothing at all is fine.
type KeysRebuildInput struct {
	// SliceRows is about how many rows of tracks one slice has; 0 means the
	// warehouse's own number. It counts for a rebuild that begins, not for one that
	// goes on.
	SliceRows int64 `json:"sliceRows,omitempty"`
	// Discard throws an unfinished rebuild away, and does nothing else.
	Discard bool `json:"discard,omitempty"`
}

// UnmarshalJSON refuses fields that do not exist.
func (in *KeysRebuildInput) UnmarshalJSON(text []byte) error {
	type plain KeysRebuildInput
	return strictly(text, (*plain)(in))
}

// KeysRebuildProgress answers the progress query.
type KeysRebuildProgress struct {
	// Step is what the run is doing, in words.
	Step string `json:"step"`
	// Result is set at the end.
	Result *keys.Rebuilt `json:"result,omitempty"`
}

// keysRebuild builds tracks_keys anew from tracks and raw_tracks, when it is its turn
// to write. A rebuild that was stopped half done goes on where it was.
func (w *Workflows) keysRebuild(ctx workflow.Context, in KeysRebuildInput) (*keys.Rebuilt, error) {
	r := &keysRebuilding{}
	if err := r.setup(ctx, w, in); err != nil {
		return nil, err
	}
	return r.run(ctx, in)
}

// keysRebuilding is one run of KeysRebuild.
type keysRebuilding struct {
	settings Settings
	progress KeysRebuildProgress
}

func (r *keysRebuilding) setup(ctx workflow.Context, w *Workflows, in KeysRebuildInput) (err error) {
	if in.SliceRows < 0 {
		return invalidInput("sliceRows %d is no number of rows; leave it out for the warehouse's own", in.SliceRows)
	}
	if r.settings, err = w.pin(ctx); err != nil {
		return err
	}
	r.at(ctx, "starting")
	return workflow.SetQueryHandlerWithOptions(ctx, ProgressQuery,
		func() (KeysRebuildProgress, error) { return r.progress, nil },
		workflow.QueryHandlerOptions{Description: "What the rebuild waits for, and what it came to"})
}

func (r *keysRebuilding) run(ctx workflow.Context, in KeysRebuildInput) (*keys.Rebuilt, error) {
	r.at(ctx, "rebuilding; workflow "+WriterID(r.settings.Table)+" shows the slices")
	result, err := write(ctx, r.settings, WriteInput{Keys: &contract.RebuildKeysInput{
		RebuildID: workflow.GetInfo(ctx).WorkflowExecution.RunID, SliceRows: in.SliceRows, Discard: in.Discard,
	}}, func(waiting string) { r.at(ctx, waiting) })
	if err != nil {
		return nil, named("rebuild the keys of "+r.settings.Table, err)
	}
	r.progress.Result = result.Keys
	r.at(ctx, "done")
	return result.Keys, nil
}

func (r *keysRebuilding) at(ctx workflow.Context, step string) {
	r.progress.Step = step
	workflow.SetCurrentDetails(ctx, r.progress.markdown())
}

// markdown is what the UI shows as current details.
func (p KeysRebuildProgress) markdown() string {
	lines := []string{"**" + p.Step + "**"}
	if r := p.Result; r != nil && r.Discarded {
		lines = append(lines, "", "- The unfinished rebuild is thrown away")
	} else if r != nil {
		lines = append(lines, "", "- "+r.String())
		lines = append(lines, fmt.Sprintf("- %d keys learned from raw_tracks", r.Refreshed))
		if len(r.Sample) > 0 {
			lines = append(lines, "- Events with more than one row, the first of them: "+strings.Join(r.Sample, ", "))
		}
	}
	return strings.Join(lines, "\n")
}
