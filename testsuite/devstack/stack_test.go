package devstack

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
)

func start(t *testing.T, opts Options) *Stack {
	t.Helper()
	stack, err := Start(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { stack.Stop() })
	return stack
}

// This test owns the environment of the process, so it does not run in parallel.
func TestProductFindsTheStackByItsEnvironment(t *testing.T) {
	stack := start(t, Options{Namespace: "tracks", Buckets: []string{"exports"}})
	for _, variable := range stack.Env() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	updated := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	generation, err := stack.Storage.PutObject(t.Context(), "exports", "a", strings.NewReader("content"), updated)
	require.NoError(t, err)

	objects, err := storage.NewClient(t.Context())
	require.NoError(t, err)
	defer objects.Close()
	reader, err := objects.Bucket("exports").Object("a").Generation(generation).NewReader(t.Context())
	require.NoError(t, err)
	defer reader.Close()
	content, err := io.ReadAll(reader)
	require.NoError(t, err)
	assert.Equal(t, "content", string(content))

	workflows, err := client.Dial(envconfig.MustLoadDefaultClientOptions())
	require.NoError(t, err)
	defer workflows.Close()
	_, err = workflows.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "one", TaskQueue: "nobody"}, "Any")
	require.NoError(t, err)

	response, err := http.Get(stack.UIURL)
	require.NoError(t, err)
	defer response.Body.Close()
	assert.Equal(t, http.StatusOK, response.StatusCode)
}

func TestDirectoryServesOneStackAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, Options{Dir: dir, DisableUI: true})
	_, err := Start(t.Context(), Options{Dir: dir, DisableUI: true})
	require.ErrorContains(t, err, "stop the dev stack that uses it or choose another directory")
	require.NoError(t, first.Stop())
	second := start(t, Options{Dir: dir, DisableUI: true})
	require.NoError(t, second.Stop())
}

func TestStopFreesEveryPort(t *testing.T) {
	t.Parallel()
	stack := start(t, Options{})
	require.NoError(t, stack.Stop())
	for _, address := range []string{stack.TemporalAddress, stack.UIURL, stack.StorageURL} {
		listener, err := net.Listen("tcp", strings.TrimPrefix(address, "http://"))
		require.NoError(t, err)
		require.NoError(t, listener.Close())
	}
	require.NoError(t, stack.Stop(), "stopping again is nothing")
}

func TestFailedStartFreesWhatItTook(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, err = Start(t.Context(), Options{Dir: dir, UIPort: taken.Addr().(*net.TCPAddr).Port})
	require.ErrorContains(t, err, "start web ui")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Start(ctx, Options{Dir: dir})
	require.ErrorIs(t, err, context.Canceled)
	start(t, Options{Dir: dir, DisableUI: true})
}
