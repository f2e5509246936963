package bigquery

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	rest "google.golang.org/api/bigquery/v2"
	"pgregory.net/rapid"
)

// mishaps are what may go wrong with a call.
var mishaps = []mishap{
	loseRequest, loseAnswer, hang, hangAfter, refuse(503, "backendError", ""),
	refuse(403, "rateLimitExceeded", "Exceeded rate limits: too many api requests"), refuse(500, "internalError", ""),
}

var endings = []ending{
	{},
	{looks: 40},
	{looks: 400, finishes: true},
	{looks: 3, err: &rest.ErrorProto{Reason: "backendError"}},
	{looks: 3, err: &rest.ErrorProto{Reason: "invalidQuery", Message: "Could not serialize access to table demo:posthog.tracks due to concurrent update"}},
	{err: &rest.ErrorProto{Reason: "invalidQuery", Message: "something is wrong with the rows"}},
}

// Whatever fails, and however often the worker is killed, is asked to stop or starts
// again: work is never started beside itself, and is done once. (The fake watches
// over the first.)
func TestWhateverHappensTheWorkIsDoneOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(draw *rapid.T) {
		faults := rapid.SliceOfN(rapid.Custom(func(draw *rapid.T) fault {
			return fault{
				kind:  rapid.SampledFrom([]string{"insert", "insert", "get", "cancel"}).Draw(draw, "kind"),
				times: rapid.IntRange(1, 5).Draw(draw, "times"),
				play:  rapid.SampledFrom(mishaps).Draw(draw, "mishap"),
			}
		}), 0, 6).Draw(draw, "faults")
		courses := rapid.SliceOfN(rapid.SampledFrom(endings), 0, 8).Draw(draw, "courses")
		type life struct {
			lasts   time.Duration
			abandon bool
		}
		lives := rapid.SliceOfN(rapid.Custom(func(draw *rapid.T) life {
			return life{
				lasts:   time.Duration(rapid.IntRange(0, 300_000).Draw(draw, "lasts")) * time.Millisecond,
				abandon: rapid.Bool().Draw(draw, "abandon"),
			}
		}), 0, 5).Draw(draw, "lives")

		play(t, func(f *fake) {
			f.course = func(j *fakeJob) ending {
				if j.number > len(courses) {
					return ending{}
				}
				return courses[j.number-1]
			}
			for _, fault := range faults {
				f.fault(fault.kind, fault.times, fault.play)
			}
			for _, life := range lives {
				ctx, cancel := context.WithTimeout(f.Context(), life.lasts)
				_, _ = f.runner(func(s *JobSettings) { s.Abandon = func(context.Context) bool { return life.abandon } }).query(ctx, merge())
				cancel()
			}
			for range len(courses) + 1 { // each may fail for good
				if _, err := f.runner().query(f.within(100*time.Hour), merge()); err == nil {
					break
				}
			}
			done := 0
			for _, j := range f.accepted {
				if j.Status.State == "DONE" && j.Status.ErrorResult == nil {
					done++
				}
			}
			assert.Equal(f, 1, done)
			if f.Failed() {
				draw.Fatalf("not done once")
			}
		})
	})
}
