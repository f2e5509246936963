package histories

import (
	"time"

	"pgregory.net/rapid"

	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// Taste says what the histories of a test are rich in.
type Taste struct {
	// IDs is how many events there are at most, Hours how many windows.
	IDs, Hours int
	// Steps and Rows bound the length of a history and of an export.
	Steps, Rows int
	// Races and Deaths are how many of ten steps are at the same time as another,
	// or die, Backfills how many are backfills.
	Races, Deaths, Backfills int
	// Duplicates are how many of ten steps are about what older tools left in tracks.
	// More than none begin with that.
	Duplicates int
}

// What events are made of. The first of each is the plainest: it is what a failing
// history shrinks to.
var (
	noon = time.Date(2026, 6, 12, 12, 0, 0, 0, time.UTC)

	ids = []string{
		"019eb700-0000-7000-8000-000000000001", // v7 of the day
		"019eb700-0000-7000-8000-000000000002", // v7 of the same millisecond
		"019EB700-0000-7000-8000-000000000001", // the first, spelled in capitals
		"01977420-0000-7000-8000-000000000002", // v7 of a year before
		"6f1ed002-ab5f-4a3c-9b6c-000000000008", // v4
		"cfbff0d1-9375-5685-968c-000000000009", // v5
		"0178495e-8521-0000-8e1c-00000000000a", // what old servers wrote
		"ffffffff-ffff-7fff-bfff-ffffffffffff", // v7 beyond all days
		"00000000-0000-0000-0000-000000000000",
		"", // none
	}
	times = []time.Time{
		noon,
		noon.Add(time.Hour),
		time.Date(2026, 6, 12, 23, 59, 59, 999_999_000, time.UTC),
		time.Date(2026, 6, 13, 0, 0, 0, 0, time.UTC),
		sample.DefaultCutover,
		sample.DefaultCutover.Add(-time.Microsecond),
		noon.AddDate(0, -2, 0),
		noon.AddDate(-1, 0, 0),
	}
	inserts  = []*time.Time{new(noon.Add(time.Minute)), new(noon.Add(2 * time.Minute)), nil, new(noon.AddDate(0, -3, 0))}
	names    = []string{"play", "playing", "stop"}
	users    = []string{"ing", ""}
	persons  = []*string{new("first"), new("second"), nil, new("")}
	payloads = []*string{nil, new(`{}`), new(payload("a")), new(payload("b"))}
)

// payload has a value for every column that comes out of a payload.
func payload(v string) string {
	return `{"$session_id":"s` + v + `","$active_feature_flags":["` + v + `"],"$feature/x":"` + v + `","$lib":"web","$lib_version":"` + v +
		`","$device_model":"m` + v + `","$device_type":"t` + v + `","$os":"o` + v + `","$ip":"i` + v + `","client":"c` + v +
		`","$geoip_city_name":"gc` + v + `","$geoip_continent_name":"gn` + v + `","$geoip_continent_code":"gk` + v +
		`","$geoip_country_name":"gl` + v + `","$geoip_country_code":"gd` + v + `","$geoip_time_zone":"gz` + v +
		`","$app_version":"v` + v + `","$locale":"l` + v + `"}`
}

// Histories draws histories of a taste.
func Histories(taste Taste) *rapid.Generator[History] {
	return rapid.Custom(func(t *rapid.T) History {
		d := drawing{T: t, taste: taste, stamps: make(map[[2]int]bool)}
		d.ids = rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 1, taste.IDs, rapid.ID[string]).Draw(t, "ids")
		var history History
		if taste.Duplicates > 0 {
			history = append(history, d.left())
		}
		for range rapid.IntRange(1, taste.Steps).Draw(t, "steps") {
			history = append(history, d.steps()...)
		}
		return history
	})
}

// drawing is a history being drawn.
type drawing struct {
	*rapid.T
	taste         Taste
	ids           []string
	loads, dedups int
	// stopped is set while a rebuild is half done.
	stopped bool
	// stamps are those that loads of an hour have, for no two have the same.
	stamps map[[2]int]bool
}

// steps are what happens next. A load's own merge comes right after it more often
// than not.
func (d *drawing) steps() []Step {
	if d.stopped || d.oneOfTen("duplicates", d.taste.Duplicates) {
		return d.maybeDie(d.aboutDuplicates())
	}
	if d.oneOfTen("backfill", d.taste.Backfills) {
		return d.backfills()
	}
	var steps []Step
	switch {
	case d.loads == 0 || rapid.IntRange(0, 2).Draw(d.T, "another load") > 0:
		steps = []Step{d.load()}
		if rapid.IntRange(0, 3).Draw(d.T, "leave unmerged") < 3 {
			steps = append(steps, Step{Merge: d.loads})
		}
	default:
		steps = []Step{d.repeat()}
	}
	if d.loads > 0 && d.oneOfTen("race", d.taste.Races) {
		last := len(steps) - 1
		steps[last] = Step{Race: []Step{steps[last], d.rival()}}
	}
	return d.maybeDie(steps...)
}

// maybeDie lets some steps die.
func (d *drawing) maybeDie(steps ...Step) []Step {
	for i := range steps {
		if steps[i].Race == nil && d.oneOfTen("death", d.taste.Deaths) {
			most := 25
			switch {
			case steps[i].Dedup != nil || steps[i].Rollback != 0:
				most = 70
			case steps[i].Rebuild != nil:
				most = 50
			}
			steps[i].Dies = rapid.IntRange(1, most).Draw(d.T, "dies before")
		}
	}
	return steps
}

// backfills is a backfill, which may race or die.
func (d *drawing) backfills() []Step {
	step := Step{Backfill: &Backfill{
		Backwards: rapid.Bool().Draw(d.T, "backwards"),
		Rows:      rapid.SliceOfN(rapid.Custom(d.legacy), 0, d.taste.Rows).Draw(d.T, "legacy"),
	}}
	switch {
	case d.loads > 0 && d.oneOfTen("race", d.taste.Races):
		step = Step{Race: []Step{step, d.repeat()}}
	case d.oneOfTen("death", d.taste.Deaths):
		const statements = 16 // of a day
		step.Dies = rapid.IntRange(0, 3).Draw(d.T, "days before")*statements + rapid.IntRange(1, 25).Draw(d.T, "dies before")
	}
	return []Step{step}
}

// rival is what races with a load or a merge.
func (d *drawing) rival() Step {
	if d.oneOfTen("race about duplicates", d.taste.Duplicates) {
		switch rapid.IntRange(0, 2).Draw(d.T, "about duplicates") {
		case 0:
			return d.rebuild()
		case 1:
			return d.dedup()
		default:
			return d.rollback()
		}
	}
	if rapid.Bool().Draw(d.T, "race of loads") {
		return d.load()
	}
	return d.repeat()
}

// oneOfTen is true in so many of ten cases.
func (d *drawing) oneOfTen(label string, cases int) bool {
	return cases > 0 && rapid.IntRange(0, 9).Draw(d.T, label) >= 10-cases
}

func (d *drawing) load() Step {
	d.loads++
	load := &Load{
		Hour:  rapid.IntRange(0, d.taste.Hours-1).Draw(d.T, "hour"),
		Stamp: rapid.IntRange(1, 4).Draw(d.T, "stamp"),
	}
	for d.taste.Duplicates > 0 && d.stamps[[2]int{load.Hour, load.Stamp}] {
		load.Stamp++ // a rebuild tells loads apart by it
	}
	d.stamps[[2]int{load.Hour, load.Stamp}] = true
	if d.loads > 1 && rapid.IntRange(0, 5).Draw(d.T, "export again") == 5 {
		load.Of = d.earlier(d.loads - 1)
		return Step{Load: load}
	}
	load.Events = rapid.SliceOfN(rapid.Custom(d.event), 0, d.taste.Rows).Draw(d.T, "events")
	return Step{Load: load}
}

// earlier is the number of a load, mostly one of the last.
func (d *drawing) earlier(last int) int {
	return last - rapid.IntRange(0, last-1).Draw(d.T, "loads ago")
}

// repeat is a step about an earlier load.
func (d *drawing) repeat() Step {
	load := d.earlier(d.loads)
	if rapid.IntRange(0, 3).Draw(d.T, "commit again") == 3 {
		return Step{Again: load}
	}
	return Step{Merge: load}
}

func (d *drawing) event(t *rapid.T) Event {
	return Event{
		ID:       rapid.SampledFrom(d.ids).Draw(t, "id"),
		At:       rapid.SampledFrom(times).Draw(t, "at"),
		Inserted: rapid.SampledFrom(inserts).Draw(t, "inserted"),
		Name:     rapid.SampledFrom(usually(names)).Draw(t, "name"),
		User:     rapid.SampledFrom(usually(users)).Draw(t, "user"),
		Person:   rapid.SampledFrom(persons).Draw(t, "person"),
		Payload:  rapid.SampledFrom(payloads).Draw(t, "payload"),
	}
}

// legacy is a row of backfill_tracks, or one that is left in tracks.
func (d *drawing) legacy(t *rapid.T) Legacy {
	return Legacy{Event: d.event(t), Stamp: rapid.IntRange(0, 4).Draw(t, "stamp")}
}

// usually makes the first value the one that is mostly drawn: collisions are rare.
func usually(values []string) []string {
	return append([]string{values[0], values[0], values[0], values[0]}, values[1:]...)
}
