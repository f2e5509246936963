package activities

import (
	"context"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/reconcile"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Lister is what comparing needs of the bucket.
type Lister interface {
	// List returns the objects under prefix and the bucket's own time.
	List(ctx context.Context, prefix string) (export.Look, error)
}

// Books is what comparing needs of the ledger.
type Books interface {
	// Standings are those of the windows of [from, until) that the ledger knows of.
	Standings(ctx context.Context, from, until window.Window) ([]ledger.Standing, error)
}

// Reconciliation compares the bucket with the ledger.
type Reconciliation struct {
	Bucket Lister
	Prefix export.Folder
	Books  Books
}

// listings is how many folders are listed at a time.
const listings = 8

// CompareWindows lists the folder of every window in the range and says where it is
// not what the ledger says was loaded.
func (r *Reconciliation) CompareWindows(ctx context.Context, in contract.CompareWindowsInput) (contract.Comparison, error) {
	comparison, err := r.compare(ctx, in)
	return comparison, typed(err)
}

func (r *Reconciliation) compare(ctx context.Context, in contract.CompareWindowsInput) (contract.Comparison, error) {
	life := beat(ctx, "reading the ledger")
	defer life.stop()
	known, err := r.Books.Standings(ctx, in.From, in.Until)
	if err != nil {
		return contract.Comparison{}, fmt.Errorf("read the ledger from %s: %w", in.From, err)
	}
	standings := make(map[window.Window]ledger.Standing, len(known))
	for _, standing := range known {
		standings[standing.Window] = standing
	}
	var windows []window.Window
	for w := in.From; w.Start().Before(in.Until.Start()); w = w.Next() {
		windows = append(windows, w)
	}
	findings := make([]*reconcile.Finding, len(windows))
	var listed atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(listings)
	for i, w := range windows {
		group.Go(func() error {
			look, err := r.Bucket.List(ctx, r.Prefix.Of(w))
			if err != nil {
				return err
			}
			if finding, ok := reconcile.Judge(w, standings[w], look); ok {
				findings[i] = &finding
			}
			life.say(fmt.Sprintf("%d of %d folders listed", listed.Add(1), len(windows)))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return contract.Comparison{}, err
	}
	comparison := contract.Comparison{Examined: len(windows)}
	for _, finding := range findings {
		if finding != nil {
			comparison.Findings = append(comparison.Findings, *finding)
		}
	}
	return comparison, nil
}
