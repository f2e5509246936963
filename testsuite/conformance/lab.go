// Package conformance is what every warehouse must do, told in deliveries: events
// go in as export files, and what the tables then hold is compared.
package conformance

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/overview"
	"github.com/posthog-tracks/posthog-tracks/internal/staging"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// Warehouse is a warehouse under test.
type Warehouse interface {
	activities.Warehouse
	overview.Tables
	activities.Books
	activities.Historian
	activities.Previewer
	// Ask and Tell run the data tests' questions, and write down what they found.
	Ask(ctx context.Context, q warehouse.Question) (warehouse.Answer, error)
	Tell(ctx context.Context, q warehouse.Question) error
	// LatestLoad is the newest load of a window, nil when it was never loaded.
	LatestLoad(ctx context.Context, w window.Window) (*ledger.Load, error)
	// Look runs a statement and hands over the column names and every row as text.
	Look(ctx context.Context, statement string, row func([]string) error) error
}

// Cutover is what warehouses under test must be configured with.
var Cutover = sample.DefaultCutover

// lab loads events into a warehouse, one load after the other.
type lab struct {
	t         *testing.T
	warehouse Warehouse
	area      activities.Area
	loads     int
}

func newLab(t *testing.T, open func(*testing.T) (Warehouse, activities.Area)) *lab {
	t.Helper()
	t.Parallel()
	l := &lab{t: t}
	l.warehouse, l.area = open(t)
	return l
}

// hour is a window, given by the hours since 2026-06-12T00.
func (l *lab) hour(n int) window.Window {
	l.t.Helper()
	w, err := window.Starting(time.Date(2026, 6, 12, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * window.Length))
	require.NoError(l.t, err)
	return w
}

// stage makes staged files of events, each time of another generation.
func (l *lab) stage(w window.Window, events ...sample.Event) ledger.Receipt {
	l.t.Helper()
	l.loads++
	receipt, err := Stage(l.t.Context(), l.area, w, int64(l.loads), events...)
	require.NoError(l.t, err)
	return receipt
}

// Stage makes staged files of events, as StageObject does.
func Stage(ctx context.Context, area activities.Area, w window.Window, generation int64, events ...sample.Event) (ledger.Receipt, error) {
	content, err := sample.Encode(w, sample.Options{}, events...)
	if err != nil {
		return ledger.Receipt{}, err
	}
	workspace, err := area.Workspace()
	if err != nil {
		return ledger.Receipt{}, err
	}
	files := staging.FilesIn(workspace)
	if err := os.WriteFile(files.Export, content, 0o600); err != nil {
		return ledger.Receipt{}, fmt.Errorf("write export: %w", err)
	}
	object := export.Object{Name: fmt.Sprintf("exports/%s.parquet.sz", w), Generation: generation, Size: int64(len(content))}
	receipt, err := staging.Convert(ctx, object, files, func(int64) {})
	if err != nil {
		return ledger.Receipt{}, err
	}
	return area.Keep(ctx, w, workspace, receipt)
}

// commit is the next load of a window, with a stamp of its own.
func (l *lab) commit(w window.Window, staged ...ledger.Receipt) ledger.Commit {
	id := fmt.Sprintf("load-%d", l.loads)
	return ledger.Commit{
		Load: ledger.Load{
			Window: w, ID: id, Run: ledger.Run{WorkflowID: "hourly-" + w.String(), RunID: id},
			IngestedAt: time.Date(2026, 7, 1, 0, 0, l.loads, 0, time.UTC),
		},
		Staged: staged,
	}
}

// load takes events to raw_tracks.
func (l *lab) load(w window.Window, events ...sample.Event) ledger.Load {
	l.t.Helper()
	load, err := l.warehouse.CommitWindow(l.t.Context(), l.commit(w, l.stage(w, events...)))
	require.NoError(l.t, err)
	return load
}

// deliver takes events to tracks.
func (l *lab) deliver(w window.Window, events ...sample.Event) ledger.Merge {
	l.t.Helper()
	load := l.load(w, events...)
	merge, err := l.warehouse.MergeLoad(l.t.Context(), w, load.ID)
	require.NoError(l.t, err)
	require.Equal(l.t, load.Rows.Loaded, merge.Total(), "every loaded row is accounted for")
	l.requireWhole()
	return merge
}

// rows runs a statement and returns its rows, columns joined by a bar.
func (l *lab) rows(statement string) []string {
	l.t.Helper()
	var rows []string
	head := true
	require.NoError(l.t, l.warehouse.Look(l.t.Context(), statement, func(row []string) error {
		if !head {
			rows = append(rows, strings.Join(row, "|"))
		}
		head = false
		return nil
	}))
	return rows
}

// requireWhole checks the law that no history may break: one row and one key an
// event, in agreement.
func (l *lab) requireWhole() {
	l.t.Helper()
	require.Empty(l.t, l.rows(`SELECT event_id FROM posthog.tracks GROUP BY event_id HAVING COUNT(*) > 1`), "duplicates in tracks")
	require.Empty(l.t, l.rows(`SELECT t.event_id FROM posthog.tracks AS t
		FULL JOIN posthog.tracks_keys AS k ON k.event_id = t.event_id AND k.created_at = t.created_at
		WHERE t.event_id IS NULL OR k.event_id IS NULL`), "tracks and tracks_keys disagree")
}

// tracks is the table, an event a line: the last digits of its id, when it was
// created, its name, user and person. Tests tell contents apart by the person.
func (l *lab) tracks() []string {
	l.t.Helper()
	return l.rows(`SELECT SUBSTR(event_id, 33), created_at, event_name, user_id, person_id FROM posthog.tracks ORDER BY 1`)
}
