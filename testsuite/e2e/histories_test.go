package e2e

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
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

var (
	// recordTo is where TestHistories keeps the histories of paths that have none there.
	recordTo = flag.String("record", "", "folder to record histories in that are not there yet")
	// recordAgain replaces those that the code has left behind.
	recordAgain = flag.Bool("again", false, "record histories again that no longer replay")
)

// recorder is a lab that knows what no history may hold.
type recorder struct {
	*lab

	// wanted are the paths of its scenario, each with whether a history is wanted;
	// kept those that were gone.
	wanted map[string]bool
	kept   []string
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
	r.t.Helper()
	r.keepID(run.GetID(), run.GetRunID(), path)
}

// keepID is keep for whoever knows only the id; an empty run id is the newest run.
func (r *recorder) keepID(workflowID, runID, path string) {
	r.t.Helper()
	events, err := r.History(r.ctx, workflowID, runID)
	require.NoError(r.t, err)
	whole := &history.History{Events: events}
	require.NoError(r.t, replays(whole))
	texts, err := fixtures.Texts(whole)
	require.NoError(r.t, err)
	all := strings.Join(texts, "\n")
	for value := range r.secret {
		assert.NotContains(r.t, all, value, "event data in a history")
	}
	begin, err := replay.Beginning(whole)
	require.NoError(r.t, err)
	path = begin.GetWorkflowType().GetName() + "/" + path
	r.kept = append(r.kept, path)
	if r.wanted[path] {
		require.NoError(r.t, fixtures.Anonymous(whole, filepath.Dir(r.Config), "/var/lib/tracks"))
		require.NoError(r.t, fixtures.Write(fixtures.File(*recordTo, path), whole))
	}
}

// wanted tells for each path whether its history is to be recorded.
func wanted(t *testing.T, paths []string) map[string]bool {
	t.Helper()
	all := make(map[string]bool)
	for _, path := range paths {
		all[path] = *recordTo != "" && !recorded(t, path)
	}
	return all
}

func recorded(t *testing.T, path string) bool {
	t.Helper()
	events, err := fixtures.Read(fixtures.File(*recordTo, path))
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	require.NoError(t, err)
	return !*recordAgain || replays(events) == nil
}

// replays tells whether this checkout's code would have gone the same way.
func replays(events *history.History) error {
	replayer, err := replay.New(worker.WorkflowReplayerOptions{})
	if err != nil {
		return err
	}
	return replayer.History(events)
}

// everyRunReplays replays all that a lab has run, whatever was killed meanwhile.
func (l *lab) everyRunReplays() {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), patience)
	defer cancel()
	said, err := l.Answer(ctx, "replay", "--query", "WorkflowType != '"+somebodyElse+"'")
	assert.NoError(l.t, err, said)
}

// Every path through every workflow is gone once by the product's own processes, and
// what Temporal recorded of it replays and holds no event data. With -record, only
// scenarios with a path that has no history are played, and their histories become
// those that testsuite/replay replays.
func TestHistories(t *testing.T) {
	t.Parallel()
	scenarios := map[string]struct {
		record func(r *recorder)
		change []func(*harness.Options)
	}{
		"hours":           {(*recorder).hours, nil},
		"stale":           {(*recorder).stale, []func(*harness.Options){set("TRACKS_FRESHNESS_WARN=1us", "TRACKS_FRESHNESS_ERROR=2us")}},
		"untestable":      {(*recorder).untestable, []func(*harness.Options){longWinded}},
		"unsettled":       {(*recorder).unsettled, []func(*harness.Options){set("TRACKS_EXPORT_MAX_WAIT=3s")}},
		"moving":          {(*recorder).moving, nil},
		"cancelled hours": {(*recorder).cancelledHours, nil},
		"turns":           {(*recorder).turns, nil},
		"reloads":         {(*recorder).reloads, nil},
		"chapters":        {(*recorder).chapters, nil},
		"reconciliations": {(*recorder).reconciliations, nil},
		"checks":          {(*recorder).checks, nil},
		"dedups":          {(*recorder).dedups, nil},
		"keys":            {(*recorder).keys, nil},
		"backfills":       {(*recorder).backfills, nil},
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(fixtures.Scenarios)), slices.Collect(maps.Keys(scenarios)))
	for name, scenario := range scenarios {
		paths := fixtures.Scenarios[name]
		wanted := wanted(t, paths)
		if *recordTo != "" && !slices.Contains(slices.Collect(maps.Values(wanted)), true) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &recorder{lab: open(t, scenario.change...), wanted: wanted, secret: make(map[string]bool)}
			scenario.record(r)
			assert.ElementsMatch(t, paths, r.kept, "the paths that testsuite/replay has of this scenario")
		})
	}
}

// over waits for the end of a run, whatever it is.
func (r *recorder) over(run client.WorkflowRun) client.WorkflowRun {
	r.t.Helper()
	r.ends(run)
	return run
}
