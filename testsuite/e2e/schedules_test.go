package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
)

// change is what schedules diff and apply print as JSON.
type change struct {
	Schedule string `json:"schedule"`
	Action   string `json:"action"`
	Paused   bool   `json:"paused"`
	Note     string `json:"note"`
	Fields   []struct {
		Field  string `json:"field"`
		Is     string `json:"is"`
		Wanted string `json:"wanted"`
	} `json:"fields"`
}

func (l *lab) schedules(code int, arguments ...string) string {
	l.t.Helper()
	said, err := l.Starter(l.ctx, append([]string{"schedules"}, arguments...)...)
	if code == 0 {
		require.NoError(l.t, err)
	} else {
		require.Equal(l.t, code, exitCode(err), said)
	}
	return said
}

func TestSchedulesAreKeptAsDeclared(t *testing.T) {
	t.Parallel()
	l := open(t)
	assert.Contains(t, l.schedules(3, "diff"), harness.Schedule+": does not exist yet")
	assert.Contains(t, l.schedules(0, "apply"), "created schedule "+harness.Schedule)
	assert.NotContains(t, l.schedules(0, "apply"), "updated", "the second time there is nothing to do")
	l.schedules(0, "diff")

	// A stranger changes what the schedule does, and on-call pauses it.
	handle := l.Temporal.ScheduleClient().GetHandle(l.ctx, harness.Schedule)
	require.NoError(t, handle.Update(l.ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			in.Description.Schedule.Policy.CatchupWindow = time.Hour
			in.Description.Schedule.Action.(*client.ScheduleWorkflowAction).TaskQueue = "elsewhere"
			return &client.ScheduleUpdate{Schedule: &in.Description.Schedule}, nil
		},
	}))
	l.schedules(0, "pause", "hourly", "--note", "the bucket moves")
	assert.Contains(t, l.schedules(0, "pause", "hourly", "--note", "me too"), "was paused already (the bucket moves)")

	said, err := l.Starter(l.ctx, "schedules", "apply", "--json")
	require.NoError(t, err)
	var changes []change
	require.NoError(t, json.Unmarshal([]byte(said), &changes))
	require.NotEmpty(t, changes)
	assert.Equal(t, harness.Schedule, changes[0].Schedule)
	assert.Equal(t, "update", changes[0].Action)
	assert.True(t, changes[0].Paused)
	require.Len(t, changes[0].Fields, 2)
	assert.Equal(t, "1h0m0s", changes[0].Fields[0].Is)
	assert.Equal(t, "posthog-tracks", changes[0].Fields[1].Wanted)

	found, err := handle.Describe(l.ctx)
	require.NoError(t, err)
	assert.True(t, found.Schedule.State.Paused, "apply must not undo a pause")
	assert.Equal(t, "the bucket moves", found.Schedule.State.Note)
	assert.Equal(t, "posthog-tracks", found.Schedule.Action.(*client.ScheduleWorkflowAction).TaskQueue)
	assert.Contains(t, l.schedules(0, "diff"), "is as declared, paused (the bucket moves)")

	assert.Contains(t, l.schedules(0, "resume", "hourly"), "resumed")
	assert.Contains(t, l.schedules(0, "resume", "hourly"), "was not paused")
	assert.Contains(t, l.schedules(0, "delete", "hourly"), "deleted")
	assert.Contains(t, l.schedules(0, "delete", "hourly"), "did not exist")
	assert.Contains(t, l.schedules(1, "pause", "hourly"), "starter schedules apply")
	assert.Contains(t, l.schedules(2, "pause", "hurly"), "there are: hourly, reconcile")
	assert.Contains(t, l.schedules(2, "pause"), "name the schedules")
}

// A schedule that left the configuration is named, and removed only by name.
func TestUndeclaredScheduleIsLeftAlone(t *testing.T) {
	t.Parallel()
	l := open(t, set("TRACKS_SCHEDULES_HOURLY=false"))
	l.schedules(0, "apply")
	_, err := l.Temporal.ScheduleClient().GetHandle(l.ctx, harness.Schedule).Describe(l.ctx)
	require.Error(t, err, "nothing asks for it")
	_, err = l.Temporal.ScheduleClient().Create(l.ctx, client.ScheduleOptions{
		ID: harness.Schedule, Paused: true, Action: &client.ScheduleWorkflowAction{ID: "x", Workflow: "X", TaskQueue: "x"},
	})
	require.NoError(t, err)
	assert.Contains(t, l.schedules(0, "apply"), "starter schedules delete hourly")
	_, err = l.Temporal.ScheduleClient().GetHandle(l.ctx, harness.Schedule).Describe(l.ctx)
	require.NoError(t, err)
}
