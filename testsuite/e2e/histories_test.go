package e2e

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/posthog-tracks/posthog-tracks/internal/replay"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	fixtures "github.com/posthog-tracks/posthog-tracks/testsuite/replay"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// recordTo is where TestHistories keeps the histories of paths that have none there.
var recordTo = flag.String("record", "", "folder to record histories in that are not there yet")

// recorder is a lab that knows what no history may hold.
type recorder struct {
	*lab

	secret map[string]bool
}

// export uploads a window's export, whose values are secret from then on. Ids of
// events are none: they stand for rows that somebody has to look at.
func (r *recorder) export(w window.Window, options sample.Options) *sample.Hour {
	r.t.Helper()
	uploaded := r.upload(w, options)
	for _, row := range uploaded.Events() {
		for _, value := range []string{row.DistinctID.V, row.PersonID.V} {
			r.secret[value] = true
		}
		gjson.Parse(row.Properties.V).ForEach(func(_, value gjson.Result) bool {
			if value.Type == gjson.String && len(value.Str) >= 12 {
				r.secret[value.Str] = true
			}
			return true
		})
	}
	delete(r.secret, "")
	return uploaded
}

// keep takes the history of a run for the path that the run went. It must replay,
// and may hold no event data.
func (r *recorder) keep(run client.WorkflowRun, path string) {
	r.keepID(run.GetID(), run.GetRunID(), path)
}

// keepID is keep for whoever knows only the id; an empty run id is the newest run.
func (r *recorder) keepID(workflowID, runID, path string) {
	r.t.Helper()
	events, err := r.History(r.ctx, workflowID, runID)
	require.NoError(r.t, err)
	whole := &history.History{Events: events}
	r.replays(whole)
	texts, err := fixtures.Texts(whole)
	require.NoError(r.t, err)
	all := strings.Join(texts, "\n")
	for value := range r.secret {
		assert.NotContains(r.t, all, value, "event data in a history")
	}
	if *recordTo == "" {
		return
	}
	begin, err := replay.Beginning(whole)
	require.NoError(r.t, err)
	file := fixtures.Path(*recordTo, begin.GetWorkflowType().GetName(), path)
	if _, err := os.Stat(file); err == nil {
		return
	}
	require.NoError(r.t, fixtures.Anonymous(whole, filepath.Dir(r.Config), "/var/lib/tracks"))
	require.NoError(r.t, fixtures.Write(file, whole))
}

// replays checks that this checkout's code would have gone the same way.
func (l *lab) replays(events *history.History) {
	l.t.Helper()
	replayer, err := replay.New(worker.WorkflowReplayerOptions{})
	require.NoError(l.t, err)
	assert.NoError(l.t, replayer.History(events))
}

// everyRunReplays replays all that a lab has run, whatever was killed meanwhile.
func (l *lab) everyRunReplays() {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), patience)
	defer cancel()
	runs, err := l.Executions(ctx, "")
	if !assert.NoError(l.t, err) {
		return
	}
	for _, run := range runs {
		if run.GetType().GetName() == somebodyElse {
			continue
		}
		id := run.GetExecution()
		events, err := l.History(ctx, id.GetWorkflowId(), id.GetRunId())
		if assert.NoError(l.t, err) {
			l.replays(&history.History{Events: events})
		}
	}
}

// Every path through every workflow is gone once by the product's own processes, and
// what Temporal recorded of it replays and holds no event data. With -record the
// histories become those that testsuite/replay replays.
func TestHistories(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]struct {
		record func(r *recorder)
		change []func(*harness.Options)
	}{
		"hours":           {(*recorder).hours, nil},
		"stale":           {(*recorder).stale, []func(*harness.Options){set("TRACKS_FRESHNESS_WARN=1us", "TRACKS_FRESHNESS_ERROR=2us")}},
		"unsettled":       {(*recorder).unsettled, []func(*harness.Options){set("TRACKS_EXPORT_MAX_WAIT=3s")}},
		"moving":          {(*recorder).moving, nil},
		"cancelled hours": {(*recorder).cancelledHours, nil},
		"turns":           {(*recorder).turns, nil},
		"reloads":         {(*recorder).reloads, nil},
		"chapters":        {(*recorder).chapters, nil},
		"reconciliations": {(*recorder).reconciliations, nil},
		"dedups":          {(*recorder).dedups, nil},
		"keys":            {(*recorder).keys, nil},
		"backfills":       {(*recorder).backfills, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of.record(&recorder{lab: open(t, of.change...), secret: make(map[string]bool)})
		})
	}
}

// over waits for the end of a run, whatever it is.
func (r *recorder) over(run client.WorkflowRun) client.WorkflowRun {
	r.t.Helper()
	r.ends(run)
	return run
}
