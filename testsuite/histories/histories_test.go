package histories

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/posthog-tracks/posthog-tracks/internal/staging"
	"github.com/posthog-tracks/posthog-tracks/sql"
	"github.com/posthog-tracks/posthog-tracks/testsuite/oracle"
)

// tastes together are what may happen. Each is drawn as often as -rapid.checks says.
var tastes = map[string]Taste{
	"one event":             {IDs: 1, Hours: 3, Steps: 6, Rows: 4},
	"two events":            {IDs: 2, Hours: 3, Steps: 6, Rows: 4},
	"any events":            {IDs: 6, Hours: 3, Steps: 6, Rows: 6},
	"races":                 {IDs: 2, Hours: 3, Steps: 5, Rows: 3, Races: 5},
	"backfills":             {IDs: 2, Hours: 2, Steps: 5, Rows: 4, Backfills: 4},
	"backfills that die":    {IDs: 2, Hours: 2, Steps: 4, Rows: 4, Backfills: 6, Deaths: 6},
	"deaths":                {IDs: 3, Hours: 2, Steps: 4, Rows: 4, Races: 1, Deaths: 5},
	"duplicates":            {IDs: 2, Hours: 2, Steps: 6, Rows: 4, Duplicates: 5, Backfills: 1},
	"duplicates and deaths": {IDs: 2, Hours: 2, Steps: 4, Rows: 4, Duplicates: 6, Backfills: 1, Deaths: 5},
	"duplicates and races":  {IDs: 2, Hours: 2, Steps: 5, Rows: 3, Duplicates: 4, Races: 6, Backfills: 2},
}

// TestMain draws fewer histories than rapid's default, unless the command line says
// how many: make test is for every day, make chaos for the many.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "40"); err != nil {
		panic(err) // rapid has that flag
	}
	os.Exit(m.Run())
}

// A history that fails is shrunk, told, and saved as a fixture.
func TestHistories(t *testing.T) {
	t.Parallel()
	for name, taste := range tastes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facets := make(oracle.Facets)
			rapid.Check(t, func(r *rapid.T) {
				history := Histories(taste).Draw(r, "history")
				if err := playAlone(r.Context(), facets, history, nil); err != nil {
					assert.NoError(r, save("failed "+name, history))
					r.Fatalf("%v\n\nTo keep it, give testdata/failed-*.json a name that tells the law.", err)
				}
			})
		})
	}
}

// needsFile reports whether a step is about what is on disk.
func needsFile(s Step) bool {
	return s.Dies > 0 || s.Dedup != nil || s.Rollback != 0 || slices.ContainsFunc(s.Race, needsFile)
}

// playAlone plays a history in a DuckDB of its own: in memory, unless somebody dies or
// takes a snapshot.
// rewrite may be nil.
func playAlone(ctx context.Context, facets oracle.Facets, history History, rewrite func(sql.Step) sql.Step) (err error) {
	dir, err := os.MkdirTemp("", "history-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	p := &process{dir: dir, rewrite: rewrite}
	path := ":memory:"
	if slices.ContainsFunc(history, needsFile) {
		path = p.file()
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
	}
	if err := p.start(path); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.open.Close()) }()
	return Play(ctx, p, staging.Directory{Root: filepath.Join(dir, "staging")}, facets, history)
}
