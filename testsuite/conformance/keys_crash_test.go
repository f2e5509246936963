package conformance

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/keys"
	"github.com/posthog-tracks/posthog-tracks/internal/staging"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
)

var errCrash = errors.New("crashed by the test")

// A rebuild that crashes before any one of its statements, and is then begun again,
// ends as if it had not.
func TestDuckDBKeysSurviveACrashAnywhere(t *testing.T) {
	steps, crashAt := 0, -1
	l := &keysLab{}
	l.lab = newLab(t, func(t *testing.T) (Warehouse, activities.Area) {
		t.Helper()
		w, err := duckdb.New(duckdb.Options{
			Path: filepath.Join(t.TempDir(), "warehouse.duckdb"), MemoryLimit: "256MB", Threads: 1,
			IdleClose: time.Minute, Tables: warehouse.DefaultTables(), Cutover: Cutover,
			BeforeStep: func(string) error {
				steps++
				if steps == crashAt {
					return errCrash
				}
				return nil
			},
		})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, w.Close()) })
		l.keys = w
		return w, staging.Directory{Root: t.TempDir()}
	})
	l.history()
	want := l.allKeys()
	steps = 0
	l.rebuild(2)
	last := steps
	require.Greater(t, last, 30)
	for crashAt = 1; crashAt <= last; crashAt++ {
		l.sabotage(`DELETE FROM posthog.tracks_keys WHERE TRUE`)
		steps = 0
		crashes := 0
		for {
			err := l.rebuildOnce("rebuild", 2)
			if err == nil {
				break
			}
			require.ErrorIs(t, err, errCrash)
			crashes++
		}
		require.LessOrEqual(t, crashes, 1)
		require.Equal(t, want, l.allKeys(), "crashed before statement %d", crashAt)
	}
}

// rebuildOnce is one attempt at all of a rebuild.
func (l *keysLab) rebuildOnce(id string, sliceRows int64) error {
	plan, err := l.keys.PlanKeys(l.t.Context(), keys.PlanRequest{RebuildID: id, SliceRows: sliceRows})
	if err != nil {
		return err
	}
	for _, slice := range plan.Slices {
		if _, err := l.keys.BuildKeys(l.t.Context(), plan.RebuildID, slice.Number); err != nil {
			return err
		}
	}
	_, err = l.keys.SwapKeys(l.t.Context(), plan.RebuildID)
	return err
}
