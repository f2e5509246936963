package export

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

func TestFolderIsNamedAfterTheEndOfTheInterval(t *testing.T) {
	t.Parallel()
	lastOfDay, err := window.Parse("2026-06-12T23")
	require.NoError(t, err)
	for template, want := range map[Folder]string{
		"posthog_batch/events/{date}/{hour}/":       "posthog_batch/events/2026-06-13/00/",
		"/a/{year}/{month}/{day}/{hour}":            "a/2026/06/13/00/",
		"{table}/{minute}{second}":                  "events/0000/",
		"{data_interval_start}/{data_interval_end}": "2026-06-12T23:00:00+00:00/2026-06-13T00:00:00+00:00/",
		"{unknown}/x": "{unknown}/x/",
		"":            "",
	} {
		assert.Equal(t, want, template.Of(lastOfDay), "%q", template)
	}
	require.NoError(t, Folder("a/{date}/{hour}").Validate())
	require.ErrorContains(t, Folder("a/{hours}").Validate(), "{hours}")
}

func TestParseName(t *testing.T) {
	t.Parallel()
	w := someWindow(t)
	for base, want := range map[string]struct {
		ok, covers, manifest bool
		part                 int
	}{
		halves + ".parquet.sz":                                                  {ok: true, covers: true, part: -1},
		halves + ".parquet":                                                     {ok: true, covers: true, part: -1},
		halves + ".parquet.zst":                                                 {ok: true, covers: true, part: -1},
		halves + "-0.parquet.sz":                                                {ok: true, covers: true, part: 0},
		halves + "-12.parquet.br":                                               {ok: true, covers: true, part: 12},
		halves + "_manifest.json":                                               {ok: true, covers: true, manifest: true, part: -1},
		"2026-06-12T10:00:00-2026-06-12T11:00:00.parquet.sz":                    {ok: true, covers: true, part: -1},
		"2026-06-12T12:00:00+02:00-2026-06-12T13:00:00+02:00.parquet.sz":        {ok: true, covers: true, part: -1},
		"2026-06-12T10:00:00.000000+00:00-2026-06-12T11:00:00+00:00.parquet.sz": {ok: true, covers: true, part: -1},
		"2026-06-12T10:00:00+00:00-2026-06-12T10:05:00+00:00.parquet.sz":        {ok: true, part: -1},
		"None-2026-06-12T11:00:00+00:00.parquet.sz":                             {ok: true, part: -1},
		"2026-06-12T10:00:00+00:00-None.parquet.sz":                             {},
		"2026-13-12T10:00:00+00:00-2026-06-12T11:00:00+00:00.parquet.sz":        {},
		halves + ".jsonl.gz":                                                    {},
		halves + "-x.parquet.sz":                                                {},
		halves + ".parquet.sz.md5":                                              {},
		"manifest.json":                                                         {},
		"":                                                                      {},
	} {
		n, ok := parseName("some/folder/" + base)
		assert.Equal(t, want.ok, ok, base)
		if !ok {
			continue
		}
		assert.Equal(t, want.covers, n.covers(w), base)
		assert.Equal(t, want.manifest, n.manifest, base)
		assert.Equal(t, want.part, n.part, base)
	}
}

func TestParseManifest(t *testing.T) {
	t.Parallel()
	o := Object{Name: "m", Generation: 7}
	files, err := ParseManifest(o, []byte(`{"files": ["a", "b"], "added_later": 1}`))
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, files)
	for _, content := range []string{``, `{`, `[]`, `{}`, `{"files": "a"}`, `{"files": [1]}`} {
		_, err := ParseManifest(o, []byte(content))
		var unreadable *ManifestError
		require.ErrorAs(t, err, &unreadable, content)
		assert.ErrorContains(t, err, "m#7")
	}
}
