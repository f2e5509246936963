package telemetry

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

func TestSchedulesAreReported(t *testing.T) {
	t.Parallel()
	measured := started(t)
	var fault error
	watch := &scheduleWatch{
		ids: []string{"hourly", "checks"}, known: make(map[string]*client.ScheduleDescription),
		describe: func(_ context.Context, id string) (*client.ScheduleDescription, error) {
			if fault != nil {
				return nil, fault
			}
			if id == "checks" {
				return nil, serviceerror.NewNotFound("no such schedule")
			}
			return &client.ScheduleDescription{
				Schedule: client.Schedule{State: &client.ScheduleState{Paused: true}},
				Info:     client.ScheduleInfo{NumActions: 9, NumActionsMissedCatchupWindow: 2, NumActionsSkippedOverlap: 1},
			}, nil
		},
	}
	require.NoError(t, watch.declare(measured.meter()))
	assert.NotContains(t, measured.scrape(), "tracks_schedule_exists{", "nobody has looked yet")
	require.NoError(t, watch.look(t.Context()))
	fault = errors.New("connection reset")
	require.Error(t, watch.look(t.Context()))
	metrics := measured.scrape()
	for _, want := range []string{
		`tracks_schedule_exists{schedule="hourly"} 1`, `tracks_schedule_exists{schedule="checks"} 0`,
		`tracks_schedule_paused{schedule="hourly"} 1`, `tracks_schedule_started_total{schedule="hourly"} 9`,
		`tracks_schedule_missed_total{schedule="hourly"} 2`, `tracks_schedule_skipped_total{schedule="hourly"} 1`,
	} {
		assert.Contains(t, metrics, want, "what was seen last stays")
	}
}
