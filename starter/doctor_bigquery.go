package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/connect"
)

// bigQueryChecks are those that only the production warehouse needs.
func bigQueryChecks(ctx context.Context, settings config.Config) []check {
	if settings.Warehouse.Kind != config.KindBigQuery {
		return nil
	}
	from := settings.Warehouse.BigQuery
	checks := []check{{
		name: "staging bucket", look: func(ctx context.Context) (string, error) { return tryStagingBucket(ctx, settings) },
		mend: fmt.Sprintf("make the bucket with `gcloud storage buckets create gs://%s --location=%s`, and give the service account roles/storage.objectUser on it", from.StagingBucket, from.Location),
	}}
	tables, err := connect.BigQuery(ctx, settings, true, nil, nil)
	if err != nil {
		return append(checks, check{
			name: "BigQuery", look: func(context.Context) (string, error) { return "", err },
			mend: "set application default credentials: `gcloud auth application-default login`, or GOOGLE_APPLICATION_CREDENTIALS",
		})
	}
	for _, c := range tables.Checks() { // they keep the connection until the command ends
		checks = append(checks, check{name: c.Name, look: c.Look, mend: c.Mend})
	}
	return checks
}

// tryStagingBucket writes an object under the pipeline's prefix, reads it and removes it.
func tryStagingBucket(ctx context.Context, settings config.Config) (_ string, err error) {
	store, area, err := connect.StagingBucket(ctx, settings)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	dir, err := os.MkdirTemp("", "posthog-tracks-doctor")
	if err != nil {
		return "", fmt.Errorf("create temp folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "probe")
	if err := os.WriteFile(file, []byte("doctor"), 0o600); err != nil {
		return "", fmt.Errorf("write probe: %w", err)
	}
	folder := path.Join(area.Prefix, "doctor", rand.Text())
	if err := store.Put(ctx, path.Join(folder, "probe"), file); err != nil {
		return "", err
	}
	if _, ok, err := store.Get(ctx, path.Join(folder, "probe")); err != nil || !ok {
		return "", errors.Join(errors.New("what was written cannot be read"), err)
	}
	if err := store.DeleteAll(ctx, folder+"/"); err != nil {
		return "", err
	}
	return store.URI(area.Prefix) + " can be written, read and cleared", nil
}
