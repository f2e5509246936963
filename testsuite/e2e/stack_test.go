package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
)

// Temporal and the bucket die in the middle of a day, the second time together with
// the worker, and come back from their files on the same ports. Most of the time
// goes by until the schedule notices that whoever watched the running hour for it
// is gone: Temporal waits a minute for that.
func TestDayOutlivesItsServers(t *testing.T) {
	t.Parallel()
	binary, err := harness.BuildStack(t.Context(), t.TempDir())
	require.NoError(t, err)
	d := openDay(t, 9, func(o *harness.Options) {
		o.StackBinary = binary
		o.Stack = devstack.Options{DisableUI: true, Dir: t.TempDir()}
	})
	d.begin(enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL)
	d.eventually("hour 2 begins", func() bool { return d.began(d.hours[2]) })
	require.NoError(t, d.KillStack())
	require.NoError(t, d.RestartStack(d.ctx))

	d.eventually("hour 5 begins", func() bool { return d.began(d.hours[5]) })
	require.NoError(t, d.KillStack())
	d.killWorker()
	require.NoError(t, d.RestartStack(d.ctx))
	d.startWorker()
	d.finish()
	d.judge()
	d.prove()
	assert.Equal(t, len(d.hours), d.writersTookTurns())
}
