package histories

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/testsuite/oracle"
)

// TestFixtures plays the histories of testdata, which all ended differently once.
func TestFixtures(t *testing.T) {
	t.Parallel()
	for name, history := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, playAlone(t.Context(), make(oracle.Facets), history, nil), "%s", history)
		})
	}
}

func fixtures(t *testing.T) map[string]History {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	all := make(map[string]History)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var history History
		require.NoError(t, json.Unmarshal(content, &history), file)
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = history
	}
	return all
}

// save makes a fixture of a failing history. A smaller one replaces it.
func save(name string, history History) error {
	if err := os.MkdirAll("testdata", 0o750); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join("testdata", fixtureName(name)+".json"), []byte(history.JSON()+"\n"), 0o600)
}

// fixtureName is a sentence as the name of a file.
func fixtureName(sentence string) string {
	return strings.NewReplacer(" ", "-", ",", "", "'", "").Replace(sentence)
}
