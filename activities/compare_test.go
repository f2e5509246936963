package activities

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/reconcile"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// hall is a bucket with a folder a window.
type hall struct {
	mu      sync.Mutex
	folders map[string][]export.Object
	listed  int
	fault   error
}

func (h *hall) List(_ context.Context, prefix string) (export.Look, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listed++
	return export.Look{Objects: h.folders[prefix]}, h.fault
}

// books is a ledger.
type books []ledger.Standing

func (b books) Standings(_ context.Context, from, until window.Window) ([]ledger.Standing, error) {
	var within []ledger.Standing
	for _, standing := range b {
		if !standing.Window.Start().Before(from.Start()) && standing.Window.Start().Before(until.Start()) {
			within = append(within, standing)
		}
	}
	return within, nil
}

func compareWindows(t *testing.T, r *Reconciliation, from window.Window, hours int) (contract.Comparison, error) {
	t.Helper()
	until := from
	for range hours {
		until = until.Next()
	}
	env := environment(t, r.CompareWindows)
	encoded, err := env.ExecuteActivity(r.CompareWindows, contract.CompareWindowsInput{From: from, Until: until})
	if err != nil {
		return contract.Comparison{}, err
	}
	var comparison contract.Comparison
	require.NoError(t, encoded.Get(&comparison))
	return comparison, nil
}

func TestEveryWindowOfTheRangeIsCompared(t *testing.T) {
	t.Parallel()
	folder := export.Folder("events/{date}/{hour}/")
	h := &hall{folders: make(map[string][]export.Object)}
	var b books
	first := tenToEleven(t)
	w := first
	for i := range 20 {
		object := export.Object{
			Name: fmt.Sprintf("%s%s-%s.parquet.sz", folder.Of(w), w.Start().Format("2006-01-02T15:04:05+00:00"), w.End().Format("2006-01-02T15:04:05+00:00")),
			Size: 10, Generation: int64(i + 1),
		}
		h.folders[folder.Of(w)] = []export.Object{object}
		if i%2 == 0 {
			b = append(b, ledger.Standing{Window: w, Status: ledger.Merged, LoadedAt: time.Now(), Objects: []export.Object{object}})
		}
		w = w.Next()
	}
	b[3].Objects[0].Generation = 99
	comparison, err := compareWindows(t, &Reconciliation{Bucket: h, Prefix: folder, Books: b}, first, 20)
	require.NoError(t, err)
	assert.Equal(t, 20, comparison.Examined)
	assert.Equal(t, 20, h.listed)
	require.Len(t, comparison.Findings, 11)
	for i, finding := range comparison.Findings {
		if i > 0 {
			assert.True(t, comparison.Findings[i-1].Window.Start().Before(finding.Window.Start()), "in order")
		}
		if finding.Window == b[3].Window {
			assert.Equal(t, reconcile.Rewritten, finding.State)
		} else {
			assert.Equal(t, reconcile.Unloaded, finding.State)
		}
	}
}

func TestComparingFailsWhenTheBucketDoes(t *testing.T) {
	t.Parallel()
	r := &Reconciliation{Bucket: &hall{fault: errors.New("connection reset")}, Prefix: "events/{date}/{hour}/", Books: books{}}
	_, err := compareWindows(t, r, tenToEleven(t), 3)
	require.ErrorContains(t, err, "connection reset")
}
