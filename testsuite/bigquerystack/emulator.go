// Package bigquerystack runs bqemulator, which stands in for BigQuery, behind a
// proxy that gives its jobs the life they have on BigQuery: an id is used once,
// jobs run for a while, and the client has to ask how they are.
package bigquerystack

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// startTimeout bounds the start, which takes some seconds.
const startTimeout = 2 * time.Minute

// Options of a stand-in.
type Options struct {
	// Venv is the virtual environment with the packages of requirements.txt.
	Venv string
	// StorageRoot is the directory gs:// addresses are read from, a bucket a folder.
	StorageRoot string
	// Log is where the emulator's log goes.
	Log string
	// Address is where clients connect to, host:port; empty for a free port of this
	// machine.
	Address string
}

// Stack is a running stand-in.
type Stack struct {
	// Jobs is the proxy; its URL is what clients connect to.
	Jobs *Proxy

	options Options
	command *exec.Cmd
	ended   chan struct{} // closed when command has ended
	server  *http.Server
	address string
}

// Start returns when the stand-in answers. The context bounds the start only.
func Start(ctx context.Context, options Options) (*Stack, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s := &Stack{options: options}
	upstream, err := s.startEmulator(ctx)
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	s.Jobs = newProxy(upstream)
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", cmp.Or(options.Address, "127.0.0.1:0"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for BigQuery clients: %w", err), s.Stop())
	}
	s.address = listener.Addr().String()
	s.server = &http.Server{Handler: s.Jobs, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

// CreateDataset makes an empty dataset in a project. Projects need no making.
func (s *Stack) CreateDataset(ctx context.Context, project, dataset string) error {
	body, err := json.Marshal(map[string]any{"datasetReference": map[string]string{"projectId": project, "datasetId": dataset}})
	if err != nil {
		return fmt.Errorf("encode dataset: %w", err)
	}
	target := s.URL() + "/bigquery/v2/projects/" + project + "/datasets"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("create dataset %s: %w", dataset, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("create dataset %s: %s", dataset, response.Status)
	}
	return nil
}

// URL is what clients connect to.
func (s *Stack) URL() string { return "http://" + s.address }

// Env is what the product's processes need in their environment.
func (s *Stack) Env() []string { return []string{"BIGQUERY_EMULATOR_HOST=" + s.URL()} }

// Stop ends the proxy and the emulator.
func (s *Stack) Stop() error {
	var failures []error
	if s.server != nil {
		failures = append(failures, s.server.Close())
	}
	if s.command != nil && s.command.Process != nil {
		failures = append(failures, s.command.Process.Signal(syscall.SIGTERM))
		<-s.ended // it is told to end; how it does is its own business
	}
	return errors.Join(failures...)
}

// starts is how often the emulator is started before it is given up: its ports are
// free when they are looked for, and may be somebody else's when it listens.
const starts = 5

// errEnded says that the emulator has ended by itself.
var errEnded = errors.New("it has ended")

func (s *Stack) startEmulator(ctx context.Context) (upstream *url.URL, err error) {
	for range starts {
		if upstream, err = s.launch(ctx); !errors.Is(err, errEnded) {
			break
		}
		s.command = nil
	}
	return upstream, err
}

// launch starts the emulator and returns when it answers.
func (s *Stack) launch(ctx context.Context) (*url.URL, error) {
	rest, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	grpc, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	log, err := os.Create(s.options.Log)
	if err != nil {
		return nil, fmt.Errorf("create emulator log: %w", err)
	}
	defer func() { _ = log.Close() }()
	s.command = exec.Command(filepath.Join(s.options.Venv, "bin", "bqemulator"), "start", //nolint:gosec,noctx // ended by Stop
		"--rest-port", strconv.Itoa(rest), "--grpc-port", strconv.Itoa(grpc),
		"--log-level", "warning")
	s.command.Env = append(os.Environ(),
		"HOME="+s.options.Venv, // where the spatial extension is
		"BQEMU_GCS_LOCAL_ROOT="+s.options.StorageRoot)
	s.command.Stdout, s.command.Stderr = log, log
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("start bqemulator (make test-bigquery installs it): %w", err)
	}
	command, ended := s.command, make(chan struct{})
	s.ended = ended
	go func() {
		_ = command.Wait()
		close(ended)
	}()
	upstream := &url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(rest))}
	if err := awaitHealth(ctx, upstream, ended); err != nil {
		content, _ := os.ReadFile(s.options.Log)
		return nil, fmt.Errorf("start bqemulator: %w\n%s", err, bytes.TrimSpace(content[max(0, len(content)-2000):]))
	}
	return upstream, nil
}

func awaitHealth(ctx context.Context, upstream *url.URL, ended <-chan struct{}) error {
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, upstream.JoinPath("healthz").String(), nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", ctx.Err())
		case <-ended:
			return errEnded
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func freePort(ctx context.Context) (int, error) {
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil //nolint:forcetypeassert // it listens on TCP
}
