package workflows

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/keys"
)

// keysWorld stands in for the warehouse's part in rebuilding and comparing keys.
// What is nil goes well.
type keysWorld struct {
	plan    func(keys.PlanRequest) (keys.Plan, error)
	build   func(context.Context, contract.BuildKeysInput) (keys.Built, error)
	compare func(keys.CompareRequest) (keys.Drift, error)
}

func registerKeys(w *world, register func(name string, fn any)) {
	register(contract.PlanKeys, func(_ context.Context, request keys.PlanRequest) (keys.Plan, error) {
		w.note(contract.PlanKeys)
		if w.keys.plan != nil {
			return w.keys.plan(request)
		}
		return keys.Plan{RebuildID: request.RebuildID, Slices: []keys.Slice{{Number: 0, Source: keys.Tracks}, {Number: 1, Source: keys.RawTracks}}}, nil
	})
	register(contract.BuildKeys, func(ctx context.Context, in contract.BuildKeysInput) (keys.Built, error) {
		w.note(fmt.Sprintf("%s %d", contract.BuildKeys, in.Slice))
		if w.keys.build != nil {
			return w.keys.build(ctx, in)
		}
		return keys.Built{}, nil
	})
	register(contract.SwapKeys, func(_ context.Context, in contract.SwapKeysInput) (keys.Rebuilt, error) {
		w.note(contract.SwapKeys)
		return keys.Rebuilt{RebuildID: in.RebuildID, Built: keys.Built{Rows: 3, Keys: 2, Duplicates: 1, Sample: []string{"id"}}}, nil
	})
	register(contract.DiscardKeys, func(context.Context) error {
		w.note(contract.DiscardKeys)
		return nil
	})
	register(contract.CompareKeys, func(_ context.Context, request keys.CompareRequest) (keys.Drift, error) {
		w.note(contract.CompareKeys)
		if w.keys.compare != nil {
			return w.keys.compare(request)
		}
		return keys.Drift{Days: 1, Rows: 1, Keys: 1}, nil
	})
}

// rebuild runs KeysRebuild.
func (w *world) rebuild(t *testing.T, in KeysRebuildInput) (rebuilt keys.Rebuilt, err error) {
	t.Helper()
	env := w.environment(t, testSettings)
	env.ExecuteWorkflow(KeysRebuild, in)
	require.True(t, env.IsWorkflowCompleted())
	if err := env.GetWorkflowError(); err != nil {
		return rebuilt, err
	}
	return rebuilt, env.GetWorkflowResult(&rebuilt)
}

func TestKeysAreRebuiltSliceBySlice(t *testing.T) {
	t.Parallel()
	w := newWorld()
	rebuilt, err := w.rebuild(t, KeysRebuildInput{})
	require.NoError(t, err)
	assert.Equal(t, []string{contract.PlanKeys, "BuildKeys 0", "BuildKeys 1", contract.SwapKeys}, w.calls)
	assert.Equal(t, 1, w.drained)
	assert.Equal(t, int64(1), rebuilt.Duplicates)
	assert.NotEmpty(t, rebuilt.RebuildID)
}

// What an earlier run has done is not done again, and its rebuild is the one that
// is swapped.
func TestRebuildOfKeysGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.keys.plan = func(keys.PlanRequest) (keys.Plan, error) {
		return keys.Plan{RebuildID: "earlier", Slices: []keys.Slice{{Number: 0, Done: true}, {Number: 1}}}, nil
	}
	rebuilt, err := w.rebuild(t, KeysRebuildInput{})
	require.NoError(t, err)
	assert.Equal(t, []string{contract.PlanKeys, "BuildKeys 1", contract.SwapKeys}, w.calls)
	assert.Equal(t, "earlier", rebuilt.RebuildID)
}

func TestRebuildOfKeysCanBeThrownAway(t *testing.T) {
	t.Parallel()
	w := newWorld()
	rebuilt, err := w.rebuild(t, KeysRebuildInput{Discard: true})
	require.NoError(t, err)
	assert.True(t, rebuilt.Discarded)
	assert.Equal(t, []string{contract.DiscardKeys}, w.calls)
}

func TestRebuildOfKeysFailsWithTheSlicesError(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.keys.build = func(context.Context, contract.BuildKeysInput) (keys.Built, error) {
		return keys.Built{}, typedError(contract.ErrLawBroken)
	}
	_, err := w.rebuild(t, KeysRebuildInput{})
	requireType(t, err, contract.ErrLawBroken)
	assert.NotContains(t, w.calls, contract.SwapKeys)
}

func TestRebuildOfKeysIsCancelledInASlice(t *testing.T) {
	t.Parallel()
	w := newWorld()
	env := w.environment(t, testSettings)
	w.keys.build = func(context.Context, contract.BuildKeysInput) (keys.Built, error) {
		env.CancelWorkflow()
		return keys.Built{}, temporal.NewCanceledError()
	}
	env.ExecuteWorkflow(KeysRebuild, KeysRebuildInput{})
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()))
	assert.Equal(t, []string{contract.PlanKeys, "BuildKeys 0"}, w.calls)
}

func TestKeysInputIsChecked(t *testing.T) {
	t.Parallel()
	var rebuild KeysRebuildInput
	require.ErrorContains(t, rebuild.UnmarshalJSON([]byte(`{"slicerows": 1, "discrad": true}`)), "discrad")
	var verify KeysVerifyInput
	require.ErrorContains(t, verify.UnmarshalJSON([]byte(`{"until": "2026-06-12"}`)), "until")
	_, err := newWorld().rebuild(t, KeysRebuildInput{SliceRows: -1})
	requireType(t, err, contract.ErrInvalidInput)
	for _, in := range []KeysVerifyInput{{From: "yesterday"}, {To: "2026-13-01"}, {From: "2026-06-13", To: "2026-06-12"}} {
		env := newWorld().environment(t, testSettings)
		env.ExecuteWorkflow(KeysVerify, in)
		requireType(t, env.GetWorkflowError(), contract.ErrInvalidInput)
	}
}

func TestVerifyingKeysComparesTheDaysAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld()
	var asked keys.CompareRequest
	w.keys.compare = func(request keys.CompareRequest) (keys.Drift, error) {
		asked = request
		return keys.Drift{Days: 2, Rows: 5, Keys: 5}, nil
	}
	env := w.environment(t, testSettings)
	env.ExecuteWorkflow(KeysVerify, KeysVerifyInput{From: "2026-06-11", To: "2026-06-12"})
	require.NoError(t, env.GetWorkflowError())
	assert.Equal(t, 48*time.Hour, asked.Until.Sub(asked.From))
	var drift keys.Drift
	require.NoError(t, env.GetWorkflowResult(&drift))
	assert.Equal(t, int64(5), drift.Keys)
	assert.Zero(t, w.drained, "it takes no turn")
}

// A run that finds a difference fails, and has what it found in the error.
func TestVerifyingKeysFailsOnDrift(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.keys.compare = func(keys.CompareRequest) (keys.Drift, error) {
		return keys.Drift{Days: 2, Drifted: 1, On: []keys.DayDrift{{Day: "2026-06-12", Rows: 2, Keys: 1}}}, nil
	}
	env := w.environment(t, testSettings)
	env.ExecuteWorkflow(KeysVerify, KeysVerifyInput{})
	err := env.GetWorkflowError()
	requireType(t, err, contract.ErrKeysDrift)
	require.ErrorContains(t, err, "2026-06-12: 2 rows, 1 keys")
	var failure *temporal.ApplicationError
	require.ErrorAs(t, err, &failure)
	var drift keys.Drift
	require.NoError(t, failure.Details(&drift))
	assert.Equal(t, 1, drift.Drifted)
}
