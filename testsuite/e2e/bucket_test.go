package e2e

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack/fakegcs"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// ordinary is an export of some events without traps: one object, no manifest.
func ordinary(seed uint64) sample.Options { return sample.Options{Seed: seed, Events: 60} }

// inParts is an export of several objects with a manifest.
func inParts(seed uint64) sample.Options {
	return sample.Options{Seed: seed, Events: 60, BatchRows: 20, SplitBytes: 1}
}

// A bucket that errs, dawdles or sends damaged bytes costs time and nothing else.
// Each fault befalls an hour of its own.
func TestBucketFaults(t *testing.T) {
	t.Parallel()
	l := open(t)
	cases := []struct {
		name  string
		fault fakegcs.Fault
		// stagings is how often the object must have been staged, 0 for any number:
		// the storage client hides passing faults by trying again itself.
		stagings int32
	}{
		{"listing fails", fakegcs.Fault{On: fakegcs.List, Times: 2, Effect: fakegcs.Fail(http.StatusServiceUnavailable)}, 1},
		{"download fails", fakegcs.Fault{On: fakegcs.Download, Times: 2, Effect: fakegcs.Fail(http.StatusServiceUnavailable)}, 0},
		{"listing is slow", fakegcs.Fault{On: fakegcs.List, Effect: fakegcs.Delay(3 * time.Second)}, 1},
		{"download takes longer than a heartbeat", fakegcs.Fault{On: fakegcs.Download, Effect: fakegcs.Delay(5 * time.Second)}, 1},
		{"download is cut off", fakegcs.Fault{On: fakegcs.Download, Times: 3, Effect: fakegcs.Cut(1000)}, 0},
		{"a bit flips", fakegcs.Fault{On: fakegcs.Download, Effect: fakegcs.Flip(2000)}, 2},
	}
	for n, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := l.of(t)
			w := hour(t, n)
			uploaded := l.upload(w, ordinary(7))
			injected := l.Stack.Storage.Faults.Inject(c.fault)
			run := l.start(workflows.HourlyInput{Window: w})
			assert.Equal(t, ledger.Merged, l.result(run).Status)
			assert.Equal(t, max(1, c.fault.Times), injected.Hits())
			assert.Equal(t, ids(uploaded.Events()), l.held(w))
			if c.stagings > 0 {
				assert.Equal(t, c.stagings, l.attempted(run, contract.StageObject).count)
			}
		})
	}
	l.prove()
}

// during does something when a request for an object arrives, before it is answered.
func during(do func()) fakegcs.Effect {
	var once sync.Once
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		once.Do(do)
		next.ServeHTTP(w, r)
	}
}

// put uploads content as if PostHog had written it some hours ago.
func (l *lab) put(name string, content []byte, updated time.Time) int64 {
	l.t.Helper()
	generation, err := l.Storage.PutObject(l.ctx, harness.Bucket, name, bytes.NewReader(content), updated)
	require.NoError(l.t, err)
	return generation
}

// The object is overwritten after it was listed and before it is read: the run looks
// again and loads what is there now.
func TestObjectIsOverwrittenBeforeItIsRead(t *testing.T) {
	t.Parallel()
	l := open(t)
	w := hour(t, 0)
	object := l.upload(w, ordinary(1)).Objects[0]
	other, err := sample.Generate(w, ordinary(2))
	require.NoError(t, err)
	l.Stack.Storage.Faults.Inject(fakegcs.Fault{On: fakegcs.Download, Object: object.Name, Effect: during(func() {
		l.put(object.Name, other.Objects[0].Content, object.Updated)
	})})
	result := l.load(w)
	assert.Regexp(t, "looked again: .* object "+regexp.QuoteMeta(object.Name)+"#[0-9]+ is gone", strings.Join(result.Notes, "\n"))
	assert.Equal(t, ids(other.Events()), l.held(w))
	l.prove()
}

// The object is deleted after it was listed: for good, which makes the hour a
// missing one, and to be written again.
func TestObjectIsDeletedBeforeItIsRead(t *testing.T) {
	t.Parallel()
	l := open(t)
	w := hour(t, 0)
	object := l.upload(w, ordinary(1)).Objects[0]
	remove := fakegcs.Fault{On: fakegcs.Download, Object: object.Name, Effect: during(func() {
		assert.NoError(t, l.Storage.DeleteObject(l.ctx, harness.Bucket, object.Name))
	})}
	l.Stack.Storage.Faults.Inject(remove)
	l.fails(l.start(workflows.HourlyInput{Window: w}), contract.ErrExportMissing)
	assert.Equal(t, []string{"missing ExportMissing"}, l.ledger(w))

	again := l.upload(w, ordinary(1))
	l.load(w)
	assert.Equal(t, ids(again.Events()), l.held(w))
	l.prove()
}

// A part that the manifest names is deleted after it was listed and never comes
// back: that is an export nobody may load.
func TestPartIsDeletedBeforeItIsRead(t *testing.T) {
	t.Parallel()
	l := open(t, set("TRACKS_EXPORT_MAX_WAIT=3s"))
	w := hour(t, 0)
	uploaded := l.upload(w, inParts(1))
	part := uploaded.Objects[1]
	remove := fakegcs.Fault{On: fakegcs.Download, Object: part.Name, Effect: during(func() {
		assert.NoError(t, l.Storage.DeleteObject(l.ctx, harness.Bucket, part.Name))
	})}
	l.Stack.Storage.Faults.Inject(remove)
	failure := l.fails(l.start(workflows.HourlyInput{Window: w}), contract.ErrExportUnsettled)
	assert.Contains(t, failure.Error(), part.Name)
	assert.Equal(t, []string{"failed ExportUnsettled"}, l.ledger(w))

	l.put(part.Name, part.Content, part.Updated)
	l.load(w)
	assert.Equal(t, ids(uploaded.Events()), l.held(w))
	l.prove()
}

// The manifest is replaced by one that names a part more, after it was listed and
// before it is read.
func TestManifestIsReplacedBeforeItIsRead(t *testing.T) {
	t.Parallel()
	l := open(t)
	w := hour(t, 0)
	uploaded := l.upload(w, inParts(1))
	manifest := uploaded.Objects[len(uploaded.Objects)-1]
	last := uploaded.Objects[len(uploaded.Objects)-2]
	shorter := bytes.Replace(manifest.Content, []byte(`, "`+last.Name+`"`), nil, 1)
	require.Less(t, len(shorter), len(manifest.Content))
	l.put(manifest.Name, shorter, manifest.Updated)
	injected := l.Stack.Storage.Faults.Inject(fakegcs.Fault{On: fakegcs.Download, Object: manifest.Name, Effect: during(func() {
		l.put(manifest.Name, manifest.Content, manifest.Updated)
	})})
	run := l.start(workflows.HourlyInput{Window: w})
	l.result(run)
	assert.Equal(t, 1, injected.Hits())
	assert.Equal(t, int32(2), l.attempted(run, contract.AwaitExport).count)
	assert.Equal(t, ids(uploaded.Events()), l.held(w))
	l.prove()
}
