package contract

// The names of the activities on tracks_keys. What goes into them and what comes out
// is in internal/keys, as far as it is not here.
const (
	PlanKeys    = "PlanKeys"
	BuildKeys   = "BuildKeys"
	SwapKeys    = "SwapKeys"
	DiscardKeys = "DiscardKeys"
	CompareKeys = "CompareKeys"
)

// ErrKeysDrift says that tracks and tracks_keys differ. The error's details are the keys.Drift.
const ErrKeysDrift = "KeysDrift"

// BuildKeysInput asks for one slice of a rebuild. The result is a keys.Built.
type BuildKeysInput struct {
	RebuildID string `json:"rebuildId"`
	Slice     int    `json:"slice"`
}

// SwapKeysInput asks for the rebuilt keys to become tracks_keys. The result is a
// keys.Rebuilt.
type SwapKeysInput struct {
	RebuildID string `json:"rebuildId"`
}

// RebuildKeysInput asks for tracks_keys to be rebuilt: all activities of it, inside
// WriteTracks. The result is a keys.Rebuilt.
type RebuildKeysInput struct {
	// RebuildID names the rebuild, should there be none that goes on.
	RebuildID string `json:"rebuildId"`
	// SliceRows is about how many rows a slice has; 0 leaves it to the warehouse.
	SliceRows int64 `json:"sliceRows,omitempty"`
	// Discard throws an unfinished rebuild away, and does nothing else.
	Discard bool `json:"discard,omitempty"`
}
