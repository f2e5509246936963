package warehouse

import "fmt"

// HeldError says that another process has the warehouse file open. Trying again
// later is all there is to do.
type HeldError struct {
	Path string
	// Holder is what the engine knows about the other process.
	Holder string
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("warehouse file %s is held by another process (%s); stop it, or wait until it closes the file", e.Path, e.Holder)
}

// InvariantError says that a law would have been broken. What was being done has
// been rolled back.
type InvariantError struct {
	// Law is what must hold, Found what was there instead.
	Law, Found string
}

func (e *InvariantError) Error() string {
	return fmt.Sprintf("%s, but %s; nothing was changed", e.Law, e.Found)
}

// KeysMissingError says that tracks has rows while tracks_keys is empty or being
// rebuilt, so that a merge could not tell a new event from a known one.
type KeysMissingError struct {
	Tracks, Keys string
	// Unfinished is set while a rebuild is half done.
	Unfinished bool
}

func (e *KeysMissingError) Error() string {
	if e.Unfinished {
		return fmt.Sprintf("a rebuild of %s is half done; run \"starter keys rebuild\", which goes on where it stopped, before %s is written again", e.Keys, e.Tracks)
	}
	return fmt.Sprintf("%s has rows and %s has none; run \"starter keys rebuild\" before the next merge", e.Tracks, e.Keys)
}

// SourceMovedError says that the backfill's source is not what it was when the
// backfill was planned.
type SourceMovedError struct {
	Table string
	Day   string
	// Planned and Found are rows of the day.
	Planned, Found int64
}

func (e *SourceMovedError) Error() string {
	return fmt.Sprintf("%s had %d rows of day %s when the backfill was planned, and has %d now; let nobody write to it, and start the backfill again",
		e.Table, e.Planned, e.Day, e.Found)
}

// LoadUnknownError says that the ledger has no such load.
type LoadUnknownError struct{ Window, LoadID string }

func (e *LoadUnknownError) Error() string {
	return fmt.Sprintf("the ledger has no load %s of window %s; load the window again", e.LoadID, e.Window)
}

// StagedMissingError says that staged files a commit was to load are gone. They
// can be staged again.
type StagedMissingError struct{ File string }

func (e *StagedMissingError) Error() string {
	return fmt.Sprintf("staged file %s is gone; stage the window again", e.File)
}

// MendMaxBytes is what a person can do about a question that would read too much.
const MendMaxBytes = "narrow it with since, last or where, or raise its max_bytes"

// TooLargeError says that a question would read more than it may. It was not asked.
type TooLargeError struct{ Bytes, MaxBytes int64 }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("it would read %d bytes and max_bytes allows %d; %s", e.Bytes, e.MaxBytes, MendMaxBytes)
}

// Permanent reports that the same question would be refused again.
func (e *TooLargeError) Permanent() bool { return true }

// TooLarge reports that a limit on what may be read stands in the way.
func (e *TooLargeError) TooLarge() bool { return true }
