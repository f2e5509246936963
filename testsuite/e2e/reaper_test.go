package e2e

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
)

// seedVariable sets what the instants of kills follow from.
const seedVariable = "TRACKS_E2E_SEED"

// randomness is seeded from the environment, or anew, and says with what.
func randomness(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if given := os.Getenv(seedVariable); given != "" {
		var err error
		seed, err = strconv.ParseUint(given, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("%s=%d", seedVariable, seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// reaper kills workers with SIGKILL while activities run. It halts the process
// first: what then runs can be told at leisure, and is what the kill hits.
type reaper struct {
	*lab

	rng *rand.Rand
	// watched are the workflows whose activities count.
	watched func() []string
	// hits counts the kills that each activity ran in, runs the single runs hit.
	hits, runs map[string]int
	kills      int
	began      time.Time
	// pace is the longest pause before the next kill, whatever it hits.
	pace time.Duration
}

func newReaper(l *lab, watched func() []string) *reaper {
	l.t.Helper()
	return &reaper{
		lab: l, rng: randomness(l.t), watched: watched, began: time.Now(), pace: 50 * time.Millisecond,
		hits: make(map[string]int), runs: make(map[string]int),
	}
}

// anyActivity stands for whichever activity runs.
const anyActivity = ""

// settle is how long answers that a worker sent before it was halted may take to
// reach the server's tables.
const settle = 10 * time.Millisecond

// hunt kills the worker in the middle of an activity and starts another. It gives up
// when over says so.
func (r *reaper) hunt(activity string, over func() bool) {
	r.t.Helper()
	if r.catch(activity, over) {
		r.kill()
	}
}

// quick are activities that are over in milliseconds on either warehouse: they ask
// nothing of it.
var quick = []string{contract.AwaitExport, contract.StageObject}

// rhythm is for how long the worker runs, at most, before it is looked at again, which
// takes longer and holds up all but BigQuery's jobs; and for how long an activity that
// is seen may go on, of which one is chosen: on BigQuery most do one job after another.
func (r *reaper) rhythm(activity string) (step time.Duration, more [4]time.Duration) {
	step, more = 4*time.Millisecond, [4]time.Duration{0, 2 * time.Millisecond, 10 * time.Millisecond, 60 * time.Millisecond}
	if r.BigQuery != nil && !slices.Contains(quick, activity) {
		step, more = r.pace, [4]time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond, time.Second}
	}
	if activity == anyActivity {
		step = r.pace
	}
	return step, more
}

// catch freezes the worker in the middle of an activity. It lets the worker run for a
// few milliseconds at a time, so that an activity of five is not missed, and from
// the first sight of it for another random while. It gives up when over says so.
func (r *reaper) catch(activity string, over func() bool) bool {
	r.t.Helper()
	step, whiles := r.rhythm(activity)
	for !over() {
		r.sleep(step)
		if !r.halt(activity) {
			continue
		}
		more := whiles[r.rng.IntN(len(whiles))]
		if more == 0 {
			return true
		}
		r.thaw()
		r.sleep(more)
		if r.halt(activity) {
			return true
		}
	}
	return false
}

// caughtRun starts a run and freezes the worker in the middle of an activity of it. One
// that takes few milliseconds can get through unseen: then the next run is tried.
func (r *reaper) caughtRun(activity string, start func() client.WorkflowRun) client.WorkflowRun {
	r.t.Helper()
	for range 20 {
		run := start()
		if r.catch(activity, func() bool { return r.status(run) != enums.WORKFLOW_EXECUTION_STATUS_RUNNING }) {
			return run
		}
		require.NoError(r.t, run.Get(r.ctx, nil))
	}
	require.FailNow(r.t, "no run was caught in "+activity)
	return nil
}

func (r *reaper) sleep(atMost time.Duration) { time.Sleep(time.Duration(r.rng.Int64N(int64(atMost)))) }

// halt freezes the worker and reports whether it is in the middle of the wanted
// activity; if not, it lets the worker go on. An activity that was killed twice
// already does not count: its retries come at ever longer intervals.
func (r *reaper) halt(activity string) bool {
	r.t.Helper()
	require.NoError(r.t, r.worker.Freeze())
	time.Sleep(settle)
	for _, pending := range r.underway() {
		if pending.GetAttempt() <= 2 && (activity == anyActivity || activity == pending.GetActivityType().GetName()) {
			return true
		}
	}
	r.thaw()
	return false
}

func (r *reaper) thaw() {
	r.t.Helper()
	require.NoError(r.t, r.worker.Thaw())
}

// kill kills the frozen worker and starts another.
func (r *reaper) kill() {
	r.t.Helper()
	hit := make(map[string]bool)
	for _, pending := range r.underway() {
		hit[pending.GetActivityType().GetName()] = true
		r.runs[pending.GetActivityType().GetName()]++
	}
	for name := range hit {
		r.hits[name]++
	}
	r.killWorker()
	r.kills++
	r.startWorker()
	r.forgetWorkers()
}

// underway are the activities that this worker has in hand.
func (r *reaper) underway() []*workflow.PendingActivityInfo {
	var all []*workflow.PendingActivityInfo
	mine := strconv.Itoa(r.worker.Pid()) + "@"
	for _, id := range r.watched() {
		for _, pending := range r.Pending(r.ctx, id) {
			if pending.GetState() == enums.PENDING_ACTIVITY_STATE_STARTED && strings.HasPrefix(pending.GetLastWorkerIdentity(), mine) {
				all = append(all, pending)
			}
		}
	}
	return all
}

// forgetWorkers makes the server offer the next steps of runs to any worker. It
// would else offer them to the dead one for another five seconds, a wait that shows
// nothing new the thirtieth time.
func (r *reaper) forgetWorkers() {
	r.t.Helper()
	for _, id := range r.watched() {
		_, err := r.Temporal.WorkflowService().ResetStickyTaskQueue(r.ctx, &workflowservice.ResetStickyTaskQueueRequest{
			Namespace: r.TemporalNamespace, Execution: &common.WorkflowExecution{WorkflowId: id},
		})
		_ = err // a run that is over, or yet to come, needs none
	}
}

// rarest is an activity with the fewest hits so far.
func (r *reaper) rarest(activities []string) string {
	order := slices.Clone(activities)
	r.rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return slices.MinFunc(order, func(a, b string) int { return r.hits[a] - r.hits[b] })
}

// lacks reports whether there were too few kills yet, or none in one of the activities.
func (r *reaper) lacks(kills int, activities []string) bool {
	return r.kills < kills || slices.ContainsFunc(activities, func(activity string) bool { return r.hits[activity] == 0 })
}

// huntInTurn kills workers in the order in which a run comes to its activities, so that
// one run takes many kills, and then in whatever is left of it. Once there were enough
// it is after those activities alone that were never hit.
func (r *reaper) huntInTurn(kills int, activities []string, over func() bool) {
	r.t.Helper()
	for _, activity := range activities {
		if r.lacks(kills, []string{activity}) {
			r.hunt(activity, over)
		}
	}
	for r.kills < kills && !over() {
		r.hunt(anyActivity, over)
	}
}

// report says what was hit, and how long the hunt took.
func (r *reaper) report() {
	r.t.Helper()
	r.t.Logf("%d kills took %s", r.kills, time.Since(r.began).Round(time.Second))
	for _, name := range slices.Sorted(maps.Keys(r.hits)) {
		r.t.Logf("%s was hit by %d of %d kills", name, r.hits[name], r.kills)
	}
}
