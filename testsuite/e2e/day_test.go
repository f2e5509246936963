package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// A day is run three times over the same exports: left alone, under kills in the
// order of the hours, and under kills with all hours at once.
func TestDay(t *testing.T) {
	t.Parallel()
	calm := openDay(t, 24)
	calm.begin(enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL)
	calm.finish()
	calm.judge()
	calm.prove()
	want, err := calm.Contents(calm.ctx)
	require.NoError(t, err)
	require.NotEmpty(t, want)
	if t.Failed() {
		return
	}
	t.Run("killed, hour after hour", func(t *testing.T) {
		t.Parallel()
		testKilledInOrder(t, want)
	})
	t.Run("killed, all hours at once", func(t *testing.T) {
		t.Parallel()
		testKilledAtOnce(t)
	})
}

// day is a lab with a day of exports and the schedule.
type day struct {
	*lab

	hours  []window.Window
	truths []sample.Truth
}

// openDay uploads the exports of a day's first hours and applies the schedule.
func openDay(t *testing.T, hours int, change ...func(*harness.Options)) *day {
	t.Helper()
	d := &day{lab: open(t, change...), hours: harness.Hours(hour(t, 0), hours)}
	for n, w := range d.hours {
		d.truths = append(d.truths, d.upload(w, exportOf(n)).Truth...)
	}
	said, err := d.Starter(d.ctx, "schedules", "apply")
	require.NoError(t, err)
	assert.Contains(t, said, "created schedule "+harness.Schedule)
	return d
}

// exportOf varies how exports lie in the bucket: one file without a manifest, a
// manifest with the parts that the traps need, a manifest with many parts.
func exportOf(n int) sample.Options {
	o := sample.Options{Seed: 1, Events: 300, Traps: sample.AllTraps()}
	switch n % 3 {
	case 0:
		o.Traps = o.Traps.Without(sample.OrphanPart, sample.EmptyLastPart)
	case 1:
	default:
		o.SplitBytes, o.BatchRows = 100<<10, 80
	}
	return o
}

// begin lets the schedule run the hours.
func (d *day) begin(overlap enums.ScheduleOverlapPolicy) {
	d.t.Helper()
	require.NoError(d.t, d.Backfill(d.ctx, d.hours, overlap))
}

// finish waits until all hours are done. None may have failed, or have a history
// that grows with what went wrong meanwhile.
func (d *day) finish() {
	d.t.Helper()
	var lengths []int64
	for _, w := range d.hours {
		run, err := d.Await(d.ctx, w)
		require.NoError(d.t, err)
		assert.Equal(d.t, enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, run.Status, "hour %s", w)
		lengths = append(lengths, run.Events)
	}
	d.t.Logf("history events of each hour: %v", lengths)
}

// judge compares what became of the traps with the truth about them.
func (d *day) judge() {
	d.t.Helper()
	found, err := d.Judge(d.ctx, d.truths, d.hours)
	require.NoError(d.t, err)
	assert.Empty(d.t, found.Wrong)
	assert.Greater(d.t, found.Rows, 100*len(d.hours))
	assert.Greater(d.t, found.Events, 100*len(d.hours))
	objects := d.rows(`SELECT COUNT(DISTINCT source_object) FROM posthog.raw_tracks`)
	d.t.Logf("%d hours of %s objects: %d rows of traps and %d events are as they must be",
		len(d.hours), strings.Join(objects, ""), found.Rows, found.Events)
}
