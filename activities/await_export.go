package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/gcs"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Folder is what waiting for an export needs of the bucket.
type Folder interface {
	// List returns the objects under prefix and the bucket's own time.
	List(ctx context.Context, prefix string) (export.Look, error)
	// Read returns a small object's content.
	Read(ctx context.Context, object export.Object, limit int64) ([]byte, error)
}

// Exports waits for exports.
type Exports struct {
	Bucket Folder
	Prefix export.Folder
	Rule   export.Rule
	// Poll is the time between two attempts, Confirm between two looks within one.
	Poll, Confirm time.Duration
}

// AwaitExport takes one look at the window's folder, or two, and returns when the
// export is complete or missing. Otherwise it fails with ExportNotReady and is
// tried again after Poll: any number of looks is one event in the history, and
// nothing is lost when a worker dies in between, since the last look travels in
// the heartbeat and all ages are the bucket's.
func (e *Exports) AwaitExport(ctx context.Context, in contract.AwaitExportInput) (contract.AwaitExportResult, error) {
	result, err := e.await(ctx, in.Window)
	return result, typed(err)
}

func (e *Exports) await(ctx context.Context, w window.Window) (contract.AwaitExportResult, error) {
	previous := lastLook(ctx)
	life := beat(ctx, previous)
	defer life.stop()
	for {
		look, verdict, err := e.look(ctx, w, previous)
		if err != nil {
			return contract.AwaitExportResult{}, err
		}
		life.say(&look)
		switch {
		case verdict.State == export.Complete || verdict.State == export.Missing:
			return contract.AwaitExportResult{State: verdict.State, Reason: verdict.Reason, Export: verdict.Export}, nil
		case verdict.State == export.Unsettled:
			return contract.AwaitExportResult{}, &unsettledError{reason: verdict.Reason}
		case !verdict.Confirm:
			return contract.AwaitExportResult{}, e.notReady(verdict.Reason)
		}
		previous = &look
		if err := pause(ctx, e.Confirm); err != nil {
			return contract.AwaitExportResult{}, err
		}
	}
}

// look lists the folder and judges it.
func (e *Exports) look(ctx context.Context, w window.Window, previous *export.Look) (export.Look, export.Verdict, error) {
	look, err := e.Bucket.List(ctx, e.Prefix.Of(w))
	if err != nil {
		return export.Look{}, export.Verdict{}, err
	}
	look = look.After(previous)
	named, err := e.named(ctx, look.Contents(w).Manifest)
	if err != nil {
		return export.Look{}, export.Verdict{}, err
	}
	verdict := e.Rule.Judge(export.Wait{
		Window: w, Since: activity.GetInfo(ctx).ScheduledTime, Look: look, Previous: previous, Named: named,
	})
	return look, verdict, nil
}

// named returns the keys the manifest lists, nil when there is no manifest or
// nobody can read it: the export is then judged as one without.
func (e *Exports) named(ctx context.Context, manifest *export.Object) ([]string, error) {
	if manifest == nil || manifest.Size > export.ManifestLimit {
		return nil, nil
	}
	content, err := e.Bucket.Read(ctx, *manifest, export.ManifestLimit)
	if is[*gcs.GoneError](err) {
		return nil, e.notReady("the manifest was replaced while it was read")
	}
	if err != nil {
		return nil, err
	}
	keys, err := export.ParseManifest(*manifest, content)
	if is[*export.ManifestError](err) {
		activity.GetLogger(ctx).Warn("manifest is unreadable, waiting for quiet instead", "manifest", manifest.String())
		return nil, nil
	}
	return keys, err
}

// notReady is expected, so it is no failure in logs and metrics.
func (e *Exports) notReady(reason string) error {
	return temporal.NewApplicationErrorWithOptions(reason, contract.ErrExportNotReady, temporal.ApplicationErrorOptions{
		NextRetryDelay: e.Poll,
		Category:       temporal.ApplicationErrorCategoryBenign,
	})
}

// lastLook is what the attempt before this one saw, if it got as far as looking.
func lastLook(ctx context.Context) *export.Look {
	var look *export.Look
	if !activity.HasHeartbeatDetails(ctx) || activity.GetHeartbeatDetails(ctx, &look) != nil {
		return nil
	}
	return look
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("pause between two looks: %w", ctx.Err())
	case <-timer.C:
		return nil
	}
}
