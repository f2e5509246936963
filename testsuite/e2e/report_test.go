package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/report"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// The worker serves the report of the tables it writes. A report that has to wait for
// them keeps nobody from asking how the worker is.
func TestWorkerServesTheReport(t *testing.T) {
	t.Parallel()
	l := open(t)
	w := window.Before(time.Now().Add(-5 * time.Hour))
	l.upload(w, ordinary(1))
	l.load(w)
	status, said, err := l.Get(l.ctx, report.Path+"?days=3")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status, said)
	assert.Contains(t, said, "<title>posthog.tracks")
	assert.Contains(t, said, "rows loaded in 1 hours")
	status, said, err = l.Get(l.ctx, report.Path+"?days=none")
	require.NoError(t, err)
	assert.Equal(t, http.StatusBadRequest, status, said)

	letGo, err := l.HoldWarehouse(l.ctx)
	require.NoError(t, err)
	waited := make(chan int, 1)
	go func() {
		status, _, err := l.Get(l.ctx, report.Path)
		assert.NoError(t, err)
		waited <- status
	}()
	for _, page := range []string{"/healthz", "/readyz"} {
		status, said, err := l.Get(l.ctx, page)
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, status, said)
	}
	assert.Empty(t, waited, "the report waits")
	require.NoError(t, letGo())
	assert.Equal(t, http.StatusOK, <-waited, "and comes when the file is free")
}
