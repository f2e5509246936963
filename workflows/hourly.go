package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/span"
)

// hourlyTracks takes one hour from the bucket to tracks: wait for the export,
// stage its objects, replace the window in raw_tracks, check freshness, merge.
func (w *Workflows) hourlyTracks(ctx workflow.Context, in HourlyInput) (*HourlyResult, error) {
	h := &hourly{}
	if err := h.setup(ctx, w, in); err != nil {
		return nil, err
	}
	return h.run(ctx)
}

// hourly is one run of HourlyTracks.
type hourly struct {
	settings Settings
	origin   ledger.Run
	dry      bool
	progress HourlyProgress
	result   HourlyResult
}

func (h *hourly) setup(ctx workflow.Context, w *Workflows, in HourlyInput) error {
	settings, err := w.pin(ctx)
	if err != nil {
		return err
	}
	h.settings = settings
	h.dry, h.result.DryRun = in.DryRun, in.DryRun
	if h.result.Window, err = in.resolve(ctx, &h.settings); err != nil {
		return err
	}
	execution := workflow.GetInfo(ctx).WorkflowExecution
	h.origin = ledger.Run{WorkflowID: execution.ID, RunID: execution.RunID}
	h.progress.Window = h.result.Window
	h.at(ctx, "starting")
	return workflow.SetQueryHandlerWithOptions(ctx, ProgressQuery,
		func() (HourlyProgress, error) { return h.progress, nil },
		workflow.QueryHandlerOptions{Description: "Which step the hour is at, and the counts so far"})
}

func (h *hourly) run(ctx workflow.Context) (*HourlyResult, error) {
	load, err := h.load(ctx)
	if err != nil {
		return nil, h.fail(ctx, err)
	}
	if load == nil {
		return &h.result, nil
	}
	fresh, err := h.checkFreshness(ctx, load)
	if err != nil {
		return nil, named("check freshness", err)
	}
	h.at(ctx, "merging into "+h.settings.Table)
	merge, err := h.merge(ctx, load)
	if err != nil {
		return nil, named("merge into "+h.settings.Table, err)
	}
	h.result.Status, h.result.Merge = ledger.Merged, merge
	h.progress.Merge = &merge
	if err := h.test(ctx); err != nil {
		return nil, err
	}
	h.at(ctx, "done")
	if fresh.Status == contract.StaleError {
		// Said last, so that stale data is never a reason to leave loaded rows unmerged.
		return nil, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("the window is merged, but raw_tracks is stale: its newest stamp is %s old", span.Text(fresh.Age)),
			contract.ErrStale, nil)
	}
	return &h.result, nil
}

// looks bounds how often a run starts over because the bucket moved under it.
const looks = 5

// load takes the window to raw_tracks. It returns nil when there is nothing to
// load, and in a dry run. When the bucket moves between listing and reading, it looks again.
func (h *hourly) load(ctx workflow.Context) (*ledger.Load, error) {
	for look := 1; ; look++ {
		found, err := h.awaitExport(ctx)
		if err != nil {
			return nil, named("wait for the export", err)
		}
		if found.State == export.Missing {
			return nil, h.missing(ctx, found.Reason)
		}
		load, err := h.loadExport(ctx, found.Export)
		moved := isType(err, contract.ErrObjectGone) || isType(err, contract.ErrStagedMissing)
		if !moved || look == looks {
			return load, err
		}
		_, what := reason(err)
		h.note(ctx, "looked again: "+what)
	}
}

func (h *hourly) awaitExport(ctx workflow.Context) (contract.AwaitExportResult, error) {
	h.at(ctx, "waiting for the export")
	var found contract.AwaitExportResult
	ctx = h.settings.awaiting(ctx, "export of "+h.result.Window.String())
	err := workflow.ExecuteActivity(ctx, contract.AwaitExport, contract.AwaitExportInput{Window: h.result.Window}).Get(ctx, &found)
	return found, err
}

func (h *hourly) loadExport(ctx workflow.Context, found export.Export) (*ledger.Load, error) {
	h.progress.Objects, h.progress.Bytes = len(found.Objects), found.Bytes()
	h.result.Objects = len(found.Objects)
	h.noteExport(ctx, found)
	receipts, err := h.stage(ctx, found.Objects)
	if err != nil {
		return nil, named("stage objects", err)
	}
	commit := h.commitOf(ctx, ledger.Commit{Staged: receipts, Ignored: found.Ignored})
	if h.dry {
		return nil, h.preview(ctx, commit)
	}
	load, err := h.commit(ctx, commit)
	if err != nil {
		return nil, named("replace the window in raw_tracks", err)
	}
	h.result.Rows = load.Rows
	h.progress.Rows = &load.Rows
	return load, nil
}

func (h *hourly) commitOf(ctx workflow.Context, commit ledger.Commit) ledger.Commit {
	commit.Load = ledger.Load{
		Window: h.result.Window, ID: h.origin.RunID, Run: h.origin,
		IngestedAt: workflow.Now(ctx).UTC().Truncate(time.Microsecond),
	}
	return commit
}

// commit replaces the window. If rows of its last load were never merged, they
// are merged first: the new export may have fewer rows, and theirs would be lost.
func (h *hourly) commit(ctx workflow.Context, commit ledger.Commit) (*ledger.Load, error) {
	for {
		h.at(ctx, "replacing the window in raw_tracks")
		var load ledger.Load
		writing := h.settings.writing(ctx, "replace "+h.result.Window.String())
		err := workflow.ExecuteActivity(writing, contract.CommitWindow,
			contract.CommitWindowInput{Commit: commit, RejectLimit: h.settings.RejectLimit}).Get(ctx, &load)
		if !isType(err, contract.ErrWindowUnmerged) {
			return &load, err
		}
		if err := h.mergeEarlier(ctx, err); err != nil {
			return nil, err
		}
	}
}

func (h *hourly) checkFreshness(ctx workflow.Context, load *ledger.Load) (contract.Freshness, error) {
	h.at(ctx, "checking freshness")
	var fresh contract.Freshness
	ctx = h.settings.reading(ctx, "freshness of raw_tracks")
	err := workflow.ExecuteActivity(ctx, contract.CheckFreshness,
		contract.CheckFreshnessInput{Window: h.result.Window, IngestedAt: load.IngestedAt}).Get(ctx, &fresh)
	h.progress.Freshness = &fresh
	return fresh, err
}
