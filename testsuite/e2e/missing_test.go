package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func TestMissingHour(t *testing.T) {
	t.Parallel()
	l := open(t)
	w := hour(t, 0)
	said, err := l.Starter(l.ctx, "hourly", "--window", w.String())
	require.Error(t, err)
	assert.Equal(t, 1, exitCode(err))
	assert.Contains(t, said, "no object by 2026-06-12 02:05:00Z")
	assert.Contains(t, said, `run it with whenMissing "empty"`)
	l.fails(l.Temporal.GetWorkflow(l.ctx, harness.RunID(w), ""), contract.ErrExportMissing)
	assert.Equal(t, []string{"missing ExportMissing"}, l.ledger(w))

	_, err = l.Starter(l.ctx, "hourly", "--window", w.String(), "--when-missing", "empty")
	require.NoError(t, err)
	assert.Equal(t, []string{"missing ExportMissing", "empty"}, l.ledger(w))
	assert.Empty(t, l.held(w))

	uploaded := l.upload(w, ordinary(1))
	_, err = l.Starter(l.ctx, "hourly", "--window", w.String())
	require.NoError(t, err)
	assert.Equal(t, []string{"missing ExportMissing", "empty", "merged"}, l.ledger(w))
	assert.Equal(t, ids(uploaded.Events()), l.held(w))
	l.prove()
}

// The export of the last full hour appears while its run waits for it. It counts as
// complete when it has been quiet for long enough, whoever watched it: a worker that
// comes back after that time need not begin to count.
func TestExportAppearsDuringTheWait(t *testing.T) {
	t.Parallel()
	const quiet = 8 * time.Second
	l := open(t, set("TRACKS_EXPORT_QUIET="+quiet.String()))
	w := window.Before(time.Now())
	run := l.start(workflows.HourlyInput{Window: w})
	l.eventually("the run waits", func() bool {
		return l.failing(run.GetID(), contract.AwaitExport) == contract.ErrExportNotReady
	})
	export, err := sample.Generate(w, ordinary(1))
	require.NoError(t, err)
	appeared := time.Now()
	l.put(export.Objects[0].Name, export.Objects[0].Content, appeared)
	l.eventually("the run sees the object", func() bool {
		for _, pending := range l.Pending(l.ctx, run.GetID()) {
			if assert.NotEmpty(t, pending.GetLastFailure().GetMessage()) {
				return pending.GetLastFailure().GetMessage()[0] == '1' // "1 objects, last change ..."
			}
		}
		return false
	})
	l.killWorker()
	time.Sleep(time.Until(appeared.Add(quiet)))
	back := time.Now()
	l.startWorker()

	l.result(run)
	waited := l.attempted(run, contract.AwaitExport)
	assert.Greater(t, waited.done.Sub(appeared), quiet)
	assert.Less(t, waited.done.Sub(back), quiet)
	assert.Greater(t, waited.count, int32(1))
	assert.Equal(t, ids(export.Events()), l.held(w))
	l.prove()
}
