// Package warehouse holds what all warehouses have in common: the names of the
// tables, and the errors that callers tell apart.
package warehouse

import "fmt"

// Tables are the names of the pipeline's tables, without quotes.
type Tables struct {
	// Dataset is the schema they live in.
	Dataset      string `yaml:"dataset" env:"DATASET"`
	RawTracks    string `yaml:"raw_tracks" env:"RAW_TRACKS"`
	Tracks       string `yaml:"tracks" env:"TRACKS"`
	TracksKeys   string `yaml:"tracks_keys" env:"TRACKS_KEYS"`
	RawRejects   string `yaml:"raw_rejects" env:"RAW_REJECTS"`
	MergeRejects string `yaml:"merge_rejects" env:"MERGE_REJECTS"`
	WindowLedger string `yaml:"window_ledger" env:"WINDOW_LEDGER"`
	// BackfillTracks is the legacy history that a backfill takes into Tracks,
	// BackfillLedger what became of each of its days.
	BackfillTracks string `env:"BACKFILL_TRACKS" yaml:"backfill_tracks"`
	BackfillLedger string `env:"BACKFILL_LEDGER" yaml:"backfill_ledger"`
	// TestResults holds what the data tests found; their incidents stand beside it.
	TestResults string `env:"TEST_RESULTS" yaml:"test_results"`
	// WriteFence keeps writers of tracks apart where the warehouse does not.
	WriteFence string `env:"WRITE_FENCE" yaml:"write_fence"`
}

// DefaultTables are the names the documentation uses.
func DefaultTables() Tables {
	return Tables{
		Dataset: "posthog", RawTracks: "raw_tracks", Tracks: "tracks", TracksKeys: "tracks_keys",
		RawRejects: "raw_rejects", MergeRejects: "merge_rejects", WindowLedger: "window_ledger", WriteFence: "write_fence",
		BackfillTracks: "backfill_tracks", BackfillLedger: "backfill_ledger",
		TestResults: "test_results",
	}
}

// Placeholders gives each table's placeholder in the SQL files its quoted name.
// quote puts together and quotes the parts of an identifier.
func (t Tables) Placeholders(quote func(parts ...string) string) map[string]string {
	return map[string]string{
		"dataset":     quote(t.Dataset),
		"raw_tracks":  quote(t.Dataset, t.RawTracks),
		"tracks":      quote(t.Dataset, t.Tracks),
		"tracks_keys": quote(t.Dataset, t.TracksKeys),
		// What a rebuild of tracks_keys works with stands beside it.
		"tracks_keys_next":   quote(t.Dataset, t.TracksKeys+"_next"),
		"tracks_keys_slices": quote(t.Dataset, t.TracksKeys+"_slices"),
		// What every dedup of tracks did, and where its snapshot is.
		"tracks_next":     quote(t.Dataset, t.Tracks+"_next"),
		"tracks_dedups":   quote(t.Dataset, t.Tracks+"_dedups"),
		"raw_rejects":     quote(t.Dataset, t.RawRejects),
		"merge_rejects":   quote(t.Dataset, t.MergeRejects),
		"window_ledger":   quote(t.Dataset, t.WindowLedger),
		"write_fence":     quote(t.Dataset, t.WriteFence),
		"backfill_tracks": quote(t.Dataset, t.BackfillTracks),
		"backfill_ledger": quote(t.Dataset, t.BackfillLedger),
		// What a backfill works with stands beside its source.
		"backfill_repeats": quote(t.Dataset, t.BackfillTracks+"_repeats"),
		"test_results":     quote(t.Dataset, t.TestResults),
		// Their incidents stand beside the results.
		"test_incidents": quote(t.Dataset, t.TestResults+"_incidents"),
	}
}

// Name is the consumer table as people write it, for example "posthog.tracks".
func (t Tables) Name() string { return fmt.Sprintf("%s.%s", t.Dataset, t.Tracks) }

// KeysMissing says that nobody can write tracks before its keys are there, or, when
// their rebuild is unfinished, complete.
func (t Tables) KeysMissing(unfinished bool) *KeysMissingError {
	return &KeysMissingError{Tracks: t.Name(), Keys: t.TracksKeys, Unfinished: unfinished}
}
