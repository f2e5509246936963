package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Warehouse is what loading and merging need of a warehouse. Every call is all
// or nothing, and doing it again for the same load changes nothing.
type Warehouse interface {
	// CommitWindow replaces a window of raw_tracks by what was staged.
	CommitWindow(ctx context.Context, commit ledger.Commit) (ledger.Load, error)
	// MergeLoad merges a load into tracks.
	MergeLoad(ctx context.Context, w window.Window, loadID string) (ledger.Merge, error)
	// RecordOutcome books a run that loaded nothing.
	RecordOutcome(ctx context.Context, outcome ledger.Outcome) error
	// Newest is the largest bq_ingested_timestamp of raw_tracks; ok is false for an
	// empty table.
	Newest(ctx context.Context) (newest time.Time, ok bool, err error)
	// Drain waits until no earlier write to tracks is under way, and returns the ids
	// of the jobs it waited for.
	Drain(ctx context.Context) ([]string, error)
}

// Tables are the activities on the warehouse.
type Tables struct {
	Warehouse Warehouse
	Area      Area
	// Warn and Error are the ages from which raw_tracks counts as stale.
	Warn, Error time.Duration
	// Now is the clock ages are measured by; nil means time.Now.
	Now func() time.Time
}

// tooManyRejectsError says that an hour is so full of rows nobody can trust that
// loading the rest would hide the trouble.
type tooManyRejectsError struct {
	rows  ledger.Rows
	limit float64
	// rejects are the staged files that hold the rows.
	rejects []string
}

func (e *tooManyRejectsError) Error() string {
	var by []string
	for reason, n := range e.rows.RejectedBy {
		by = append(by, fmt.Sprintf("%s %d", reason, n))
	}
	slices.Sort(by)
	return fmt.Sprintf("%d of %d rows are rejected (%s), the limit is %.4g; nothing was replaced. The rows are in %s. "+
		"To load the window all the same, run it with a higher rejectLimit",
		e.rows.Rejected, e.rows.Read, strings.Join(by, ", "), e.limit, strings.Join(e.rejects, ", "))
}

// CommitWindow replaces the window by what was staged, unless too much of it is
// rejected, and then throws the staged files away.
func (t *Tables) CommitWindow(ctx context.Context, in contract.CommitWindowInput) (ledger.Load, error) {
	life := beat(ctx, "replacing the window")
	defer life.stop()
	if err := withinLimit(in); err != nil {
		return ledger.Load{}, typed(err)
	}
	load, err := t.Warehouse.CommitWindow(ctx, in.Commit)
	if err != nil {
		return ledger.Load{}, typed(err)
	}
	if err := t.Area.Discard(ctx, in.Commit.Load.Window); err != nil {
		// The window is committed; what is left over is swept up later.
		activity.GetLogger(ctx).Warn("staged files stay behind", "error", err)
	}
	return load, nil
}

func withinLimit(in contract.CommitWindowInput) error {
	rows := ledger.RowsOf(in.Commit.Staged)
	if float64(rows.Rejected) <= in.RejectLimit*float64(rows.Read) {
		return nil
	}
	e := &tooManyRejectsError{rows: rows, limit: in.RejectLimit}
	for _, receipt := range in.Commit.Staged {
		if receipt.Rejects != "" {
			e.rejects = append(e.rejects, receipt.Rejects)
		}
	}
	return e
}
