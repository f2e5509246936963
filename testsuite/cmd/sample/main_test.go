package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cloud.google.com/go/storage"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

func TestWritesHoursToAFolder(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	var printed bytes.Buffer
	err := run(t.Context(), []string{
		"--out", out, "--from", "2026-06-12T23", "--hours", "2", "--events", "30", "--seed", "9", "--traps", "null-uuid,orphan-part",
	}, &printed)
	require.NoError(t, err)

	w, err := window.Parse("2026-06-12T23")
	require.NoError(t, err)
	lines := strings.Split(printed.String(), "\n")
	for range 2 {
		want, err := sample.Generate(w, sample.Options{Events: 30, Seed: 9, Traps: sample.Traps{sample.NullUUID, sample.OrphanPart}})
		require.NoError(t, err)
		for _, object := range want.Objects {
			got, err := os.ReadFile(filepath.Join(out, object.Name))
			require.NoError(t, err)
			require.Equal(t, object.Content, got)
			require.True(t, strings.HasPrefix(lines[0], object.Name), lines[0])
			lines = lines[1:]
		}
		w = w.Next()
	}
	assert.Equal(t, "2 hours from 2026-06-12T23, seed 9: 10 objects, 80 rows, 0.3 MB", lines[0])
	assert.Contains(t, lines, "  rows of traps, not loaded: 18")
	assert.Contains(t, lines, "  rows of traps, rejected: 2")
}

func TestWritesToABucketOfTheEmulator(t *testing.T) {
	server, err := fakestorage.NewServerWithOptions(fakestorage.Options{Scheme: "http", Host: "127.0.0.1", PublicHost: "127.0.0.1"})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: "exports"})
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(server.URL(), "http://"))

	require.NoError(t, run(t.Context(), []string{"--bucket", "exports", "--hours", "1", "--events", "20", "--split-mb", "1"}, io.Discard))
	w, err := window.Parse("2026-06-12T00")
	require.NoError(t, err)
	want, err := sample.Generate(w, sample.Options{Events: 20, Seed: 1, SplitBytes: 1 << 20})
	require.NoError(t, err)
	require.Len(t, want.Objects, 2)
	for _, object := range want.Objects {
		got, err := server.GetObject("exports", object.Name)
		require.NoError(t, err)
		require.Equal(t, object.Content, got.Content)
	}

	err = run(t.Context(), []string{"--bucket", "nowhere", "--hours", "1", "--events", "20"}, io.Discard)
	require.ErrorContains(t, err, "bucket nowhere, which must exist")
	require.ErrorIs(t, err, storage.ErrBucketNotExist)
}

func TestArgumentsThatCannotBe(t *testing.T) {
	t.Parallel()
	for problem, arguments := range map[string][]string{
		"give either --out":         {},
		"give either --out, a fold": {"--out", "a", "--bucket", "b"},
		`window "noon"`:             {"--out", "a", "--from", "noon"},
		`trap "surprise"`:           {"--out", "a", "--traps", "surprise"},
		`codec "lzo"`:               {"--out", t.TempDir(), "--codec", "lzo"},
		"not defined":               {"--out", "a", "--colour", "red"},
	} {
		require.ErrorContains(t, run(context.Background(), arguments, io.Discard), problem)
	}
	var help bytes.Buffer
	require.ErrorIs(t, run(context.Background(), []string{"--help"}, &help), flag.ErrHelp)
	assert.Contains(t, help.String(), "orphan-part")
}
