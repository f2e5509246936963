package workflows

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// dedupWorld is a warehouse with ten excess rows on two days.
type dedupWorld struct {
	plan     func() (ledger.DedupPlan, error)
	snapshot func(ledger.DedupOrder) (ledger.Snapshot, error)
	apply    func(ledger.DedupOrder) (ledger.Dedup, error)
	verify   func(ledger.DedupOrder) error
	rollback func(contract.RollbackDedupInput) (ledger.DedupRollback, error)
	drop     func(contract.DropSnapshotInput) (contract.DropSnapshotResult, error)

	orders  []ledger.DedupOrder
	dropped []contract.DropSnapshotInput
}

func newDedupWorld() dedupWorld {
	return dedupWorld{
		plan: func() (ledger.DedupPlan, error) {
			days := []ledger.DedupDay{
				{Day: "2026-06-12", DedupCounts: ledger.DedupCounts{SameDay: 7, NoKey: 1}},
				{Day: "2026-06-20", DedupCounts: ledger.DedupCounts{AcrossDays: 2}},
			}
			return ledger.DedupPlan{
				Rows: 110, Events: 100, Repeated: 8, Days: days, Excess: days[0].Plus(ledger.DedupCounts{AcrossDays: 2}),
			}, nil
		},
		snapshot: func(order ledger.DedupOrder) (ledger.Snapshot, error) {
			return ledger.Snapshot{Name: "copy", Rows: 110, ExpiresAt: order.ExpiresAt}, nil
		},
		apply: func(order ledger.DedupOrder) (ledger.Dedup, error) {
			return ledger.Dedup{Rows: 100, Removed: order.Excess}, nil
		},
		verify: func(ledger.DedupOrder) error { return nil },
		rollback: func(contract.RollbackDedupInput) (ledger.DedupRollback, error) {
			return ledger.DedupRollback{Rows: 110, Restored: 18}, nil
		},
		drop: func(contract.DropSnapshotInput) (contract.DropSnapshotResult, error) {
			return contract.DropSnapshotResult{}, nil
		},
	}
}

func (w *world) registerDedups(register func(name string, fn any)) {
	register(contract.PlanDedup, func(context.Context, contract.PlanDedupInput) (ledger.DedupPlan, error) {
		w.note(contract.PlanDedup)
		return w.dedups.plan()
	})
	register(contract.SnapshotTracks, func(_ context.Context, order ledger.DedupOrder) (ledger.Snapshot, error) {
		w.note(contract.SnapshotTracks)
		return w.dedups.snapshot(order)
	})
	register(contract.ApplyDedup, func(_ context.Context, order ledger.DedupOrder) (ledger.Dedup, error) {
		w.note(contract.ApplyDedup)
		w.mu.Lock()
		w.dedups.orders = append(w.dedups.orders, order)
		w.mu.Unlock()
		return w.dedups.apply(order)
	})
	register(contract.VerifyDedup, func(_ context.Context, order ledger.DedupOrder) error {
		w.note(contract.VerifyDedup)
		return w.dedups.verify(order)
	})
	register(contract.RollbackDedup, func(_ context.Context, in contract.RollbackDedupInput) (ledger.DedupRollback, error) {
		w.note(contract.RollbackDedup)
		return w.dedups.rollback(in)
	})
	register(contract.DropSnapshot, func(_ context.Context, in contract.DropSnapshotInput) (contract.DropSnapshotResult, error) {
		w.note(contract.DropSnapshot)
		w.mu.Lock()
		w.dedups.dropped = append(w.dedups.dropped, in)
		w.mu.Unlock()
		return w.dedups.drop(in)
	})
}

// deduped runs DedupTracks to its end.
func deduped(t *testing.T, env *testsuite.TestWorkflowEnvironment, in DedupInput) (DedupResult, error) {
	t.Helper()
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: DedupID, TaskQueue: "tracks"})
	env.ExecuteWorkflow(DedupTracks, in)
	require.True(t, env.IsWorkflowCompleted())
	var result DedupResult
	if err := env.GetWorkflowError(); err != nil {
		return result, err
	}
	require.NoError(t, env.GetWorkflowResult(&result))
	return result, nil
}

// after sends messages that long after the start.
func after(t *testing.T, env *testsuite.TestWorkflowEnvironment, delay time.Duration, messages ...message) {
	t.Helper()
	env.RegisterDelayedCallback(func() { (&conversation{t: t, env: env, said: int(delay)}).say(messages...) }, delay)
}

// approve repeats the number that dedupWorld plans.
var approve = message{name: ApproveUpdate, accepted: true, input: []any{Approval{Excess: 10}}}

func refused(name string, input any) message { return message{name: name, input: []any{input}} }

var because = Because{Reason: "the numbers look wrong"}

func TestDedupWaitsForTheRightNumber(t *testing.T) {
	t.Parallel()
	w := newWorld()
	env := w.environment(t, testSettings)
	after(t, env, time.Hour,
		refused(ApproveUpdate, Approval{}), refused(ApproveUpdate, Approval{Excess: 11}), refused(RejectUpdate, Because{}),
		refused(RollbackUpdate, because), refused(ReleaseUpdate, because), approve, refused(ApproveUpdate, Approval{Excess: 10}))
	result, err := deduped(t, env, DedupInput{})
	require.NoError(t, err)
	assert.Equal(t, DedupKept, result.State)
	assert.Equal(t, int64(100), result.Dedup.Rows)
	assert.Equal(t, []string{
		contract.PlanDedup, contract.DropSnapshot, contract.SnapshotTracks, contract.ApplyDedup, contract.VerifyDedup, contract.DropSnapshot,
	}, w.calls)
	require.Len(t, w.dedups.orders, 1)
	order := w.dedups.orders[0]
	assert.Equal(t, int64(10), order.Excess)
	assert.Len(t, order.Days, 2)
	assert.Equal(t, 7*24*time.Hour, order.ExpiresAt.Sub(order.OrderedAt))
	assert.Equal(t, contract.DropSnapshotInput{ID: order.ID}, w.dedups.dropped[1], "when its time is over")
}

func TestDedupPlansOnlyUnlessApproved(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   DedupInput
		say  []message
		want DedupState
	}{
		"a plan only":     {in: DedupInput{PlanOnly: true}, want: DedupPlanned},
		"nobody answers":  {want: DedupRejected},
		"it is rejected":  {say: []message{{name: RejectUpdate, accepted: true, input: []any{because}}}, want: DedupRejected},
		"wrong approvals": {say: []message{refused(ApproveUpdate, Approval{Excess: 1})}, want: DedupRejected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			env := w.environment(t, testSettings)
			after(t, env, time.Hour, c.say...)
			result, err := deduped(t, env, c.in)
			require.NoError(t, err)
			assert.Equal(t, c.want, result.State)
			assert.Equal(t, int64(10), result.Plan.Excess.Total())
			assert.Equal(t, []string{contract.PlanDedup}, w.calls)
		})
	}
}

func TestDedupOfACleanTableEnds(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.dedups.plan = func() (ledger.DedupPlan, error) { return ledger.DedupPlan{Rows: 5, Events: 5}, nil }
	result, err := deduped(t, w.environment(t, testSettings), DedupInput{})
	require.NoError(t, err)
	assert.Equal(t, DedupNothing, result.State)
}

func TestDedupInputThatMakesNoSense(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]DedupInput{
		"a wait of less than no time": {ApproveHours: -1},
		"a snapshot for ever":         {KeepHours: 1_000_000},
		"a rollback of a plan":        {Rollback: "run-1", PlanOnly: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			_, err := deduped(t, w.environment(t, testSettings), in)
			requireType(t, err, contract.ErrInvalidInput)
			assert.Empty(t, w.calls)
		})
	}
	var in DedupInput
	require.ErrorContains(t, in.UnmarshalJSON([]byte(`{"dryRun": true}`)), "dryRun")
	var approval Approval
	require.ErrorContains(t, approval.UnmarshalJSON([]byte(`{"rows": 10}`)), "rows")
}

func TestDedupCanBeTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld()
	env := w.environment(t, testSettings)
	after(t, env, time.Hour, approve)
	after(t, env, 30*time.Hour, message{name: RollbackUpdate, accepted: true, input: []any{because}})
	result, err := deduped(t, env, DedupInput{})
	require.NoError(t, err)
	assert.Equal(t, DedupRolledBack, result.State)
	assert.Equal(t, int64(110), result.Rollback.Rows)
	assert.Equal(t, []string{contract.RollbackDedup, contract.DropSnapshot}, w.calls[len(w.calls)-2:])
}

// A rollback that is refused leaves the dedup, and it can be tried again.
func TestDedupRollbackRefused(t *testing.T) {
	t.Parallel()
	w := newWorld()
	tries := 0
	w.dedups.rollback = func(contract.RollbackDedupInput) (ledger.DedupRollback, error) {
		tries++
		return ledger.DedupRollback{}, typedError(contract.ErrChangedSince)
	}
	env := w.environment(t, testSettings)
	after(t, env, time.Hour, approve)
	var told []error
	ask := func(delay time.Duration) {
		env.RegisterDelayedCallback(func() {
			a := &answer{}
			a.then = func() { told = append(told, errors.Join(a.rejected, a.failed)) }
			env.UpdateWorkflow(RollbackUpdate, delay.String(), a, because)
		}, delay)
	}
	ask(30 * time.Hour)
	ask(40 * time.Hour)
	result, err := deduped(t, env, DedupInput{})
	require.NoError(t, err)
	assert.Equal(t, DedupKept, result.State)
	assert.Equal(t, 2, tries)
	require.Len(t, told, 2)
	require.ErrorContains(t, told[0], contract.ErrChangedSince)
	assert.Contains(t, strings.Join(result.Notes, "\n"), "not taken back")
}

func TestDedupReleasesItsSnapshot(t *testing.T) {
	t.Parallel()
	w := newWorld()
	env := w.environment(t, testSettings)
	began := env.Now()
	after(t, env, time.Hour, approve)
	after(t, env, 2*time.Hour, refused(ReleaseUpdate, Because{}), message{name: ReleaseUpdate, accepted: true, input: []any{because}})
	result, err := deduped(t, env, DedupInput{})
	require.NoError(t, err)
	assert.Equal(t, DedupKept, result.State)
	assert.Less(t, env.Now().Sub(began), 24*time.Hour)
}

// A merge between the snapshot and the swap: nothing is lost, and the new plan has to
// be approved anew.
func TestDedupPlansAgainWhenTracksHasMoved(t *testing.T) {
	t.Parallel()
	w := newWorld()
	good, tries := newDedupWorld(), 0
	w.dedups.apply = func(order ledger.DedupOrder) (ledger.Dedup, error) {
		if tries++; tries == 1 {
			return ledger.Dedup{}, typedError(contract.ErrTracksMoved)
		}
		return good.apply(order)
	}
	env := w.environment(t, testSettings)
	after(t, env, time.Hour, approve)
	after(t, env, 10*time.Hour, approve)
	result, err := deduped(t, env, DedupInput{})
	require.NoError(t, err)
	assert.Equal(t, DedupKept, result.State)
	require.Len(t, w.dedups.orders, 2)
	assert.NotEqual(t, w.dedups.orders[0].ID, w.dedups.orders[1].ID)
	assert.Contains(t, w.dedups.dropped, contract.DropSnapshotInput{
		ID: w.dedups.orders[0].ID, OrderedAt: w.dedups.orders[0].OrderedAt, UnlessApplied: true,
	})
}

func TestDedupThatBreaksALawFails(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.dedups.apply = func(ledger.DedupOrder) (ledger.Dedup, error) {
		return ledger.Dedup{}, typedError(contract.ErrLawBroken)
	}
	env := w.environment(t, testSettings)
	after(t, env, time.Hour, approve)
	_, err := deduped(t, env, DedupInput{})
	requireType(t, err, contract.ErrLawBroken)
	require.ErrorContains(t, err, "nothing was changed")
	assert.True(t, w.dedups.dropped[len(w.dedups.dropped)-1].UnlessApplied)
}

// The check after the swap fails: the run says so, and can still take it back.
func TestDedupThatDoesNotStandTheCheck(t *testing.T) {
	t.Parallel()
	for name, rolledBack := range map[string]bool{"it is taken back": true, "it is left": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.dedups.verify = func(ledger.DedupOrder) error { return typedError(contract.ErrLawBroken) }
			env := w.environment(t, testSettings)
			after(t, env, time.Hour, approve)
			if rolledBack {
				after(t, env, 2*time.Hour, message{name: RollbackUpdate, accepted: true, input: []any{because}})
			}
			result, err := deduped(t, env, DedupInput{})
			if !rolledBack {
				requireType(t, err, contract.ErrDedupUnverified)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, DedupRolledBack, result.State)
		})
	}
}

// A run of its own takes a dedup back whose run has ended.
func TestDedupRollbackByID(t *testing.T) {
	t.Parallel()
	w := newWorld()
	var id string
	rollback := w.dedups.rollback
	w.dedups.rollback = func(in contract.RollbackDedupInput) (ledger.DedupRollback, error) {
		id = in.ID
		return rollback(in)
	}
	result, err := deduped(t, w.environment(t, testSettings), DedupInput{Rollback: "run-1"})
	require.NoError(t, err)
	assert.Equal(t, DedupRolledBack, result.State)
	assert.Equal(t, "run-1", id)
	assert.Equal(t, []string{contract.RollbackDedup, contract.DropSnapshot}, w.calls)
}

// A dedup cancelled in any step ends as cancelled, and looks after its snapshot.
func TestDedupCancelledInEveryStep(t *testing.T) {
	t.Parallel()
	for _, step := range []string{contract.PlanDedup, "approval", contract.SnapshotTracks, contract.ApplyDedup, contract.VerifyDedup, "hold"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			env := w.environment(t, testSettings)
			good := newDedupWorld()
			cancelled := func(name string) bool {
				if name == step {
					env.CancelWorkflow()
				}
				return name == step
			}
			w.dedups.plan = func() (ledger.DedupPlan, error) {
				cancelled(contract.PlanDedup)
				return good.plan()
			}
			w.dedups.snapshot = func(order ledger.DedupOrder) (ledger.Snapshot, error) {
				if cancelled(contract.SnapshotTracks) {
					return ledger.Snapshot{}, temporal.NewCanceledError()
				}
				return good.snapshot(order)
			}
			w.dedups.apply = func(order ledger.DedupOrder) (ledger.Dedup, error) {
				if cancelled(contract.ApplyDedup) {
					return ledger.Dedup{}, temporal.NewCanceledError()
				}
				return good.apply(order)
			}
			w.dedups.verify = func(ledger.DedupOrder) error {
				if cancelled(contract.VerifyDedup) {
					return temporal.NewCanceledError()
				}
				return nil
			}
			after(t, env, time.Hour, approve)
			env.RegisterDelayedCallback(func() { cancelled("approval") }, 30*time.Minute)
			env.RegisterDelayedCallback(func() { cancelled("hold") }, 30*time.Hour)
			_, err := deduped(t, env, DedupInput{})
			require.Error(t, err)
			assert.True(t, temporal.IsCanceledError(err), err.Error())
			switch step {
			case contract.PlanDedup, "approval":
				assert.Empty(t, w.dedups.dropped)
			case "hold":
				assert.Len(t, w.dedups.dropped, 1, "only those of the past")
			default:
				assert.True(t, w.dedups.dropped[len(w.dedups.dropped)-1].UnlessApplied)
			}
		})
	}
}

// A dedup waits for its turn like every other writer.
func TestDedupTakesItsTurn(t *testing.T) {
	t.Parallel()
	w := newWorld()
	env := w.environment(t, testSettings)
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		return workflow.Sleep(ctx, 5*time.Hour)
	}, workflow.RegisterOptions{Name: "holder"})
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		held := workflow.ChildWorkflowOptions{WorkflowID: WriterID(table)}
		holder := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, held), "holder")
		if err := holder.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			return err
		}
		in := WriteInput{Dedup: &ledger.DedupOrder{ID: "run-1", Excess: 10, OrderedAt: workflow.Now(ctx), ExpiresAt: workflow.Now(ctx)}}
		_, err := write(ctx, testSettings, in, func(string) { assert.Empty(t, w.dedups.orders) })
		return err
	}, workflow.RegisterOptions{Name: "behind a long write"})
	env.ExecuteWorkflow("behind a long write")
	require.NoError(t, env.GetWorkflowError())
	assert.Len(t, w.dedups.orders, 1)
}
