package activities

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/gcs"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

const halves = "2026-06-12T10:00:00+00:00-2026-06-12T11:00:00+00:00"

// shelf is a bucket whose listings a test lays out one after the other; the last
// one stays.
type shelf struct {
	looks    []export.Look
	prefixes []string
	contents map[string][]byte
	fault    error
}

func (s *shelf) List(_ context.Context, prefix string) (export.Look, error) {
	s.prefixes = append(s.prefixes, prefix)
	if s.fault != nil {
		return export.Look{}, s.fault
	}
	look := s.looks[0]
	if len(s.looks) > 1 {
		s.looks = s.looks[1:]
	}
	return look, nil
}

func (s *shelf) Read(_ context.Context, object export.Object, _ int64) ([]byte, error) {
	content, ok := s.contents[object.Name]
	if !ok {
		return nil, &gcs.GoneError{Object: object}
	}
	return content, nil
}

func tenToEleven(t *testing.T) window.Window {
	t.Helper()
	w, err := window.Parse("2026-06-12T10")
	require.NoError(t, err)
	return w
}

// minute is an instant given in minutes after the window's end.
func minute(t *testing.T, n int) time.Time {
	t.Helper()
	return tenToEleven(t).End().Add(time.Duration(n) * time.Minute)
}

func written(t *testing.T, name string, n int) export.Object {
	t.Helper()
	return export.Object{Name: "e/2026-06-12/11/" + name, Generation: int64(n + 1), Size: 1, Created: minute(t, n), Updated: minute(t, n)}
}

// environment runs activities outside of a server.
func environment(t *testing.T, fn any) *testsuite.TestActivityEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(fn)
	return env
}

// attempt runs one attempt. previous is the look that the attempt before left.
func attempt(t *testing.T, bucket *shelf, previous *export.Look) (result contract.AwaitExportResult, err error) {
	t.Helper()
	e := &Exports{
		Bucket: bucket, Prefix: "e/{date}/{hour}",
		Rule: export.Rule{Quiet: 30 * time.Minute, MaxWait: 65 * time.Minute},
		Poll: 42 * time.Second, Confirm: time.Millisecond,
	}
	env := environment(t, e.AwaitExport)
	if previous != nil {
		env.SetHeartbeatDetails(previous)
	}
	encoded, err := env.ExecuteActivity(e.AwaitExport, contract.AwaitExportInput{Window: tenToEleven(t)})
	if err != nil {
		return result, err
	}
	require.NoError(t, encoded.Get(&result))
	return result, nil
}

func requireKind(t *testing.T, err error, kind string, retryable bool) *temporal.ApplicationError {
	t.Helper()
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	assert.Equal(t, kind, application.Type())
	assert.Equal(t, retryable, !application.NonRetryable())
	return application
}

func TestAwaitExportTakesAnOldHourAtOnce(t *testing.T) {
	t.Parallel()
	one := written(t, halves+".parquet.sz", 10)
	bucket := &shelf{looks: []export.Look{{At: minute(t, 100_000), Objects: []export.Object{one}}}}
	result, err := attempt(t, bucket, nil)
	require.NoError(t, err)
	assert.Equal(t, export.Complete, result.State)
	assert.Equal(t, []export.Object{one}, result.Export.Objects)
	assert.Equal(t, []string{"e/2026-06-12/11/", "e/2026-06-12/11/"}, bucket.prefixes, "two equal listings")
}

func TestAwaitExportFailsUntilTheExportIsReady(t *testing.T) {
	t.Parallel()
	bucket := &shelf{looks: []export.Look{{At: minute(t, 12), Objects: []export.Object{written(t, halves+".parquet.sz", 10)}}}}
	_, err := attempt(t, bucket, nil)
	application := requireKind(t, err, contract.ErrExportNotReady, true)
	assert.Equal(t, 42*time.Second, application.NextRetryDelay())
	assert.Equal(t, temporal.ApplicationErrorCategoryBenign, application.Category())
	assert.Contains(t, application.Message(), "last change 2m0s ago")
}

func TestAwaitExportGoesOnWhereTheLastAttemptWas(t *testing.T) {
	t.Parallel()
	one, two := written(t, halves+".parquet.sz", 10), written(t, halves+"-1.parquet.sz", 11)
	previous := export.Look{At: minute(t, 50), Objects: []export.Object{one, two}}
	slices.SortFunc(previous.Objects, func(a, b export.Object) int { return int(b.Generation - a.Generation) })
	bucket := &shelf{looks: []export.Look{{At: minute(t, 51), Objects: []export.Object{one}}}}
	result, err := attempt(t, bucket, &previous)
	require.NoError(t, err)
	assert.Equal(t, []string{two.Name}, result.Export.Vanished, "a deletion between two attempts is noticed")
	assert.Len(t, bucket.prefixes, 2)

	same := &shelf{looks: []export.Look{{At: minute(t, 51), Objects: []export.Object{one}}}}
	_, err = attempt(t, same, &export.Look{At: minute(t, 50), Objects: []export.Object{one}})
	require.NoError(t, err)
	assert.Len(t, same.prefixes, 1, "the listing of the attempt before counts as the first of two")
}

func TestAwaitExportTrustsTheManifest(t *testing.T) {
	t.Parallel()
	part, orphan, manifest := written(t, halves+"-0.parquet.sz", 10), written(t, halves+"-1.parquet.sz", 9), written(t, halves+"_manifest.json", 11)
	objects := []export.Object{part, orphan, manifest}
	bucket := &shelf{
		looks:    []export.Look{{At: minute(t, 11), Objects: objects}},
		contents: map[string][]byte{manifest.Name: []byte(`{"files": ["` + part.Name + `"]}`)},
	}
	result, err := attempt(t, bucket, nil)
	require.NoError(t, err)
	assert.Equal(t, []export.Object{part}, result.Export.Objects)
	assert.Equal(t, []string{orphan.Name}, result.Export.Ignored)
	assert.Len(t, bucket.prefixes, 1)

	bucket.contents[manifest.Name] = []byte("not JSON")
	_, err = attempt(t, bucket, nil)
	requireKind(t, err, contract.ErrExportNotReady, true)

	delete(bucket.contents, manifest.Name)
	_, err = attempt(t, bucket, nil)
	application := requireKind(t, err, contract.ErrExportNotReady, true)
	assert.Contains(t, application.Message(), "replaced while it was read")
}

func TestAwaitExportEndsTheWait(t *testing.T) {
	t.Parallel()
	nothing := &shelf{looks: []export.Look{{At: minute(t, 65)}}}
	result, err := attempt(t, nothing, nil)
	require.NoError(t, err)
	assert.Equal(t, export.Missing, result.State)

	// The test environment's activities are scheduled now, long after the window,
	// so the deadline to settle is 65 minutes from now.
	late := time.Now().Add(66 * time.Minute)
	fresh := written(t, halves+".parquet.sz", 0)
	fresh.Created, fresh.Updated = late, late
	restless := &shelf{looks: []export.Look{{At: late.Add(time.Minute), Objects: []export.Object{fresh}}}}
	_, err = attempt(t, restless, nil)
	requireKind(t, err, contract.ErrExportUnsettled, false)
}

func TestAwaitExportSurvivesFaultsOfTheBucket(t *testing.T) {
	t.Parallel()
	_, err := attempt(t, &shelf{fault: errors.New("connection reset")}, nil)
	require.Error(t, err)
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	assert.False(t, application.NonRetryable())

	_, err = attempt(t, &shelf{fault: &gcs.AccessError{Bucket: "b", Role: "roles/storage.objectViewer", Err: errors.New("403")}}, nil)
	application = requireKind(t, err, contract.ErrBucketDenied, false)
	assert.Contains(t, application.Message(), "roles/storage.objectViewer")
}

// The last heartbeat of a failed attempt is what the next one goes on from.
func TestAwaitExportLeavesItsLookBehind(t *testing.T) {
	t.Parallel()
	look := export.Look{At: minute(t, 12), Objects: []export.Object{written(t, halves+".parquet.sz", 10)}}
	e := &Exports{Bucket: &shelf{looks: []export.Look{look}}, Prefix: "e", Rule: export.Rule{Quiet: time.Hour, MaxWait: 2 * time.Hour}}
	env := environment(t, e.AwaitExport)
	var last *export.Look
	env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		require.NoError(t, details.Get(&last))
	})
	_, err := env.ExecuteActivity(e.AwaitExport, contract.AwaitExportInput{Window: tenToEleven(t)})
	requireKind(t, err, contract.ErrExportNotReady, true)
	require.NotNil(t, last)
	assert.Equal(t, look.Objects[0].Name, last.Objects[0].Name)
}
