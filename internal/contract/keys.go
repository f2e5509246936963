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

// ErrKeysDrift: tracks and tracks_keys differ. The error's details are the keys.Drift.
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
