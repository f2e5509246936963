package harness

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/posthog-tracks/posthog-tracks/testsuite/bigquerystack"
	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack"
	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack/fakegcs"
)

// Bucket is the export bucket of a rig.
const Bucket = "posthog-exports"

// Options of a rig.
type Options struct {
	// Dir holds the warehouse, the configuration and the logs.
	Dir string
	// Binaries are what runs.
	Binaries Binaries
	// Stack are the dev stack's options; its bucket is added.
	Stack devstack.Options
	// StackBinary is the devstack command. When it is given, the stack is a process
	// of its own, which can be killed.
	StackBinary string
	// BigQuery makes a stand-in for BigQuery the warehouse, in place of DuckDB.
	BigQuery bool
	// Heartbeat is how long a killed activity stays unnoticed.
	Heartbeat time.Duration
	// Environment is added to that of the product's processes, as NAME=value. It is
	// where settings are overridden.
	Environment []string
}

// Rig is a dev stack with a configured product beside it.
type Rig struct {
	devstack.Endpoints

	// Stack runs in this process, Process in its own: one of them is nil.
	Stack   *devstack.Stack
	Process *devstack.Process
	// BigQuery is the warehouse's stand-in, nil with DuckDB.
	BigQuery *bigquerystack.Stack
	// Storage puts objects into the bucket.
	Storage  *fakegcs.Seeder
	Temporal client.Client
	// Config is the path of the product's configuration, WarehouseFile of its
	// tables, Staging of its staged files and WorkerLog of what its workers said.
	Config, WarehouseFile, Staging, WorkerLog string

	options Options
}

// Start starts the stack. No worker runs yet.
func Start(ctx context.Context, options Options) (*Rig, error) {
	options.Stack.Buckets = append(options.Stack.Buckets, Bucket)
	if options.BigQuery {
		options.onBigQuery()
	}
	options.Stack.Logger = slog.New(slog.DiscardHandler)
	r := &Rig{
		Config:        filepath.Join(options.Dir, "tracks.yaml"),
		WarehouseFile: filepath.Join(options.Dir, "warehouse.duckdb"),
		Staging:       filepath.Join(options.Dir, "staging"),
		WorkerLog:     filepath.Join(options.Dir, "worker.log"),
		options:       options,
	}
	if err := r.prepare(ctx); err != nil {
		return nil, errors.Join(err, r.Stop())
	}
	return r, nil
}

func (r *Rig) prepare(ctx context.Context) (err error) {
	if err := r.startStack(ctx); err != nil {
		return err
	}
	if err := r.startBigQuery(ctx); err != nil {
		return err
	}
	r.Storage = fakegcs.NewSeeder(r.StorageURL)
	if err := os.WriteFile(r.Config, []byte(r.configuration()), 0o600); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	r.Temporal, err = client.DialContext(ctx, client.Options{
		HostPort: r.TemporalAddress, Namespace: r.TemporalNamespace,
		Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return fmt.Errorf("connect to Temporal: %w", err)
	}
	return nil
}

// configuration is as short as a configuration can be, but for what makes a
// laptop's day faster than production's.
func (r *Rig) configuration() string {
	lines := []string{
		"bucket: " + Bucket,
		"prefix: posthog_batch/events/{date}/{hour}/",
		"heartbeat: " + r.options.Heartbeat.String(),
		"telemetry: {listen: '127.0.0.1:0'} # many rigs share this machine",
		fmt.Sprintf("load: {reject_limit: 0.2, staging: %q} # the sample exports are full of traps", r.Staging),
		"write: {poll: 200ms}",
	}
	if r.options.BigQuery {
		lines = append(lines, r.bigQueryLines()...)
	} else {
		lines = append(lines, "warehouse:", "  kind: duckdb", fmt.Sprintf("  duckdb: {path: %q, idle_close: 500ms}", r.WarehouseFile))
	}
	return strings.Join(lines, "\n") + "\n"
}

// Stop ends the stack.
func (r *Rig) Stop() error {
	if r.Temporal != nil {
		r.Temporal.Close()
	}
	if r.BigQuery != nil {
		return errors.Join(r.BigQuery.Stop(), r.stopStack())
	}
	return r.stopStack()
}

// Environment is what the product's processes run in.
func (r *Rig) Environment() []string {
	environment := append(append(os.Environ(), r.Env()...), "TRACKS_CONFIG="+r.Config)
	if r.BigQuery != nil {
		environment = append(environment, r.BigQuery.Env()...)
	}
	return append(environment, r.options.Environment...)
}

// Starter runs the command line and returns what it printed. When it fails, the
// error is an *exec.ExitError.
func (r *Rig) Starter(ctx context.Context, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, r.options.Binaries.Starter, arguments...) //nolint:gosec // the product's own binary
	command.Env = r.Environment()
	output, err := command.CombinedOutput()
	if err != nil {
		return string(output), fmt.Errorf("starter %s: %w\n%s", strings.Join(arguments, " "), err, output)
	}
	return string(output), nil
}

// Answer runs the command line and returns what it printed to standard output. When
// it fails, the error is an *exec.ExitError.
func (r *Rig) Answer(ctx context.Context, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, r.options.Binaries.Starter, arguments...) //nolint:gosec // the product's own binary
	command.Env = r.Environment()
	output, err := command.Output()
	if err != nil {
		return string(output), fmt.Errorf("starter %s: %w", strings.Join(arguments, " "), err)
	}
	return string(output), nil
}
