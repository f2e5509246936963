package main

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"google.golang.org/api/option"

	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack"
	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack/fakegcs"
)

// asCommand makes this test binary behave as the command, which saves linking that too.
const asCommand = "DEVSTACK_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	if err := os.Setenv(asCommand, "1"); err != nil { // for the processes that the tests start
		panic(err)
	}
	os.Exit(m.Run())
}

func startProcess(t *testing.T, opts devstack.Options) *devstack.Process {
	t.Helper()
	process, err := devstack.StartProcess(t.Context(), os.Args[0], opts)
	require.NoError(t, err)
	t.Cleanup(func() { process.Kill() })
	return process
}

func dial(t *testing.T, process *devstack.Process) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: process.TemporalAddress, Namespace: process.TemporalNamespace})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestKilledStackComesBackAsItWas(t *testing.T) {
	t.Parallel()
	opts := devstack.Options{Dir: t.TempDir(), Namespace: "tracks", Buckets: []string{"exports"}}
	first := startProcess(t, opts)
	c := dial(t, first)
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "open", TaskQueue: "nobody"}, "Any")
	require.NoError(t, err)
	hourly, err := c.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID:     "hourly",
		Spec:   client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}},
		Action: &client.ScheduleWorkflowAction{ID: "hourly", Workflow: "Any", TaskQueue: "nobody"},
	})
	require.NoError(t, err)
	_, err = hourly.Describe(t.Context()) // its first step is done, which would else wait for a timeout
	require.NoError(t, err)
	updated := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	generation, err := fakegcs.NewSeeder(first.StorageURL).
		PutObject(t.Context(), "exports", "a", strings.NewReader("content"), updated)
	require.NoError(t, err)

	require.NoError(t, first.Kill())
	opts.TemporalPort, opts.UIPort, opts.StoragePort = port(t, first.TemporalAddress), port(t, first.UIURL), port(t, first.StorageURL)
	second := startProcess(t, opts)

	assert.Equal(t, first.Endpoints, second.Endpoints)
	c = dial(t, second)
	workflow, err := c.DescribeWorkflow(t.Context(), "open", "")
	require.NoError(t, err)
	assert.Equal(t, "Running", workflow.Status.String())
	schedule, err := c.ScheduleClient().GetHandle(t.Context(), "hourly").Describe(t.Context())
	require.NoError(t, err)
	assert.NotEmpty(t, schedule.Info.NextActionTimes)
	objects, err := storage.NewClient(t.Context(),
		option.WithEndpoint(second.StorageURL+"/storage/v1/"), option.WithoutAuthentication())
	require.NoError(t, err)
	defer objects.Close()
	attrs, err := objects.Bucket("exports").Object("a").Attrs(t.Context())
	require.NoError(t, err)
	assert.Equal(t, generation, attrs.Generation)
	assert.True(t, attrs.Updated.Equal(updated))
	require.NoError(t, second.Stop())
}

func port(t *testing.T, address string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(strings.TrimPrefix(address, "http://"))
	require.NoError(t, err)
	number, err := strconv.Atoi(text)
	require.NoError(t, err)
	return number
}

func TestProcessThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, err = devstack.StartProcess(t.Context(), os.Args[0], devstack.Options{TemporalPort: port(t, taken.Addr().String())})
	require.ErrorContains(t, err, "stop what uses it or choose another")
	_, err = devstack.StartProcess(t.Context(), filepath.Join(t.TempDir(), "none"), devstack.Options{})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestStackEndsWithItsStandardInput(t *testing.T) {
	t.Parallel()
	command := exec.Command(os.Args[0], "--no-ui", "--until-stdin-ends")
	stdin, err := command.StdinPipe()
	require.NoError(t, err)
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	_, err = stdout.Read(make([]byte, 1)) // now it is up
	require.NoError(t, err)
	require.NoError(t, stdin.Close())
	_, err = io.ReadAll(stdout)
	require.NoError(t, err)
	require.NoError(t, command.Wait())
}

func TestInterruptedStartIsNoError(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	require.NoError(t, run(ctx, nil, nil, io.Discard, io.Discard))
}

func TestOutputForPeopleAndTheirShells(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	envFile := filepath.Join(t.TempDir(), "env")
	out, stdout := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"--no-ui", "--namespace=tracks", "--env-file=" + envFile}, nil, stdout, io.Discard)
		stdout.Close()
	}()
	head := make([]byte, len("Temporal  127.0.0.1:"))
	_, err := io.ReadFull(out, head)
	require.NoError(t, err)
	stop()
	rest, err := io.ReadAll(out)
	require.NoError(t, err)
	require.NoError(t, <-ended)

	printed := string(head) + string(rest)
	env, err := os.ReadFile(envFile)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(env)), "\n")
	require.Len(t, lines, 3)
	assert.Regexp(t, `^TEMPORAL_ADDRESS=127\.0\.0\.1:\d+$`, lines[0])
	assert.Equal(t, "TEMPORAL_NAMESPACE=tracks", lines[1])
	assert.Regexp(t, `^STORAGE_EMULATOR_HOST=http://127\.0\.0\.1:\d+$`, lines[2])
	for _, line := range lines {
		assert.Contains(t, printed, "export "+line+"\n")
	}
	assert.Contains(t, printed, "Web UI    none\n")
}

func TestBadArgumentsAreErrors(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--ui-port=x"}, {"--unknown"}, {"extra"}, {"--search-attribute=x"}} {
		err := run(t.Context(), args, nil, io.Discard, io.Discard)
		require.ErrorContains(t, err, "see devstack --help", args)
	}
}

func TestHelpListsTheFlags(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(os.Args[0], "--help").Output()
	require.NoError(t, err)
	assert.Contains(t, string(out), "-storage-port")
}
