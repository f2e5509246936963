package conformance

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/keys"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// KeysWarehouse is a warehouse under test that can rebuild its keys.
type KeysWarehouse interface {
	Warehouse
	activities.KeysWarehouse
}

// RunKeys puts a warehouse through the part of the suite about tracks_keys. open is
// as for Run.
func RunKeys(t *testing.T, open func(*testing.T) (KeysWarehouse, activities.Area)) {
	t.Helper()
	for name, test := range map[string]func(*keysLab){
		"rebuild/gives back what merges wrote":           rebuildSame,
		"rebuild/keeps the laws":                         rebuildKeepsLaws,
		"rebuild/ids of every kind":                      rebuildIDs,
		"rebuild/counts no delivery that is not merged":  rebuildUnmerged,
		"rebuild/goes on where it stopped":               rebuildResumes,
		"rebuild/lists duplicates":                       rebuildDuplicates,
		"rebuild/lets merges change duplicated events":   rebuildThenMerges,
		"rebuild/refuses a tracks that moved":            rebuildMoved,
		"rebuild/refuses a slice that moved":             rebuildSliceMoved,
		"rebuild/can be thrown away":                     rebuildDiscarded,
		"rebuild/of nothing is nothing":                  rebuildEmpty,
		"verify/finds nothing where nothing is wrong":    verifyClean,
		"verify/finds rows without key":                  verifyRowWithoutKey,
		"verify/finds keys without row":                  verifyKeyWithoutRow,
		"verify/finds keys that lead to the wrong place": verifyMisplaced,
		"verify/finds duplicates":                        verifyDuplicates,
		"verify/looks at the days asked for":             verifyRange,
	} {
		t.Run(name, func(t *testing.T) {
			l := &keysLab{}
			l.lab = newLab(t, func(t *testing.T) (Warehouse, activities.Area) {
				t.Helper()
				w, area := open(t)
				l.keys = w
				return w, area
			})
			test(l)
		})
	}
}

// keysLab is a lab whose warehouse can rebuild its keys.
type keysLab struct {
	*lab

	keys KeysWarehouse
}

// plan plans a rebuild in slices of so many rows.
func (l *keysLab) plan(id string, sliceRows int64) keys.Plan {
	l.t.Helper()
	plan, err := l.keys.PlanKeys(l.t.Context(), keys.PlanRequest{RebuildID: id, SliceRows: sliceRows})
	require.NoError(l.t, err)
	for i, slice := range plan.Slices {
		require.Equal(l.t, i, slice.Number)
	}
	return plan
}

func (l *keysLab) build(plan keys.Plan, slice int) keys.Built {
	l.t.Helper()
	built, err := l.keys.BuildKeys(l.t.Context(), plan.RebuildID, slice)
	require.NoError(l.t, err)
	return built
}

// rebuild rebuilds the keys, doing each slice twice, as after a lost answer.
func (l *keysLab) rebuild(sliceRows int64) keys.Rebuilt {
	l.t.Helper()
	plan := l.plan("rebuild", sliceRows)
	for i := range plan.Slices {
		first := l.build(plan, i)
		require.Equal(l.t, first, l.build(plan, i), "twice is once")
	}
	rebuilt, err := l.keys.SwapKeys(l.t.Context(), plan.RebuildID)
	require.NoError(l.t, err)
	again, err := l.keys.SwapKeys(l.t.Context(), plan.RebuildID)
	require.NoError(l.t, err)
	require.Equal(l.t, rebuilt, again, "twice is once")
	return rebuilt
}

// allKeys is tracks_keys, a key a line.
func (l *keysLab) allKeys() []string {
	l.t.Helper()
	return l.rows(`SELECT event_id, bucket, created_at, event_inserted_at, bq_ingested_timestamp, content_hash, identity_hash
		FROM posthog.tracks_keys ORDER BY event_id, created_at`)
}

func (l *keysLab) compare(request keys.CompareRequest) keys.Drift {
	l.t.Helper()
	drift, err := l.keys.CompareKeys(l.t.Context(), request)
	require.NoError(l.t, err)
	return drift
}

// history delivers a bit of everything: ids of two kinds, days that lie apart, newer
// and older content, unchanged re-deliveries, collisions and what is before the
// cutover.
func (l *keysLab) history() {
	l.t.Helper()
	monthsAgo := noon.AddDate(0, -2, 0)
	l.deliver(l.hour(1), event(1), event(2), event(3, at(monthsAgo)), event(4, neverInserted),
		event(5, id("3f0c1a52-7d7e-4c3b-9f50-2f6a4e1f7c01")), event(6, at(Cutover.Add(-time.Hour))))
	l.deliver(l.hour(2), event(1, content("second"), inserted(60)), event(2, inserted(30)), event(7), event(7, content("later"), inserted(5)))
	l.deliver(l.hour(3), event(3, content("third"), inserted(90), at(noon)), event(2, named("other")), event(1, content("older"), inserted(2)))
}

func rebuildSame(l *keysLab) {
	l.history()
	want := l.allKeys()
	for _, sliceRows := range []int64{1, 2, 1000} {
		l.sabotage(`DELETE FROM posthog.tracks_keys WHERE TRUE`)
		rebuilt := l.rebuild(sliceRows)
		assert.Equal(l.t, want, l.allKeys())
		assert.Equal(l.t, int64(len(want)), rebuilt.Keys)
		assert.Equal(l.t, int64(len(want)), rebuilt.Rows)
		assert.Zero(l.t, rebuilt.Duplicates)
		if sliceRows == 1 {
			assert.Greater(l.t, rebuilt.Slices, 2)
		}
	}
	l.requireWhole()
	assert.Zero(l.t, l.compare(keys.CompareRequest{}).Drifted)
}

func rebuildKeepsLaws(l *keysLab) {
	l.history()
	l.sabotage(`DELETE FROM posthog.tracks_keys WHERE TRUE`)
	l.rebuild(2)
	merge := l.deliver(l.hour(4),
		event(1, content("second"), inserted(120)),       // the same, newer
		event(2, content("between"), inserted(15)),       // older than the unchanged one
		event(3, content("fourth"), inserted(120)),       // newer
		event(4, content("known"), inserted(1)),          // newer than NULL
		event(7, named("other"), inserted(120)),          // a collision
		event(8), event(9, at(noon.AddDate(0, 0, -101)))) // new, and before the cutover
	assert.Equal(l.t, ledger.Merge{Inserted: 1, Updated: 2, Unchanged: 2, Collided: 1, BeforeCutover: 1}, merge)
	assert.Contains(l.t, l.tracks(), line("0002", noon, "first"), "an older delivery never overwrites a newer one")
}

// rebuildIDs rebuilds the keys of ids that are no UUIDs, as a backfill takes them.
func rebuildIDs(l *keysLab) {
	ids := []string{"not a uuid", "01zzzzzz-zzzz-7zzz-8000-000000000001", "6f1ed002-ab5f-4a3c-9b6c-000000000008", "0196eb00-0000-7000-8000-00000000abcd"}
	var rows []legacy
	for i, id := range ids {
		rows = append(rows, old(i, 1, func(r *legacy) { r.id = id }))
	}
	l.inherit(rows...)
	l.backfill("b1")
	const keys = `SELECT event_id, bucket, created_at, identity_hash FROM posthog.tracks_keys ORDER BY 1`
	want := l.rows(keys)
	require.Len(l.t, want, len(ids))
	l.rebuild(2)
	assert.Equal(l.t, want, l.rows(keys))
}

// A delivery that is loaded and not merged yet may not pass for one that was seen.
func rebuildUnmerged(l *keysLab) {
	l.deliver(l.hour(1), event(1))
	load := l.load(l.hour(2), event(1, content("second"), inserted(60)))
	want := l.allKeys()
	l.rebuild(1000)
	assert.Equal(l.t, want, l.allKeys())
	merge, err := l.warehouse.MergeLoad(l.t.Context(), l.hour(2), load.ID)
	require.NoError(l.t, err)
	assert.Equal(l.t, ledger.Merge{Updated: 1}, merge)
}

func rebuildResumes(l *keysLab) {
	l.history()
	want := l.allKeys()
	plan := l.plan("first", 1)
	require.Greater(l.t, len(plan.Slices), 2)
	l.build(plan, 0)
	l.build(plan, 1)

	load := l.load(l.hour(9), event(9))
	_, err := l.warehouse.MergeLoad(l.t.Context(), l.hour(9), load.ID)
	var unfinished *warehouse.KeysMissingError
	require.ErrorAs(l.t, err, &unfinished, "no merge may come between the slices")
	assert.True(l.t, unfinished.Unfinished)
	_, err = l.keys.SwapKeys(l.t.Context(), "first")
	var broken *warehouse.InvariantError
	require.ErrorAs(l.t, err, &broken, "half a rebuild is none")

	resumed := l.plan("second", 1000)
	assert.Equal(l.t, "first", resumed.RebuildID)
	assert.Len(l.t, resumed.Slices, len(plan.Slices))
	assert.Equal(l.t, 2, resumed.Done())
	for i, slice := range resumed.Slices {
		if !slice.Done {
			l.build(resumed, i)
		}
	}
	_, err = l.keys.SwapKeys(l.t.Context(), "first")
	require.NoError(l.t, err)
	assert.Equal(l.t, want, l.allKeys())
	_, err = l.keys.BuildKeys(l.t.Context(), "first", 0)
	require.ErrorAs(l.t, err, &broken, "a rebuild that is over does no slice any more")
	_, err = l.warehouse.MergeLoad(l.t.Context(), l.hour(9), load.ID)
	require.NoError(l.t, err)
	l.requireWhole()
}

// duplicate puts another row of an event into tracks, as older tooling did: days
// later, and so many minutes newer.
func (l *keysLab) duplicate(n, days, minutes int) {
	l.t.Helper()
	columns := `event_name, user_id, person_id, session_id, active_feature_flags, feature_flags_values, lib_values,
		device_model, device_type, device_os, ip_address, client, geoip_city_name, geoip_continent_name, geoip_continent_code,
		geoip_country_name, geoip_country_code, geoip_time_zone, app_version, locale, event_payload`
	l.sabotage(fmt.Sprintf(`INSERT INTO posthog.tracks (event_id, created_at, %s, bq_ingested_timestamp, event_inserted_at)
		SELECT event_id, created_at + INTERVAL (%d) DAY, %s, bq_ingested_timestamp, event_inserted_at + INTERVAL (%d) MINUTE
		FROM (SELECT * FROM posthog.tracks WHERE event_id LIKE '%%%04d' ORDER BY created_at LIMIT 1) AS one`, columns, days, columns, minutes, n))
}

func rebuildDuplicates(l *keysLab) {
	l.deliver(l.hour(1), event(1), event(2), event(3), event(4))
	l.duplicate(1, 0, 0)  // the same row twice
	l.duplicate(2, 3, 10) // a newer one on another day
	l.duplicate(3, -3, -10)
	l.duplicate(3, -5, -20) // older ones on two other days
	for _, sliceRows := range []int64{1, 1000} {
		rebuilt := l.rebuild(sliceRows)
		assert.Equal(l.t, int64(8), rebuilt.Rows)
		assert.Equal(l.t, int64(4), rebuilt.Keys)
		assert.Equal(l.t, int64(4), rebuilt.Duplicates)
		assert.Equal(l.t, []string{id7(1), id7(2), id7(3)}, rebuilt.Sample)
		assert.Equal(l.t, []string{
			id7(1) + "|2026-06-12 12:00:00Z", id7(2) + "|2026-06-15 12:00:00Z",
			id7(3) + "|2026-06-12 12:00:00Z", id7(4) + "|2026-06-12 12:00:00Z",
		}, l.rows(`SELECT event_id, created_at FROM posthog.tracks_keys ORDER BY event_id`), "the newest row stands for the event")
	}
	drift := l.compare(keys.CompareRequest{})
	assert.Equal(l.t, 3, drift.Drifted, "the duplicates still show")
}

// rebuildThenMerges changes events that have duplicates, which a dedup has yet to
// remove: written twice, at the same place with other times, and on another day.
func rebuildThenMerges(l *keysLab) {
	l.deliver(l.hour(1), event(1), event(2), event(3))
	l.duplicate(1, 0, 0)
	l.duplicate(2, 0, -10)
	l.duplicate(3, 3, -10)
	l.rebuild(1000)
	load := l.load(l.hour(2), event(1, content("second"), inserted(60)), event(2, content("second"), inserted(60)),
		event(3, content("second"), inserted(60)))
	merge, err := l.warehouse.MergeLoad(l.t.Context(), l.hour(2), load.ID)
	require.NoError(l.t, err)
	assert.Equal(l.t, ledger.Merge{Updated: 3}, merge)
	assert.Equal(l.t, []string{
		line("0001", noon, "second"), line("0002", noon, "second"), line("0003", noon, "second"),
		line("0003", noon.AddDate(0, 0, 3), "first"),
	}, l.rows(`SELECT DISTINCT SUBSTR(event_id, 33), created_at, event_name, user_id, person_id FROM posthog.tracks ORDER BY 1, 2`))
}

func id7(n int) string { return event(n).UUID.V }

func rebuildMoved(l *keysLab) {
	l.history()
	want := l.allKeys()
	plan := l.plan("rebuild", 1000)
	for i := range plan.Slices {
		l.build(plan, i)
	}
	l.sabotage(`DELETE FROM posthog.tracks WHERE event_id LIKE '%0007'`)
	_, err := l.keys.SwapKeys(l.t.Context(), "rebuild")
	var broken *warehouse.InvariantError
	require.ErrorAs(l.t, err, &broken)
	require.ErrorContains(l.t, err, "--discard")
	assert.Equal(l.t, want, l.allKeys(), "tracks_keys is as it was")
}

func rebuildSliceMoved(l *keysLab) {
	l.history()
	plan := l.plan("rebuild", 1000)
	l.sabotage(`DELETE FROM posthog.tracks WHERE event_id LIKE '%0007'`)
	_, err := l.keys.BuildKeys(l.t.Context(), plan.RebuildID, 0)
	var broken *warehouse.InvariantError
	require.ErrorAs(l.t, err, &broken)
}

func rebuildDiscarded(l *keysLab) {
	l.history()
	want := l.allKeys()
	plan := l.plan("rebuild", 2)
	l.build(plan, 0)
	require.NoError(l.t, l.keys.DiscardKeys(l.t.Context()))
	require.NoError(l.t, l.keys.DiscardKeys(l.t.Context()))
	assert.Equal(l.t, want, l.allKeys())
	_, err := l.keys.BuildKeys(l.t.Context(), "rebuild", 1)
	require.Error(l.t, err)
	l.deliver(l.hour(9), event(9))
	assert.Equal(l.t, 0, l.plan("another", 2).Done())
}

func rebuildEmpty(l *keysLab) {
	l.sabotage(`INSERT INTO posthog.tracks_keys (event_id, bucket, created_at, identity_hash)
		VALUES ('stale', 1, TIMESTAMP '2026-06-12 00:00:00+00', 1)`)
	rebuilt := l.rebuild(1000)
	assert.Zero(l.t, rebuilt.Keys)
	assert.Empty(l.t, l.allKeys())
	l.deliver(l.hour(1), event(1))
}

func verifyClean(l *keysLab) {
	assert.Equal(l.t, keys.Drift{}, l.compare(keys.CompareRequest{}))
	l.history()
	drift := l.compare(keys.CompareRequest{})
	assert.Zero(l.t, drift.Drifted)
	assert.Equal(l.t, 2, drift.Days)
	assert.Equal(l.t, int64(len(l.allKeys())), drift.Rows)
	assert.Equal(l.t, drift.Rows, drift.Keys)
	l.plan("rebuild", 1)
	assert.True(l.t, l.compare(keys.CompareRequest{}).Rebuilding)
}

func verifyRowWithoutKey(l *keysLab) {
	l.history()
	l.sabotage(`DELETE FROM posthog.tracks_keys WHERE event_id LIKE '%0002'`)
	drift := l.compare(keys.CompareRequest{})
	require.Equal(l.t, 1, drift.Drifted)
	assert.Equal(l.t, "2026-06-12", drift.On[0].Day)
	assert.Equal(l.t, drift.On[0].Rows, drift.On[0].Keys+1)
	assert.Equal(l.t, []keys.Stray{{EventID: id7(2), Day: "2026-06-12", Rows: 1, Keys: 0}}, drift.Sample)
}

func verifyKeyWithoutRow(l *keysLab) {
	l.history()
	l.sabotage(`DELETE FROM posthog.tracks WHERE event_id LIKE '%0003'`)
	drift := l.compare(keys.CompareRequest{})
	require.Equal(l.t, 1, drift.Drifted)
	assert.Equal(l.t, []keys.Stray{{EventID: id7(3), Day: "2026-04-12", Rows: 0, Keys: 1}}, drift.Sample)
}

// As many keys as rows, but one of them is of another event.
func verifyMisplaced(l *keysLab) {
	l.history()
	l.sabotage(`UPDATE posthog.tracks_keys SET created_at = created_at + INTERVAL 1 MINUTE WHERE event_id LIKE '%0001'`)
	drift := l.compare(keys.CompareRequest{})
	require.Equal(l.t, 1, drift.Drifted)
	assert.Equal(l.t, drift.On[0].Rows, drift.On[0].Keys)
	assert.Equal(l.t, []keys.Stray{
		{EventID: id7(1), Day: "2026-06-12", Rows: 1}, {EventID: id7(1), Day: "2026-06-12", Keys: 1},
	}, drift.Sample)
}

func verifyDuplicates(l *keysLab) {
	l.history()
	l.duplicate(2, 0, 0)
	drift := l.compare(keys.CompareRequest{})
	require.Equal(l.t, 1, drift.Drifted)
	assert.Equal(l.t, []keys.Stray{{EventID: id7(2), Day: "2026-06-12", Rows: 2, Keys: 1}}, drift.Sample)
}

func verifyRange(l *keysLab) {
	l.history()
	l.sabotage(`DELETE FROM posthog.tracks_keys WHERE event_id LIKE '%0003'`)
	today := time.Date(2026, 6, 12, 0, 0, 0, 0, time.UTC)
	assert.Zero(l.t, l.compare(keys.CompareRequest{From: today, Until: today.AddDate(0, 0, 1)}).Drifted)
	assert.Equal(l.t, 1, l.compare(keys.CompareRequest{Until: today}).Drifted)
}
