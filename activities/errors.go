package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/temporal"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/gcs"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/parquetfile"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// unsettledError says that an export did not settle by the deadline.
type unsettledError struct{ reason string }

func (e *unsettledError) Error() string {
	return "the export did not settle by the deadline: " + e.reason +
		"; check the batch export in PostHog, then run the window again"
}

// typed turns a domain error into Temporal's, so that the UI shows what kind it
// is. What is not named here is taken for a passing fault and tried again.
func typed(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if _, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return err
	}
	kind, permanent := classify(err)
	if kind == "" {
		return err
	}
	options := temporal.ApplicationErrorOptions{NonRetryable: permanent}
	if unmerged, ok := errors.AsType[*ledger.UnmergedError](err); ok {
		options.Details = []any{unmerged.Load}
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), kind, options)
}

// classify gives the error's type, and whether trying again is pointless.
func classify(err error) (kind string, permanent bool) { //nolint:cyclop // a table of errors, in the one place that judges them
	var refused interface{ Permanent() bool }
	switch {
	case is[*unsettledError](err):
		return contract.ErrExportUnsettled, true
	case is[*gcs.GoneError](err):
		return contract.ErrObjectGone, true
	case is[*gcs.AccessError](err):
		return contract.ErrBucketDenied, true
	case is[*parquetfile.Error](err):
		return classifyFile(err), true
	case is[*tooManyRejectsError](err):
		return contract.ErrTooManyRejects, true
	case is[*ledger.UnmergedError](err):
		return contract.ErrWindowUnmerged, true
	case is[*warehouse.StagedMissingError](err):
		return contract.ErrStagedMissing, true
	case is[*warehouse.KeysMissingError](err):
		return contract.ErrKeysMissing, true
	case is[*warehouse.SourceMovedError](err):
		return contract.ErrSourceMoved, true
	case is[*warehouse.InvariantError](err), is[*warehouse.LoadUnknownError](err):
		return contract.ErrLawBroken, true
	case is[*warehouse.HeldError](err):
		return contract.ErrWarehouseHeld, false
	case is[*export.ManifestError](err):
		return contract.ErrObjectCorrupt, true
	case errors.As(err, &refused) && refused.Permanent():
		return contract.ErrWarehouseRefused, true
	default:
		return classifyDedup(err)
	}
}

// classifyDedup is classify for the errors that only dedups have.
func classifyDedup(err error) (kind string, permanent bool) {
	switch {
	case is[*warehouse.MovedError](err), is[*warehouse.PlanChangedError](err):
		return contract.ErrTracksMoved, true
	case is[*warehouse.SnapshotGoneError](err):
		return contract.ErrSnapshotGone, true
	case is[*warehouse.ChangedSinceError](err):
		return contract.ErrChangedSince, true
	default:
		return "", false
	}
}

// classifyFile tells damage, which only PostHog can mend, from what a setting of
// the export mends.
func classifyFile(err error) string {
	var file *parquetfile.Error
	errors.As(err, &file)
	switch file.Kind {
	case parquetfile.MissingColumn:
		return contract.ErrColumnMissing
	case parquetfile.UnsupportedCodec, parquetfile.Unsupported, parquetfile.TooLarge:
		return contract.ErrObjectUnsupported
	default:
		return contract.ErrObjectCorrupt
	}
}

func is[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}
