//go:build bigquery

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBigQueryStandsByItself(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-listen", address, "-storage", t.TempDir(), "-log", t.TempDir() + "/log", "-dataset", "a-project.a_dataset"})
	}()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		answer, err := ask(t.Context(), "http://"+address+"/bigquery/v2/projects/a-project/datasets/a_dataset")
		require.NoError(c, err)
		assert.Contains(c, answer, "a_dataset")
	}, 2*time.Minute, 100*time.Millisecond)
	stop()
	require.NoError(t, <-ended)
}

func TestBigQueryDatasetNeedsItsProject(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, run(t.Context(), []string{"-dataset", "posthog"}), "want project.dataset")
}

func ask(ctx context.Context, address string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ask %s: %s", address, response.Status) // it may name the dataset too
	}
	content, err := io.ReadAll(response.Body)
	return string(content), err
}
