package warehouse

import "fmt"

// RebuildUnfit says that a rebuild of tracks_keys cannot become tracks_keys, and why.
func RebuildUnfit(tables Tables, rebuildID string, why error) error {
	return &InvariantError{
		Law:   fmt.Sprintf("%s must stay as it was while rebuild %s of %s runs", tables.Name(), rebuildID, tables.TracksKeys),
		Found: why.Error() + "; throw the rebuild away with \"starter keys rebuild --discard\" and begin again",
	}
}

// RebuildOver says that a slice is not there to be built any more.
func RebuildOver(rebuildID string, slice int) error {
	return &InvariantError{
		Law:   fmt.Sprintf("slice %d of rebuild %s must be planned and the rebuild not over", slice, rebuildID),
		Found: "it is neither",
	}
}
