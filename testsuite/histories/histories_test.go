package histories

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/posthog-tracks/posthog-tracks/internal/staging"
	"github.com/posthog-tracks/posthog-tracks/testsuite/oracle"
)

// tastes together are what may happen. Each is drawn as often as -rapid.checks says.
var tastes = map[string]Taste{
	"one event":  {IDs: 1, Hours: 3, Steps: 6, Rows: 4},
	"any events": {IDs: 6, Hours: 3, Steps: 6, Rows: 6},
	"races":      {IDs: 2, Hours: 3, Steps: 5, Rows: 3, Races: 5},
	"deaths":     {IDs: 3, Hours: 2, Steps: 4, Rows: 4, Races: 1, Deaths: 5},
}

func TestHistories(t *testing.T) {
	t.Parallel()
	for name, taste := range tastes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facets := make(oracle.Facets)
			rapid.Check(t, func(t *rapid.T) {
				history := Histories(taste).Draw(t, "history")
				if err := playAlone(t.Context(), facets, history); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// playAlone plays a history in a DuckDB of its own: in memory, unless somebody dies.
func playAlone(ctx context.Context, facets oracle.Facets, history History) (err error) {
	dir, err := os.MkdirTemp("", "history-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := ":memory:"
	for _, step := range history {
		if step.Dies > 0 {
			path = filepath.Join(dir, "life-0", "warehouse.duckdb")
		}
	}
	p, err := start(path, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	return Play(ctx, p, staging.Directory{Root: filepath.Join(dir, "staging")}, facets, history)
}

var _ = sync.Mutex{}
var _ = require.NoError
