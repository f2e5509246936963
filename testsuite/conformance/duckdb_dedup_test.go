package conformance

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/staging"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
	"github.com/posthog-tracks/posthog-tracks/sql"
)

// TestDuckDBDedupIsVerifiedBeforeReadersSeeIt breaks a statement of the dedup at a
// time: none may get past the check before the commit.
func TestDuckDBDedupIsVerifiedBeforeReadersSeeIt(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]struct{ step, text, with string }{
		"an event is overlooked": {"events", "WHERE event_id IS NOT NULL AND", "WHERE event_id NOT LIKE '%0002' AND"},
		"another event's row goes": {
			"remove_rows", "WHERE rowid IN (SELECT tracks_row FROM dedup_verdict WHERE outcome <> 'stays')",
			"WHERE rowid IN (SELECT tracks_row FROM dedup_verdict WHERE outcome <> 'stays' AND event_id NOT LIKE '%0002') OR event_id LIKE '%0008'",
		},
		"an untouched row changes": {"seen", "CREATE OR", "UPDATE ${tracks} SET locale = 'xx' WHERE event_id LIKE '%0008'; CREATE OR"},
		"two untouched rows change alike": {
			"seen", "CREATE OR", "UPDATE ${tracks} SET locale = 'xx' WHERE event_id LIKE '%0006' OR event_id LIKE '%0008'; CREATE OR",
		},
		"a kept row loses a value": {"insert_rows", "r.person_id", "NULL"},
		"created_at is the newest": {"insert_rows", "v.first_created_at,", "r.created_at,"},
	} {
		t.Run(name, func(t *testing.T) {
			found := false
			var w *duckdb.Warehouse
			l := newLab(t, func(t *testing.T) (Warehouse, activities.Area) {
				t.Helper()
				w = openOld(t, func(o *duckdb.Options) {
					o.Rewrite = func(step sql.Step) sql.Step {
						if step.Name == broken.step && strings.Contains(step.Text, broken.text) {
							found = true
							step.Text = strings.Replace(step.Text, broken.text, broken.with, 1)
						}
						return step
					}
				})
				return w, staging.Directory{Root: t.TempDir()}
			})
			require.True(t, found, "the statement reads otherwise now")
			d := &dedupLab{lab: l, deduper: w}
			d.everyCause()
			tracks := d.everything("tracks")
			_, err := w.ApplyDedup(t.Context(), d.snapshot("run"))
			var invariant *warehouse.InvariantError
			require.ErrorAs(t, err, &invariant)
			assert.Equal(t, tracks, d.everything("tracks"))
		})
	}
}
