package export

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

const (
	halves = "2026-06-12T10:00:00+00:00-2026-06-12T11:00:00+00:00"
	folder = "posthog_batch/events/2026-06-12/11/"
)

var rule = Rule{Quiet: 30 * time.Minute, MaxWait: 65 * time.Minute}

func someWindow(t *testing.T) window.Window {
	t.Helper()
	w, err := window.Parse("2026-06-12T10")
	require.NoError(t, err)
	return w
}

// at is an instant given in minutes after the window's end.
func at(t *testing.T, minutes int) time.Time {
	t.Helper()
	return someWindow(t).End().Add(time.Duration(minutes) * time.Minute)
}

func object(t *testing.T, name string, minutes int) Object {
	t.Helper()
	written := at(t, minutes)
	return Object{Name: folder + name, Generation: written.UnixMicro(), Size: 10, CRC32C: 1, Created: written, Updated: written}
}

func look(t *testing.T, minutes int, objects ...Object) Look {
	t.Helper()
	return Look{At: at(t, minutes), Objects: objects}
}

func names(objects []Object) []string {
	var all []string
	for _, o := range objects {
		all = append(all, o.Name)
	}
	return all
}

func TestJudge(t *testing.T) {
	t.Parallel()
	one := object(t, halves+".parquet.sz", 10)
	part0, part1, orphan := object(t, halves+"-0.parquet.sz", 10), object(t, halves+"-1.parquet.sz", 11), object(t, halves+"-2.parquet.sz", 5)
	manifest := object(t, halves+"_manifest.json", 12)
	other := object(t, "2026-06-12T09:00:00+00:00-2026-06-12T10:00:00+00:00.parquet.sz", 1)
	rewritten := object(t, halves+"-1.parquet.sz", 100)

	for name, c := range map[string]struct {
		look     Look
		previous *Look
		since    int
		named    []string
		want     State
		confirm  bool
		objects  []string
		ignored  []string
	}{
		"nothing yet":                    {look: look(t, 5), want: Waiting},
		"nothing, a second to go":        {look: Look{At: at(t, 65).Add(-time.Second)}, want: Waiting},
		"nothing by the deadline":        {look: look(t, 65), want: Missing},
		"nothing in an old hour":         {look: look(t, 100_000), since: 100_000, want: Missing},
		"only foreign objects":           {look: look(t, 65, other), want: Missing},
		"still fresh":                    {look: look(t, 39, one), want: Waiting},
		"quiet, seen once":               {look: look(t, 40, one), want: Waiting, confirm: true},
		"quiet, seen twice":              {look: look(t, 41, one), previous: new(look(t, 40, one)), want: Complete, objects: names([]Object{one})},
		"quiet, but another came":        {look: look(t, 80, one, part0), previous: new(look(t, 79, one)), want: Waiting, confirm: true},
		"overwritten between the looks":  {look: look(t, 41, one), previous: new(look(t, 40, object(t, halves+".parquet.sz", 3))), want: Waiting, confirm: true},
		"fresh at the deadline":          {look: look(t, 70, object(t, halves+".parquet.sz", 60)), want: Unsettled},
		"an old hour written right now":  {look: look(t, 5000, object(t, halves+".parquet.sz", 4999)), since: 4998, want: Waiting},
		"the same, for over an hour":     {look: look(t, 5070, object(t, halves+".parquet.sz", 5069)), since: 4998, want: Unsettled},
		"after an outage, first look":    {look: look(t, 600, one), since: 0, want: Waiting, confirm: true},
		"another interval in the folder": {look: look(t, 41, other, one), previous: new(look(t, 40, other, one)), want: Complete, objects: names([]Object{one}), ignored: names([]Object{other})},
		"manifest and all it names": {
			look: look(t, 12, part0, part1, manifest), named: []string{part0.Name, "/" + part1.Name}, want: Complete, objects: names([]Object{part0, part1}),
		},
		"a part the manifest does not name": {
			look: look(t, 12, part0, part1, orphan, manifest), named: []string{part1.Name, part0.Name, part0.Name}, want: Complete,
			objects: names([]Object{part0, part1}), ignored: names([]Object{orphan}),
		},
		"a named part is not there":            {look: look(t, 12, part0, manifest), named: names([]Object{part0, part1}), want: Waiting},
		"a named part is not there for long":   {look: look(t, 65, part0, manifest), named: names([]Object{part0, part1}), want: Unsettled},
		"only the manifest is left":            {look: look(t, 65, manifest), named: names([]Object{part0}), want: Unsettled},
		"a part younger than the manifest":     {look: look(t, 101, part0, rewritten, manifest), since: 90, named: names([]Object{part0, part1}), want: Waiting},
		"the same, quiet again: all are taken": {look: look(t, 131, part0, rewritten, orphan, manifest), previous: new(look(t, 130, part0, rewritten, orphan, manifest)), since: 90, named: names([]Object{part0, part1}), want: Complete, objects: names([]Object{part0, rewritten, orphan})},
		"a manifest nobody can read":           {look: look(t, 43, part0, manifest), previous: new(look(t, 42, part0, manifest)), want: Complete, objects: names([]Object{part0})},
		"a manifest that names nothing":        {look: look(t, 20, manifest), named: []string{}, want: Waiting},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := rule.Judge(Wait{Window: someWindow(t), Since: at(t, c.since), Look: c.look, Previous: c.previous, Named: c.named})
			assert.Equal(t, c.want, v.State, v.Reason)
			assert.Equal(t, c.confirm, v.Confirm)
			assert.NotEmpty(t, v.Reason)
			assert.Equal(t, c.objects, names(v.Export.Objects))
			assert.Equal(t, c.ignored, v.Export.Ignored)
		})
	}
}

func TestAMetadataEditDoesNotMakeAManifestStale(t *testing.T) {
	t.Parallel()
	part, manifest := object(t, halves+"-0.parquet.sz", 10), object(t, halves+"_manifest.json", 12)
	part.Updated = at(t, 9000)
	v := rule.Judge(Wait{Window: someWindow(t), Look: look(t, 9001, part, manifest), Named: []string{part.Name}})
	assert.Equal(t, Complete, v.State, v.Reason)
}

func TestDeletionsAreNoticed(t *testing.T) {
	t.Parallel()
	one, two := object(t, halves+"-0.parquet.sz", 1), object(t, halves+"-1.parquet.sz", 2)
	first := look(t, 3, one, two)
	second := look(t, 40, one).After(&first)
	assert.Equal(t, []string{two.Name}, second.Vanished)
	third := look(t, 41, one).After(&second)
	assert.Equal(t, []string{two.Name}, third.Vanished, "still known a look later")

	v := rule.Judge(Wait{Window: someWindow(t), Look: third, Previous: &second})
	require.Equal(t, Complete, v.State)
	assert.Equal(t, []string{two.Name}, v.Export.Vanished)

	back := look(t, 42, one, two).After(&third)
	assert.Empty(t, back.Vanished, "an object that came back has not vanished")
}
