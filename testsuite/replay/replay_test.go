package replay

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"

	"github.com/posthog-tracks/posthog-tracks/internal/replay"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// paths are those that there must be a history of.
func paths() []string {
	return append(slices.Concat(slices.Collect(maps.Values(Scenarios))...), Kept...)
}

// each runs a test on every history. It fails if one went astray, or if there is one
// that nobody knows how to record.
func each(t *testing.T, test func(t *testing.T, workflow string, events *history.History)) {
	t.Helper()
	files, err := filepath.Glob(File("testdata", "*/*"))
	require.NoError(t, err)
	var want []string
	for _, path := range paths() {
		want = append(want, File("testdata", path))
	}
	assert.ElementsMatch(t, want, files, "histories in testdata; \"make replay-record\" records those that are missing")
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		t.Run(name+"/"+strings.TrimSuffix(filepath.Base(file), suffix), func(t *testing.T) {
			t.Parallel()
			events, err := Read(file)
			require.NoError(t, err)
			test(t, name, events)
		})
	}
}

func replayer(t *testing.T) *replay.Replayer {
	t.Helper()
	made, err := replay.New(worker.WorkflowReplayerOptions{})
	require.NoError(t, err)
	return made
}

func TestHistoriesReplay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, name string, events *history.History) {
		t.Helper()
		begin, err := replay.Beginning(events)
		require.NoError(t, err)
		assert.Equal(t, name, begin.GetWorkflowType().GetName(), "it lies in the folder of its workflow")
		assert.NoError(t, replayer(t).History(events),
			"runs that went this way would break; see \"Changing a workflow\" in docs/patterns.md")
	})
}

// A history in which one step is another one than the code takes does not pass, so
// every step of every history counts.
func TestAnotherCourseIsNoticed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ string, events *history.History) {
		t.Helper()
		for i, event := range events.GetEvents() {
			changed := proto.CloneOf(events)
			if !rename(changed.GetEvents()[i]) {
				continue
			}
			assert.Error(t, replayer(t).History(changed), "event %d, %s", event.GetEventId(), event.GetEventType())
		}
	})
}

// A run at work may be anywhere: whatever its history has come to, it goes on.
func TestRunsAtWorkReplay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ string, events *history.History) {
		t.Helper()
		all := events.GetEvents()
		for n := 1; n < len(all); n += 1 + len(all)/100 {
			if replay.Caused(all[n]) {
				continue // it was written together with the one before
			}
			assert.NoError(t, replayer(t).History(&history.History{Events: all[:n]}), "up to event %d, %s", n, all[n-1].GetEventType())
		}
	})
}

// rename makes an event the trace of another step, if it is the trace of a step.
func rename(event *history.HistoryEvent) bool {
	switch {
	case event.GetActivityTaskScheduledEventAttributes() != nil:
		event.GetActivityTaskScheduledEventAttributes().ActivityType.Name += "2"
	case event.GetStartChildWorkflowExecutionInitiatedEventAttributes() != nil:
		event.GetStartChildWorkflowExecutionInitiatedEventAttributes().WorkflowType.Name += "2"
	case event.GetTimerStartedEventAttributes() != nil:
		event.GetTimerStartedEventAttributes().TimerId += "2"
	default:
		return false
	}
	return true
}

// A workflow nobody recorded is one that any change may break unseen.
func TestEveryWorkflowIsRecorded(t *testing.T) {
	t.Parallel()
	var registered registry
	(&workflows.Workflows{}).Register(&registered)
	recorded := make(map[string]bool)
	for _, path := range paths() {
		recorded[filepath.Dir(path)] = true
	}
	for _, name := range registered {
		assert.True(t, recorded[name], "there is no history of %s; see docs/patterns.md", name)
	}
	assert.Len(t, recorded, len(registered))
}

type registry []string

func (r *registry) RegisterWorkflowWithOptions(_ any, options workflow.RegisterOptions) {
	*r = append(*r, options.Name)
}

// Histories say what was done to which window and object, and nothing else.
func TestHistoriesAreAnonymous(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ string, events *history.History) {
		t.Helper()
		texts, err := Texts(events)
		require.NoError(t, err)
		assert.NotEmpty(t, texts)
		for _, text := range texts {
			for _, trace := range []string{"/tmp", "/home", "/root", ".go:", `"$`, "@example."} {
				assert.NotContains(t, text, trace)
			}
		}
	})
}
