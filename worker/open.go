package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/connect"
	"github.com/posthog-tracks/posthog-tracks/internal/gcs"
	"github.com/posthog-tracks/posthog-tracks/internal/staging"
	"github.com/posthog-tracks/posthog-tracks/internal/telemetry"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// openPatience is how long one neighbour may take to answer at the start.
const openPatience = 15 * time.Second

// world is what the worker works with.
type world struct {
	temporal client.Client
	// namespace is where in Temporal the runs are.
	namespace string
	bucket    *gcs.Bucket
	store     store
	area      activities.Area

	closeWarehouse func() error // nil until it is open
}

// missing collects what keeps the worker from starting, so that a person can mend
// all of it before the next try.
type missing struct{ problems []error }

func (m *missing) need(what string, err error) {
	if err != nil {
		m.problems = append(m.problems, fmt.Errorf("%s: %w", what, err))
	}
}

func (m *missing) err() error {
	if len(m.problems) == 0 {
		return nil
	}
	lines := make([]string, len(m.problems))
	for i, problem := range m.problems {
		lines[i] = "\n  - " + problem.Error()
	}
	return fmt.Errorf("the worker cannot start before this is mended:%s", strings.Join(lines, ""))
}

// open connects to everything the worker needs, asks each whether it can be used,
// and names all that cannot. A fault that may pass is only logged: activities are
// tried again, and readiness tells.
func open(ctx context.Context, settings config.Config, measured *telemetry.Telemetry, logger *slog.Logger) (*world, error) {
	w := &world{}
	var lacking missing
	lacking.need("Temporal", w.openTemporal(ctx, settings, measured, logger))
	lacking.need("bucket", w.openBucket(ctx, settings, logger))
	lacking.need("warehouse", w.openStore(ctx, settings, measured.Billed, logger))
	lacking.need("staging directory (load.staging)", writable(settings.Load.Staging))
	if err := lacking.err(); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *world) openTemporal(ctx context.Context, settings config.Config, measured *telemetry.Telemetry, logger *slog.Logger) error {
	options, err := connect.TemporalOptions(logger, settings.Encryption.Keys)
	if err != nil {
		return err
	}
	w.namespace = options.Namespace
	if err := measured.Instrument(&options); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	if w.temporal, err = connect.Temporal(ctx, options); err != nil {
		return err
	}
	return connect.NamespaceExists(ctx, w.temporal, options)
}

func (w *world) openBucket(ctx context.Context, settings config.Config, logger *slog.Logger) (err error) {
	if w.bucket, err = gcs.Open(ctx, settings.Bucket); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	_, err = w.bucket.List(ctx, settings.Prefix.Of(window.Before(time.Now())))
	return lasting(err, logger, "the bucket does not answer yet")
}

func (w *world) openStore(ctx context.Context, settings config.Config, billed func(step string, bytes int64), logger *slog.Logger) (err error) {
	if w.store, w.area, w.closeWarehouse, err = openWarehouse(ctx, settings, billed, logger); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	_, _, err = w.store.Newest(ctx)
	return lasting(err, logger, "the warehouse does not answer yet")
}

// writable checks the local directory that objects are downloaded to.
func writable(directory string) error {
	workspace, err := staging.Directory{Root: directory}.Workspace()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(workspace); err != nil {
		return fmt.Errorf("remove workspace: %w", err)
	}
	return nil
}

// lasting is the error if only a person can mend it. Others are logged.
func lasting(err error, logger *slog.Logger, what string) error {
	var judged interface{ Permanent() bool }
	_, denied := errors.AsType[*gcs.AccessError](err)
	switch {
	case err == nil:
		return nil
	case denied, errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist), errors.As(err, &judged) && judged.Permanent():
		return err
	default:
		logger.Warn(what, "error", err)
		return nil
	}
}

// close closes what is open.
func (w *world) close() error {
	var err error
	if w.closeWarehouse != nil {
		err = errors.Join(err, w.closeWarehouse())
	}
	if w.bucket != nil {
		err = errors.Join(err, w.bucket.Close())
	}
	if w.temporal != nil {
		w.temporal.Close()
	}
	return err
}
