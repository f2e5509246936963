package alert

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "webhook")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestPost(t *testing.T) {
	t.Parallel()
	var texts []string
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var message struct {
			Text string `json:"text"`
		}
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&message))
		texts = append(texts, message.Text)
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	webhook, err := Read(file(t, server.URL+"/secret\n"))
	require.NoError(t, err)
	require.NoError(t, webhook.Post(t.Context(), "a \"text\""))
	assert.Equal(t, []string{"a \"text\""}, texts)

	status = http.StatusForbidden
	require.ErrorContains(t, webhook.Post(t.Context(), "x"), "403")
	server.Close()
	err = webhook.Post(t.Context(), "x")
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "secret", "the URL stays secret")
}

func TestRead(t *testing.T) {
	t.Parallel()
	none, err := Read("")
	require.NoError(t, err)
	assert.Nil(t, none)
	_, err = Read(filepath.Join(t.TempDir(), "nowhere"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Read(file(t, "not a URL"))
	require.ErrorContains(t, err, "does not hold the URL")
}
