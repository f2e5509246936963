package workflows

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

var somePreview = ledger.Preview{
	Rows:     ledger.Rows{Read: 20, Loaded: 18, Rejected: 2},
	Merge:    ledger.Merge{Inserted: 15, Updated: 1, Unchanged: 1, BeforeCutover: 1},
	Days:     []ledger.TouchedDay{{Day: "2026-03-01", Updated: 1}, {Day: "2026-06-12", Inserted: 15}},
	Estimate: &ledger.Estimate{Bytes: 3_000_000, USD: 0.02, Steps: []ledger.StepEstimate{{Step: "merge-state", Bytes: 3_000_000}}},
	Spent:    &ledger.Cost{BytesBilled: 10_000_000, USD: 0.0001},
}

// A dry run goes as far as the staged files, and writes nothing.
func TestDryRunOnlyLooks(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.preview = func(in contract.CommitWindowInput) (ledger.Preview, error) {
		assert.Len(t, in.Commit.Staged, 2)
		assert.Equal(t, "2026-06-12T10", in.Commit.Load.Window.String())
		assert.False(t, in.Commit.Load.IngestedAt.IsZero())
		assert.InDelta(t, testSettings.RejectLimit, in.RejectLimit, 1e-9)
		return somePreview, nil
	}
	env := w.environment(t, testSettings)
	result, err := w.hour(t, env, HourlyInput{DryRun: true})
	require.NoError(t, err)
	assert.Equal(t, []string{contract.AwaitExport, contract.StageObject, contract.StageObject, contract.PreviewWindow}, w.calls)
	assert.Zero(t, w.drained, "it takes no turn at writing")
	assert.True(t, result.DryRun)
	assert.Empty(t, result.Status)
	assert.Equal(t, &somePreview, result.Preview)
	assert.Equal(t, int64(20), result.Rows.Read)

	answer, err := env.QueryWorkflow(ProgressQuery)
	require.NoError(t, err)
	var progress HourlyProgress
	require.NoError(t, answer.Get(&progress))
	assert.Contains(t, progress.Step, "nothing was written")
	for _, said := range []string{"would insert 15, update 1", "3.0 MB in 1 statements", "billed 10.0 MB", "| 2026-03-01 | 0 | 1 |"} {
		assert.Contains(t, progress.markdown(), said)
	}
}

// Whatever ends a dry run, the ledger does not hear of it.
func TestDryRunBooksNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.await = absent
	_, err := w.hour(t, w.environment(t, testSettings), HourlyInput{DryRun: true})
	requireType(t, err, contract.ErrExportMissing)
	result, err := w.hour(t, w.environment(t, testSettings), HourlyInput{DryRun: true, WhenMissing: "empty"})
	require.NoError(t, err)
	assert.Equal(t, ledger.Empty, result.Status)
	assert.Nil(t, result.Preview)

	w = newWorld()
	w.preview = func(contract.CommitWindowInput) (ledger.Preview, error) {
		return ledger.Preview{}, typedError(contract.ErrTooManyRejects)
	}
	_, err = w.hour(t, w.environment(t, testSettings), HourlyInput{DryRun: true})
	requireType(t, err, contract.ErrTooManyRejects)
	assert.Empty(t, w.outcomes)
}

// The run that loads the hour throws the staged files away, and the dry run stages
// them again.
func TestDryRunLooksAgainWhenStagedFilesGo(t *testing.T) {
	t.Parallel()
	w := newWorld()
	var tries atomic.Int32
	w.preview = func(contract.CommitWindowInput) (ledger.Preview, error) {
		if tries.Add(1) == 1 {
			return ledger.Preview{}, typedError(contract.ErrStagedMissing)
		}
		return ledger.Preview{Unmerged: "load-1"}, nil
	}
	result, err := w.hour(t, w.environment(t, testSettings), HourlyInput{DryRun: true})
	require.NoError(t, err)
	require.Len(t, result.Notes, 2)
	assert.Contains(t, result.Notes[1], "load load-1 of this hour was never merged")
}

func TestTheUIListsTheFirstDays(t *testing.T) {
	t.Parallel()
	var preview ledger.Preview
	for day := range 30 {
		preview.Days = append(preview.Days, ledger.TouchedDay{Day: fmt.Sprintf("2026-04-%02d", day+1), Inserted: 1})
	}
	lines := previewLines(preview)
	assert.Contains(t, lines, "| 2026-04-20 | 1 | 0 |")
	assert.NotContains(t, lines, "| 2026-04-21 | 1 | 0 |")
	assert.Contains(t, lines, "| and 10 more days | | |")
}
