package reconcile

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

var loadedAt = time.Date(2026, 6, 12, 12, 0, 0, 0, time.UTC)

func TestJudge(t *testing.T) {
	t.Parallel()
	w, err := window.Parse("2026-06-12T10")
	require.NoError(t, err)
	part := func(n int, generation int64) export.Object {
		return export.Object{
			Name:       fmt.Sprintf("events/2026-06-12T10:00:00+00:00-2026-06-12T11:00:00+00:00-%d.parquet.sz", n),
			Generation: generation, Size: 100, CRC32C: 7,
		}
	}
	manifest := func(created time.Time) export.Object {
		return export.Object{Name: "events/2026-06-12T10:00:00+00:00-2026-06-12T11:00:00+00:00_manifest.json", Generation: 9, Created: created}
	}
	resized := part(0, 1)
	resized.Size = 101
	damaged := part(0, 1)
	damaged.CRC32C = 8
	foreign := part(0, 1)
	foreign.Name = "events/2026-06-12T09:00:00+00:00-2026-06-12T10:00:00+00:00-0.parquet.sz"
	merged := func(objects ...export.Object) ledger.Standing {
		return ledger.Standing{Window: w, Status: ledger.Merged, LoadedAt: loadedAt, Objects: objects}
	}
	ignoring := merged(part(0, 1))
	ignoring.Ignored = []string{part(1, 2).Name}
	unmerged := merged(part(0, 1))
	unmerged.Status = ledger.Loaded

	for name, c := range map[string]struct {
		standing ledger.Standing
		objects  []export.Object
		want     State
	}{
		"never loaded, nothing there":              {ledger.Standing{}, nil, Absent},
		"booked missing, nothing there":            {ledger.Standing{Outcome: ledger.Missing}, nil, Absent},
		"called empty, nothing there":              {ledger.Standing{Outcome: ledger.Empty}, nil, ""},
		"called empty, and then it came":           {ledger.Standing{Outcome: ledger.Empty}, []export.Object{part(0, 1)}, Unloaded},
		"never loaded, something there":            {ledger.Standing{Outcome: ledger.Missing}, []export.Object{part(0, 1)}, Unloaded},
		"never loaded, another hour's file there":  {ledger.Standing{}, []export.Object{foreign}, Absent},
		"loaded, not merged":                       {unmerged, []export.Object{part(0, 1)}, Unmerged},
		"as it was":                                {merged(part(0, 1), part(1, 2)), []export.Object{part(0, 1), part(1, 2), manifest(loadedAt.Add(time.Hour))}, ""},
		"an empty export, as it was":               {merged(), nil, ""},
		"another generation":                       {merged(part(0, 1)), []export.Object{part(0, 2)}, Rewritten},
		"another size":                             {merged(part(0, 1)), []export.Object{resized}, Rewritten},
		"another checksum":                         {merged(part(0, 1)), []export.Object{damaged}, Rewritten},
		"one more":                                 {merged(part(0, 1)), []export.Object{part(0, 1), part(1, 2)}, Late},
		"one more and one rewritten":               {merged(part(0, 1)), []export.Object{part(0, 2), part(1, 2)}, Rewritten},
		"one less":                                 {merged(part(0, 1), part(1, 2)), []export.Object{part(0, 1)}, Vanished},
		"one less and one more":                    {merged(part(0, 1)), []export.Object{part(1, 2)}, Late},
		"left out then, left out now":              {ignoring, []export.Object{part(0, 1), part(1, 2), manifest(loadedAt.Add(-time.Hour))}, ""},
		"left out then, another manifest now":      {ignoring, []export.Object{part(0, 1), part(1, 2), manifest(loadedAt.Add(time.Hour))}, Late},
		"another hour's file beside it, as before": {merged(part(0, 1)), []export.Object{part(0, 1), foreign}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			finding, ok := Judge(w, c.standing, export.Look{Objects: c.objects})
			if c.want == "" {
				assert.False(t, ok, finding)
				return
			}
			require.True(t, ok)
			assert.Equal(t, c.want, finding.State)
			assert.Equal(t, w, finding.Window)
		})
	}
}

func TestFindingNamesTheObjectAndWhatIsDifferent(t *testing.T) {
	t.Parallel()
	w, err := window.Parse("2026-06-12T10")
	require.NoError(t, err)
	name := "events/2026-06-12T10:00:00+00:00-2026-06-12T11:00:00+00:00.parquet.sz"
	finding, ok := Judge(w,
		ledger.Standing{Status: ledger.Merged, Objects: []export.Object{{Name: name, Generation: 1, Size: 10, CRC32C: 0xab}}},
		export.Look{Objects: []export.Object{{Name: name, Generation: 2, Size: 20, CRC32C: 0xcd}}})
	require.True(t, ok)
	assert.Equal(t, Finding{
		Window: w, State: Rewritten, Objects: 1,
		Detail: name + " was #1 with 10 bytes and crc32c 000000ab, is #2 with 20 bytes and 000000cd",
	}, finding)
}
