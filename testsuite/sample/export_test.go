package sample_test

import (
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

func names(h *sample.Hour) []string {
	var all []string
	for _, object := range h.Objects {
		all = append(all, object.Name)
	}
	return all
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hour string
		o    sample.Options
		want []string
	}{
		"the folder is the end of the window": {
			"2026-06-12T10",
			sample.Options{Events: 1},
			[]string{"posthog_batch/events/2026-06-12/11/2026-06-12T10:00:00+00:00-2026-06-12T11:00:00+00:00.parquet.sz"},
		},
		"the last hour is in the next day": {
			"2026-12-31T23",
			sample.Options{Events: 1},
			[]string{"posthog_batch/events/2027-01-01/00/2026-12-31T23:00:00+00:00-2027-01-01T00:00:00+00:00.parquet.sz"},
		},
		"a template of one's own": {
			"2026-06-12T10",
			sample.Options{Events: 1, Prefix: "/prod/{table}/{date}/{hour}{minute}{second}", Codec: sample.Zstd},
			[]string{"prod/events/2026-06-12/110000/2026-06-12T10:00:00+00:00-2026-06-12T11:00:00+00:00.parquet.zst"},
		},
		"no folder": {
			"2026-06-12T10",
			sample.Options{Events: 1, Prefix: "/", Codec: sample.None},
			[]string{"2026-06-12T10:00:00+00:00-2026-06-12T11:00:00+00:00.parquet"},
		},
		"a limit that is never reached": {
			"2026-06-12T10",
			sample.Options{Events: 1, Prefix: "/", SplitBytes: 1 << 30, Codec: sample.Gzip},
			[]string{
				"2026-06-12T10:00:00+00:00-2026-06-12T11:00:00+00:00-0.parquet.gz",
				"2026-06-12T10:00:00+00:00-2026-06-12T11:00:00+00:00_manifest.json",
			},
		},
		"nothing": {"2026-06-12T10", sample.Options{SplitBytes: 1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, names(generate(t, c.hour, c.o)))
		})
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	rowsOf := func(o sample.Options) (named, orphaned []int) {
		for _, object := range generate(t, "2026-06-12T10", o).Objects {
			switch {
			case path.Ext(object.Name) == ".json":
			case object.Orphan:
				orphaned = append(orphaned, len(object.Rows))
			default:
				named = append(named, len(object.Rows))
			}
		}
		return named, orphaned
	}
	for name, c := range map[string]struct {
		o               sample.Options
		named, orphaned []int
	}{
		"one batch over the limit leaves an empty part": {sample.Options{Events: 90, SplitBytes: 1}, []int{90, 0}, nil},
		"every batch over the limit":                    {sample.Options{Events: 90, SplitBytes: 1, BatchRows: 40}, []int{40, 40, 10, 0}, nil},
		"no batch over the limit":                       {sample.Options{Events: 90, SplitBytes: 1 << 30, BatchRows: 40}, []int{90}, nil},
		"orphans alone":                                 {sample.Options{Events: 90, Traps: sample.Traps{sample.OrphanPart}}, []int{45, 45}, []int{6, 3}},
		"an empty part on request":                      {sample.Options{Events: 91, Traps: sample.Traps{sample.EmptyLastPart}}, []int{46, 45, 0}, nil},
		"on request below the limit":                    {sample.Options{Events: 9, SplitBytes: 1 << 30, Traps: sample.Traps{sample.EmptyLastPart}}, []int{9, 0}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			named, orphaned := rowsOf(c.o)
			assert.Equal(t, c.named, named)
			assert.Equal(t, c.orphaned, orphaned)
		})
	}
}

// A part may go over the limit by the row group that ends it, and by no more.
func TestPartsEndOverTheLimit(t *testing.T) {
	t.Parallel()
	const limit = 60_000
	size := func(o sample.Options) int { return len(generate(t, "2026-06-12T10", o).Objects[0].Content) }
	h := generate(t, "2026-06-12T10", sample.Options{Seed: 1, Events: 200, BatchRows: 10, SplitBytes: limit})
	group := size(sample.Options{Seed: 1, Events: 10})
	require.Greater(t, len(h.Objects), 4)
	for _, object := range h.Objects[:len(h.Objects)-2] {
		require.Greater(t, len(object.Content), limit)
		require.Less(t, len(object.Content), limit+2*group)
	}
}

func TestManifestNamesThePartsAndIsWrittenLast(t *testing.T) {
	t.Parallel()
	h := generate(t, "2026-06-12T10", sample.Options{Seed: 1, Events: 90, Traps: sample.AllTraps()})
	var named []string
	for _, object := range h.Objects[:len(h.Objects)-1] {
		if !object.Orphan {
			named = append(named, object.Name)
		}
		assert.True(t, object.Updated.Before(h.Objects[len(h.Objects)-1].Updated), object.Name)
		assert.WithinRange(t, object.Updated, h.Window.End(), h.Window.End().Add(20*time.Minute))
	}
	for i := 1; i < len(named); i++ {
		assert.True(t, h.Objects[i-1].Updated.Before(h.Objects[i].Updated), "parts are written one after the other")
	}
	last := h.Objects[len(h.Objects)-1]
	var body map[string][]string
	require.NoError(t, json.Unmarshal(last.Content, &body))
	assert.Equal(t, map[string][]string{"files": named}, body)
	assert.True(t, strings.HasPrefix(string(last.Content), `{"files": ["posthog_batch/`), "as Python writes JSON")
}

// groups is a sink that counts the rows of row groups and keeps nothing.
type groups struct {
	failing

	rows *[]int
}

func (g groups) Rows(_ sample.Object, rows []sample.Row) { *g.rows = append(*g.rows, len(rows)) }

func TestRowGroupsHoldSixtyMebibytes(t *testing.T) {
	t.Parallel()
	var rows []int
	_, err := sample.Write(at(t, "2026-06-12T10"), sample.Options{Seed: 1, Events: 12_500}, groups{rows: &rows})
	require.NoError(t, err)
	require.Len(t, rows, 2)
	assert.InDelta(t, 11_000, rows[0], 500)
	assert.Equal(t, 12_500, rows[0]+rows[1])
}

// No window knows of another: making one alone or after others is the same.
func TestSameOptionsSameBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := sample.Options{Seed: rapid.Uint64().Draw(t, "seed"), Events: rapid.IntRange(0, 40).Draw(t, "events")}
		if rapid.Bool().Draw(t, "with traps") {
			o.Traps = sample.AllTraps().Without(sample.HugeProperties, sample.DeepNesting)
		}
		first := generate(t, "2026-06-12T11", o)
		generate(t, "2026-06-12T10", o)
		again := generate(t, "2026-06-12T11", o)
		require.Equal(t, first.Truth, again.Truth)
		require.Equal(t, names(first), names(again))
		for i := range first.Objects {
			require.Equal(t, first.Objects[i].Content, again.Objects[i].Content)
		}
	})
}

func TestSeedsAndWindowsDiffer(t *testing.T) {
	t.Parallel()
	ids := map[string]string{}
	for _, seed := range []uint64{1, 2} {
		for _, hour := range []string{"2026-06-12T10", "2026-06-12T11"} {
			stream := fmt.Sprintf("seed %d, %s", seed, hour)
			for _, row := range generate(t, hour, sample.Options{Seed: seed, Events: 200}).Events() {
				require.Empty(t, ids[row.UUID.V], "in %s as well", stream)
				ids[row.UUID.V] = stream
			}
		}
	}
	assert.Len(t, ids, 800)
}

func TestCounts(t *testing.T) {
	t.Parallel()
	for _, events := range []int{1, 2, 3, 100, 1001} {
		plain := generate(t, "2026-06-12T10", sample.Options{Seed: 5, Events: events})
		assert.Len(t, plain.Events(), events)
		assert.Empty(t, plain.Truth)

		traps := sample.AllTraps().Without(sample.OverwrittenHour, sample.OrphanPart, sample.EmptyLastPart)
		trapped := generate(t, "2026-06-12T10", sample.Options{Seed: 5, Events: events, Traps: traps})
		assert.Len(t, trapped.Events(), events+len(trapped.Truth))
		assert.Subset(t, trapped.Events(), plain.Events(), "traps come on top")
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	t.Parallel()
	for problem, o := range map[string]sample.Options{
		"cannot be negative": {Events: -1},
		`codec "lzo"`:        {Codec: "lzo"},
		`run "dry"`:          {Run: "dry"},
	} {
		_, err := sample.Generate(at(t, "2026-06-12T10"), o)
		assert.ErrorContains(t, err, problem)
	}
}

// The names are typed by people and stand in scripts.
func TestNamesOfTraps(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "orphan-part, empty-last-part, overwritten-hour, redelivery, months-old-redelivery, changed-timestamp, "+
		"exact-replay, older-content-later, duplicate-rows, event-collision, user-collision, null-uuid, malformed-uuid, "+
		"upper-case-uuid, null-event, null-distinct-id, null-timestamp, absurd-timestamp, before-cutover, null-properties, "+
		"empty-properties, non-object-properties, invalid-json, invalid-utf8, lone-surrogates, nul-escape, wide-numbers, "+
		"duplicate-keys, huge-properties, deep-nesting, flag-types, wrong-types", sample.AllTraps().String())
}

func TestParseTraps(t *testing.T) {
	t.Parallel()
	all, err := sample.ParseTraps("all")
	require.NoError(t, err)
	assert.Equal(t, sample.AllTraps(), all)
	some, err := sample.ParseTraps("null-uuid, redelivery")
	require.NoError(t, err)
	assert.Equal(t, sample.Traps{sample.NullUUID, sample.Redelivery}, some)
	none, err := sample.ParseTraps("none")
	require.NoError(t, err)
	assert.Empty(t, none)
	_, err = sample.ParseTraps("null-uuid,surprise")
	assert.ErrorContains(t, err, `trap "surprise"`)
}

// failing is a sink that breaks at one of its steps.
type failing struct{ create, write, close bool }

func (f failing) Create(sample.Object) (io.WriteCloser, error) {
	if f.create {
		return nil, assert.AnError
	}
	return f, nil
}

func (failing) Rows(sample.Object, []sample.Row) {}

func (f failing) Write(p []byte) (int, error) {
	if f.write {
		return 0, assert.AnError
	}
	return len(p), nil
}

func (f failing) Close() error {
	if f.close {
		return assert.AnError
	}
	return nil
}

func TestSinkErrorsEndTheExport(t *testing.T) {
	t.Parallel()
	for _, sink := range []failing{{create: true}, {write: true}, {close: true}} {
		_, err := sample.Write(at(t, "2026-06-12T10"), sample.Options{Events: 10, SplitBytes: 1}, sink)
		require.ErrorIs(t, err, assert.AnError, "%+v", sink)
	}
}
