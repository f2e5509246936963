package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// A dry run says what the run then does, and leaves no trace but the staged files,
// which the run finds.
func TestDryRunOfAnHour(t *testing.T) {
	t.Parallel()
	l := open(t)
	w := hour(t, 0)
	said, err := l.Starter(l.ctx, "hourly", "--window", w.String(), "--dry-run")
	require.Error(t, err)
	assert.Equal(t, 1, exitCode(err))
	assert.Contains(t, said, "no object by 2026-06-12 02:05:00Z")
	l.fails(l.Temporal.GetWorkflow(l.ctx, workflows.DryRunID(w), ""), contract.ErrExportMissing)

	uploaded := l.upload(w, ordinary(1))
	var planned, again workflows.HourlyResult
	l.command(&planned, "hourly", "--window", w.String(), "--dry-run")
	require.NotNil(t, planned.Preview)
	assert.Positive(t, planned.Preview.Merge.Inserted)
	assert.NotEmpty(t, planned.Preview.Days)
	assert.Empty(t, l.held(w))
	assert.Empty(t, l.ledger(w), "the ledger has heard of neither dry run")

	loaded := l.load(w)
	assert.Equal(t, planned.Preview.Merge, loaded.Merge)
	assert.Equal(t, planned.Rows, loaded.Rows)
	assert.Equal(t, ids(uploaded.Events()), l.held(w))

	l.command(&again, "hourly", "--window", w.String(), "--dry-run")
	assert.Equal(t, ledger.Merge{
		Unchanged: loaded.Merge.Inserted + loaded.Merge.Unchanged, Collided: loaded.Merge.Collided, BeforeCutover: loaded.Merge.BeforeCutover,
	}, again.Preview.Merge)
	assert.Empty(t, again.Preview.Days)
	assert.Equal(t, []string{"merged"}, l.ledger(w))
	l.prove()
}
