//go:build bigquery

package conformance

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/bigquery"
)

// TestBigQueryDedup runs what only BigQuery has: jobs that can be cancelled between
// any two, and rows without created_at.
func TestBigQueryDedup(t *testing.T) {
	t.Parallel()
	p := standIn(t)
	for name, test := range map[string]func(*dedupLab, *fuse){
		"cancelled anywhere":      dedupCancelled,
		"rows without created_at": dedupUndated,
	} {
		t.Run(name, func(t *testing.T) {
			burning := &fuse{}
			opened := new(Deduper)
			l := newLab(t, func(t *testing.T) (Warehouse, activities.Area) {
				t.Helper()
				w, area := p.open(t, func(o *bigquery.Options) { o.Jobs.Billed = burning.burn })
				*opened = w
				return w, area
			})
			test(&dedupLab{lab: l, deduper: *opened}, burning)
		})
	}
}

// fuse cancels after a number of jobs.
type fuse struct {
	mu     sync.Mutex
	left   int
	cancel func()
}

// burn is told of every job that has ended.
func (f *fuse) burn(string, int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left--
	if f.left == 0 {
		f.cancel()
	}
}

// after runs fn, and cancels it after so many jobs.
func (f *fuse) after(t *testing.T, jobs int, fn func(context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f.mu.Lock()
	f.left, f.cancel = jobs, cancel
	f.mu.Unlock()
	return fn(ctx)
}

// dedupCancelled cancels a dedup and its rollback after each of their jobs. tracks is
// then as before or as after, and the next attempt ends as if nothing had been.
func dedupCancelled(l *dedupLab, burning *fuse) {
	l.everyCause()
	before, keysBefore := l.everything("tracks"), l.everything("tracks_keys")
	order, _ := l.dedup("calm")
	after, keysAfter := l.everything("tracks"), l.everything("tracks_keys")
	_, err := l.deduper.RollbackDedup(l.t.Context(), order.ID)
	require.NoError(l.t, err)
	require.Equal(l.t, before, l.everything("tracks"))
	plan := l.plan()

	whole := func() {
		l.t.Helper()
		if now := l.everything("tracks"); len(now) == len(before) {
			assert.Equal(l.t, before, now)
			assert.Equal(l.t, keysBefore, l.everything("tracks_keys"))
		} else {
			assert.Equal(l.t, after, now)
			assert.Equal(l.t, keysAfter, l.everything("tracks_keys"))
		}
	}
	for jobs, survived := 1, 0; survived < 2; jobs += 2 {
		survived = 0
		order := l.order(fmt.Sprintf("cancelled after %d", jobs), plan)
		if err := burning.after(l.t, jobs, func(ctx context.Context) error { return l.attempt(ctx, order) }); err == nil {
			survived++
		}
		whole()
		require.NoError(l.t, l.attempt(l.t.Context(), order))
		assert.Equal(l.t, after, l.everything("tracks"))
		assert.Equal(l.t, keysAfter, l.everything("tracks_keys"))
		if err := burning.after(l.t, jobs, func(ctx context.Context) error {
			_, err := l.deduper.RollbackDedup(ctx, order.ID)
			return err
		}); err == nil {
			survived++
		}
		whole()
		_, err := l.deduper.RollbackDedup(l.t.Context(), order.ID)
		require.NoError(l.t, err)
		assert.Equal(l.t, before, l.everything("tracks"))
		assert.Equal(l.t, keysBefore, l.everything("tracks_keys"))
		l.drop(order.ID)
	}
}

// dedupUndated has an event with a further row that has no created_at, and one that
// has no other.
func dedupUndated(l *dedupLab, _ *fuse) {
	l.deliver(l.hour(1), event(1), event(2))
	l.copied("0001", "created_at = NULL")
	l.sabotage(`UPDATE posthog.tracks SET created_at = NULL WHERE event_id LIKE '%0002'`)
	before := l.everything("tracks")
	plan := l.plan()
	assert.Equal(l.t, []ledger.DedupDay{{Day: "undated", DedupCounts: ledger.DedupCounts{NoKey: 2}}}, plan.Days)
	for _, whole := range []bool{false, true} {
		order := l.order(fmt.Sprint("whole table: ", whole), plan)
		order.WholeTable = whole
		require.NoError(l.t, l.attempt(l.t.Context(), order))
		assert.Equal(l.t, []string{line("0001", noon, "first")}, l.tracks())
		assert.Equal(l.t, []string{"0001|timestamp_missing", "0002|timestamp_missing"},
			l.rows(`SELECT SUBSTR(event_id, 33), reason FROM posthog.merge_rejects ORDER BY 1`))
		_, err := l.deduper.RollbackDedup(l.t.Context(), order.ID)
		require.NoError(l.t, err)
		assert.Equal(l.t, before, l.everything("tracks"))
	}
}
