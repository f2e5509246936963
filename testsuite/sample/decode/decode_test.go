package decode_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample/decode"
)

func file(t *testing.T, o sample.Options) sample.File {
	t.Helper()
	w, err := window.Parse("2026-06-12T10")
	require.NoError(t, err)
	h, err := sample.Generate(w, o)
	require.NoError(t, err)
	return h.Objects[0]
}

func TestReadAll(t *testing.T) {
	t.Parallel()
	want := file(t, sample.Options{Seed: 1, Events: 50})
	path := filepath.Join(t.TempDir(), "export.parquet.sz")
	require.NoError(t, os.WriteFile(path, want.Content, 0o600))
	got, err := decode.ReadAll(path)
	require.NoError(t, err)
	require.Len(t, got, 50)
	for i := range got {
		require.Equal(t, want.Rows[i].Event, got[i])
	}
	_, err = decode.ReadAll(path + ".missing")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestReadRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	_, err := decode.Read(file(t, sample.Options{Seed: 1, Events: 50, Codec: sample.Brotli}).Content)
	require.ErrorContains(t, err, "0 values in 50 rows")
	_, err = decode.Read(file(t, sample.Options{Seed: 1, Events: 50, InsertedAt: "stored_at"}).Content)
	require.ErrorContains(t, err, `column "stored_at" is none of PostHog's`)
	for _, junk := range []string{"", "short", "no Parquet at all, but long enough to hold a footer"} {
		_, err = decode.Read([]byte(junk))
		require.Error(t, err, junk)
	}
}

// The reader itself drops the rows of a page it cannot read and says nothing.
func TestReadNoticesAHole(t *testing.T) {
	t.Parallel()
	content := file(t, sample.Options{Seed: 1, Events: 300, BatchRows: 100}).Content
	for at := len(content) / 10; at < len(content)*8/10; at += len(content) / 10 {
		damaged := append([]byte(nil), content...)
		clear(damaged[at : at+len(content)/20])
		_, err := decode.Read(damaged)
		assert.Error(t, err, "a hole at %d of %d", at, len(content))
	}
}
