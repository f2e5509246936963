package workflows

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

func TestHourGoesFromBucketToTracks(t *testing.T) {
	t.Parallel()
	w := newWorld()
	result, err := w.hour(t, w.environment(t, testSettings), HourlyInput{})
	require.NoError(t, err)
	assert.Equal(t, "2026-06-12T10", result.Window.String(), "the last full hour")
	assert.Equal(t, ledger.Merged, result.Status)
	assert.Equal(t, 2, result.Objects)
	assert.Equal(t, int64(20), result.Rows.Read)
	assert.Equal(t, result.Rows.Loaded, result.Merge.Total())
	assert.Equal(t, []string{
		contract.AwaitExport, contract.StageObject, contract.StageObject,
		contract.CommitWindow, contract.CheckFreshness, contract.MergeWindow,
	}, w.calls)
	assert.Equal(t, 1, w.drained, "before the merge")
}

func TestWindowComesFromTheSchedulesNominalTime(t *testing.T) {
	t.Parallel()
	w := newWorld()
	env := w.environment(t, testSettings)
	nominal := time.Date(2026, 6, 9, 3, 0, 0, 0, time.UTC)
	require.NoError(t, env.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(scheduledStart.ValueSet(nominal))))
	result, err := w.hour(t, env, HourlyInput{})
	require.NoError(t, err)
	assert.Equal(t, "2026-06-09T02", result.Window.String())
}

func TestInputDecides(t *testing.T) {
	t.Parallel()
	w := newWorld()
	var limit float64
	commit := w.commit
	w.commit = func(ctx context.Context, in contract.CommitWindowInput) (ledger.Load, error) {
		limit = in.RejectLimit
		return commit(ctx, in)
	}
	half := 0.5
	result, err := w.hour(t, w.environment(t, testSettings), HourlyInput{Window: someWindow(t, "2026-01-02T03"), RejectLimit: &half})
	require.NoError(t, err)
	assert.Equal(t, "2026-01-02T03", result.Window.String())
	assert.InDelta(t, 0.5, limit, 1e-9)
}

func TestInputThatMakesNoSenseFailsAtOnce(t *testing.T) {
	t.Parallel()
	two := 2.0
	for name, in := range map[string]HourlyInput{
		"an hour that has not ended": {Window: someWindow(t, "2026-06-12T11")},
		"a share over 1":             {RejectLimit: &two},
		"an unknown choice":          {WhenMissing: "ignore"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			_, err := w.hour(t, w.environment(t, testSettings), in)
			requireType(t, err, contract.ErrInvalidInput)
			assert.Empty(t, w.calls)
		})
	}
}

func TestUnknownInputFieldsAreRefused(t *testing.T) {
	t.Parallel()
	var in HourlyInput
	require.ErrorContains(t, in.UnmarshalJSON([]byte(`{"windw": "2026-06-12T10"}`)), "windw")
	require.ErrorContains(t, in.UnmarshalJSON([]byte(`{"window": "yesterday"}`)), "2026-06-12T10")
	require.NoError(t, in.UnmarshalJSON([]byte(`{"window": "2026-06-12T10", "rejectLimit": 0.2, "whenMissing": "empty"}`)))
	assert.Equal(t, "2026-06-12T10", in.Window.String())
	var write WriteInput
	require.ErrorContains(t, write.UnmarshalJSON([]byte(`{"merg": {}}`)), "merg")
}

func absent(contract.AwaitExportInput) (contract.AwaitExportResult, error) {
	return contract.AwaitExportResult{State: export.Missing, Reason: "no object by 12:05"}, nil
}

func TestMissingHourFailsAndIsBooked(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.await = absent
	_, err := w.hour(t, w.environment(t, testSettings), HourlyInput{})
	requireType(t, err, contract.ErrExportMissing)
	require.Len(t, w.outcomes, 1)
	assert.Equal(t, ledger.Missing, w.outcomes[0].Status)
	assert.Contains(t, w.outcomes[0].Detail, "no object by 12:05")
	assert.Equal(t, "2026-06-12T10", w.outcomes[0].Window.String())
}

func TestMissingHourCanBeAnEmptySuccess(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.await = absent
	result, err := w.hour(t, w.environment(t, testSettings), HourlyInput{WhenMissing: "empty"})
	require.NoError(t, err)
	assert.Equal(t, ledger.Empty, result.Status)
	require.Len(t, w.outcomes, 1)
	assert.Equal(t, ledger.Empty, w.outcomes[0].Status)
}

func TestExportIsLookedForUntilItIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld()
	ready := w.await
	var looks atomic.Int32
	w.await = func(in contract.AwaitExportInput) (contract.AwaitExportResult, error) {
		if looks.Add(1) < 8 { // the test environment gives up after ten attempts, a server does not
			return contract.AwaitExportResult{}, temporal.NewApplicationErrorWithOptions("not yet", contract.ErrExportNotReady,
				temporal.ApplicationErrorOptions{NextRetryDelay: time.Minute})
		}
		return ready(in)
	}
	env := w.environment(t, testSettings)
	began := env.Now()
	_, err := w.hour(t, env, HourlyInput{})
	require.NoError(t, err)
	assert.GreaterOrEqual(t, env.Now().Sub(began), 7*time.Minute, "a minute between two looks")
}

// Every activity is tried again after a passing fault and after a silent worker.
func TestPassingFaultsAreSurvived(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]error{
		"an error": errors.New("connection reset"),
		"silence":  temporal.NewHeartbeatTimeoutError(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			once := func() error { return fault }
			tried := make(map[string]bool)
			fail := func(name string) error {
				w.mu.Lock()
				defer w.mu.Unlock()
				if tried[name] {
					return nil
				}
				tried[name] = true
				return once()
			}
			good := *newWorld()
			w.await = func(in contract.AwaitExportInput) (contract.AwaitExportResult, error) {
				if err := fail(contract.AwaitExport); err != nil {
					return contract.AwaitExportResult{}, err
				}
				return good.await(in)
			}
			w.stage = func(ctx context.Context, in contract.StageObjectInput) (ledger.Receipt, error) {
				if err := fail(contract.StageObject + in.Object.Name); err != nil {
					return ledger.Receipt{}, err
				}
				return good.stage(ctx, in)
			}
			w.commit = func(ctx context.Context, in contract.CommitWindowInput) (ledger.Load, error) {
				if err := fail(contract.CommitWindow); err != nil {
					return ledger.Load{}, err
				}
				return good.commit(ctx, in)
			}
			w.fresh = func(in contract.CheckFreshnessInput) (contract.Freshness, error) {
				if err := fail(contract.CheckFreshness); err != nil {
					return contract.Freshness{}, err
				}
				return good.fresh(in)
			}
			w.merge = func(ctx context.Context, in contract.MergeWindowInput) (ledger.Merge, error) {
				if err := fail(contract.MergeWindow); err != nil {
					return ledger.Merge{}, err
				}
				return good.merge(ctx, in)
			}
			result, err := w.hour(t, w.environment(t, testSettings), HourlyInput{})
			require.NoError(t, err)
			assert.Equal(t, ledger.Merged, result.Status)
			assert.Len(t, tried, 6)
		})
	}
}

// What no retry mends ends the run at once, by its type, and is booked.
func TestPermanentFaultsEndTheRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil  func(*world, error)
		kind   string
		booked bool
	}{
		"unsettled export": {func(w *world, err error) {
			w.await = func(contract.AwaitExportInput) (contract.AwaitExportResult, error) {
				return contract.AwaitExportResult{}, err
			}
		}, contract.ErrExportUnsettled, true},
		"corrupt object": {func(w *world, err error) {
			w.stage = func(context.Context, contract.StageObjectInput) (ledger.Receipt, error) { return ledger.Receipt{}, err }
		}, contract.ErrObjectCorrupt, true},
		"too many rejects": {func(w *world, err error) {
			w.commit = func(context.Context, contract.CommitWindowInput) (ledger.Load, error) { return ledger.Load{}, err }
		}, contract.ErrTooManyRejects, true},
		"a law broken by the merge": {func(w *world, err error) {
			w.merge = func(context.Context, contract.MergeWindowInput) (ledger.Merge, error) { return ledger.Merge{}, err }
		}, contract.ErrLawBroken, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			c.spoil(w, typedError(c.kind))
			_, err := w.hour(t, w.environment(t, testSettings), HourlyInput{})
			requireType(t, err, c.kind)
			if !c.booked {
				assert.Empty(t, w.outcomes, "the window is loaded, and the ledger says so already")
				return
			}
			require.Len(t, w.outcomes, 1)
			assert.Equal(t, ledger.Failed, w.outcomes[0].Status)
			assert.Equal(t, c.kind, w.outcomes[0].Reason)
		})
	}
}

func TestARunFailsWithItsOwnErrorWhenTheLedgerCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.await = absent
	w.booking = func(ledger.Outcome) error { return errors.New("disk full") }
	_, err := w.hour(t, w.environment(t, testSettings), HourlyInput{})
	requireType(t, err, contract.ErrExportMissing)
}

func TestObjectsThatMoveAreLookedForAgain(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{contract.ErrObjectGone, contract.ErrStagedMissing} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			good := *newWorld()
			var moves atomic.Int32
			w.commit = func(ctx context.Context, in contract.CommitWindowInput) (ledger.Load, error) {
				if moves.Add(1) <= 2 {
					return ledger.Load{}, typedError(kind)
				}
				return good.commit(ctx, in)
			}
			result, err := w.hour(t, w.environment(t, testSettings), HourlyInput{})
			require.NoError(t, err)
			assert.Len(t, result.Notes, 2)

			w.commit = func(context.Context, contract.CommitWindowInput) (ledger.Load, error) {
				return ledger.Load{}, typedError(kind)
			}
			_, err = w.hour(t, w.environment(t, testSettings), HourlyInput{})
			requireType(t, err, kind)
		})
	}
}

func TestFirstBadObjectStopsTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.await = func(contract.AwaitExportInput) (contract.AwaitExportResult, error) {
		objects := make([]export.Object, 50)
		for i := range objects {
			objects[i] = export.Object{Name: string(rune('a' + i)), Generation: int64(i)}
		}
		return contract.AwaitExportResult{State: export.Complete, Export: export.Export{Objects: objects}}, nil
	}
	w.stage = func(_ context.Context, in contract.StageObjectInput) (ledger.Receipt, error) {
		if in.Object.Generation == 3 {
			return ledger.Receipt{}, typedError(contract.ErrObjectCorrupt)
		}
		return ledger.Receipt{}, nil
	}
	_, err := w.hour(t, w.environment(t, testSettings), HourlyInput{})
	requireType(t, err, contract.ErrObjectCorrupt)
	assert.Less(t, len(w.calls), 15, "the rest is not staged")
}

func TestNoMoreObjectsAtATimeThanConfigured(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.await = func(contract.AwaitExportInput) (contract.AwaitExportResult, error) {
		return contract.AwaitExportResult{State: export.Complete, Export: export.Export{Objects: make([]export.Object, 12)}}, nil
	}
	var now, most atomic.Int32
	w.stage = func(context.Context, contract.StageObjectInput) (ledger.Receipt, error) {
		n := now.Add(1)
		defer now.Add(-1)
		w.mu.Lock()
		most.Store(max(most.Load(), n))
		w.mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		return ledger.Receipt{}, nil
	}
	_, err := w.hour(t, w.environment(t, testSettings), HourlyInput{})
	require.NoError(t, err)
	assert.Equal(t, int32(2), most.Load())
}

func TestUnmergedLoadIsMergedBeforeItIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld()
	good := *newWorld()
	earlier := ledger.Load{Window: someWindow(t, "2026-06-12T10"), ID: "earlier-run"}
	var commits atomic.Int32
	w.commit = func(ctx context.Context, in contract.CommitWindowInput) (ledger.Load, error) {
		if commits.Add(1) == 1 {
			return ledger.Load{}, typedError(contract.ErrWindowUnmerged, earlier)
		}
		return good.commit(ctx, in)
	}
	result, err := w.hour(t, w.environment(t, testSettings), HourlyInput{})
	require.NoError(t, err)
	require.Len(t, w.merged, 2)
	assert.Equal(t, "earlier-run", w.merged[0])
	assert.NotEqual(t, "earlier-run", w.merged[1])
	assert.Len(t, result.Notes, 1)
}

func TestStaleDataFailsTheRunAfterTheMerge(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.fresh = func(contract.CheckFreshnessInput) (contract.Freshness, error) {
		return contract.Freshness{Status: contract.StaleError, Age: 5 * time.Hour}, nil
	}
	_, err := w.hour(t, w.environment(t, testSettings), HourlyInput{})
	requireType(t, err, contract.ErrStale)
	assert.Len(t, w.merged, 1, "no loaded row stays unmerged")
}
