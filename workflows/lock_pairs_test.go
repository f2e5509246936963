package workflows

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// everyKind is a write of every kind there is.
func everyKind(t *testing.T) map[string]WriteInput {
	t.Helper()
	now := time.Date(2026, 6, 12, 11, 0, 0, 0, time.UTC)
	return map[string]WriteInput{
		"merge":    {Merge: &contract.MergeWindowInput{Window: someWindow(t, "2026-06-12T10"), LoadID: "x"}},
		"dedup":    {Dedup: &ledger.DedupOrder{ID: "x", Excess: 1, OrderedAt: now, ExpiresAt: now.Add(time.Hour)}},
		"rollback": {DedupRollback: &contract.RollbackDedupInput{ID: "x"}},
		"keys":     {Keys: &contract.RebuildKeysInput{RebuildID: "x"}},
		"backfill": {Backfill: &ledger.BackfillDay{ID: "x", Day: "2026-03-01", Rows: 1}},
	}
}

func TestEveryKindOfWriteIsCompleteAlone(t *testing.T) {
	t.Parallel()
	for name, in := range everyKind(t) {
		require.NotNil(t, in.kind(), name)
		in.Merge = &contract.MergeWindowInput{Window: someWindow(t, "2026-06-12T10"), LoadID: "x"}
		if name != "merge" {
			require.Nil(t, in.kind(), "%s and a merge are no write", name)
		}
	}
}

// openWriters counts the runs of WriteTracks that are open at a time.
type openWriters struct {
	mu                sync.Mutex
	open, most, ended int
}

func (o *openWriters) started(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) {
	if info.WorkflowType.Name != WriteTracks {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open++
	o.most = max(o.most, o.open)
}

func (o *openWriters) completed(info *workflow.Info, _ converter.EncodedValue, _ error) {
	if info.WorkflowType.Name != WriteTracks {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open--
	o.ended++
}

// Two writes of any two kinds, asked for at once, come one after the other.
func TestEveryPairOfWritesTakesTurns(t *testing.T) {
	t.Parallel()
	for first, one := range everyKind(t) {
		for second, other := range everyKind(t) {
			t.Run(first+" and "+second, func(t *testing.T) {
				t.Parallel()
				env := newWorld().environment(t, testSettings)
				var writers openWriters
				env.SetOnChildWorkflowStartedListener(writers.started)
				env.SetOnChildWorkflowCompletedListener(writers.completed)
				waits := 0
				env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
					both := workflow.NewWaitGroup(ctx)
					var failed error
					for _, in := range []WriteInput{one, other} {
						both.Add(1)
						workflow.Go(ctx, func(ctx workflow.Context) {
							defer both.Done()
							if _, err := write(ctx, testSettings, in, func(string) { waits++ }); err != nil {
								failed = err
							}
						})
					}
					both.Wait(ctx)
					return failed
				}, workflow.RegisterOptions{Name: "both"})
				env.ExecuteWorkflow("both")
				require.NoError(t, env.GetWorkflowError())
				assert.Equal(t, 2, writers.ended)
				assert.Equal(t, 1, writers.most, "writers at the same time")
				assert.Positive(t, waits, "one of them waits")
			})
		}
	}
}

// A writer of any kind that is cancelled frees the lock for the next of any kind.
func TestACancelledWriterFreesTheLock(t *testing.T) {
	t.Parallel()
	for name, in := range everyKind(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			env := w.environment(t, testSettings)
			var writers openWriters
			env.SetOnChildWorkflowStartedListener(writers.started)
			env.SetOnChildWorkflowCompletedListener(writers.completed)
			var cancelFirst workflow.CancelFunc
			w.drain = func() (contract.DrainResult, error) {
				if w.drained == 1 {
					env.RegisterDelayedCallback(func() { cancelFirst() }, 0)
					return contract.DrainResult{}, temporal.NewCanceledError()
				}
				return contract.DrainResult{}, nil
			}
			env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
				var first workflow.Context
				first, cancelFirst = workflow.WithCancel(ctx)
				if _, err := write(first, testSettings, in, func(string) {}); !temporal.IsCanceledError(err) {
					return err
				}
				_, err := write(ctx, testSettings, WriteInput{
					Merge: &contract.MergeWindowInput{Window: someWindow(t, "2026-06-12T10"), LoadID: "next"},
				}, func(string) {})
				return err
			}, workflow.RegisterOptions{Name: "one after the other"})
			env.ExecuteWorkflow("one after the other")
			require.NoError(t, env.GetWorkflowError())
			assert.Equal(t, []string{"next"}, w.merged)
			assert.Equal(t, 1, writers.most)
		})
	}
}
