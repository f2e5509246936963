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
	// pace is the longest pause before the next kill, whatever it hits.
	pace time.Duration
}

func newReaper(l *lab, watched func() []string) *reaper {
	l.t.Helper()
	return &reaper{lab: l, rng: randomness(l.t), watched: watched, pace: 50 * time.Millisecond, hits: make(map[string]int), runs: make(map[string]int)}
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

// catch freezes the worker in the middle of an activity. It lets the worker run for a
// few milliseconds at a time, so that an activity of five is not missed, and from
// the first sight of it for another random while. It gives up when over says so.
func (r *reaper) catch(activity string, over func() bool) bool {
	r.t.Helper()
	step := 4 * time.Millisecond
	if activity == anyActivity {
		step = r.pace
	}
	for !over() {
		r.sleep(step)
		if !r.halt(activity) {
			continue
		}
		more := []time.Duration{0, 2 * time.Millisecond, 10 * time.Millisecond, 60 * time.Millisecond}[r.rng.IntN(4)]
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

// report says what was hit.
func (r *reaper) report() {
	r.t.Helper()
	for _, name := range slices.Sorted(maps.Keys(r.hits)) {
		r.t.Logf("%s was hit by %d of %d kills", name, r.hits[name], r.kills)
	}
}
