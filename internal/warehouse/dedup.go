package warehouse

import "fmt"

// MovedError says that tracks is no longer what a write was prepared for. Nothing
// was changed.
type MovedError struct{ Tracks, Since string }

func (e *MovedError) Error() string {
	return fmt.Sprintf("%s has been written since %s; nothing was changed", e.Tracks, e.Since)
}

// PlanChangedError says that tracks has other excess rows than somebody approved.
type PlanChangedError struct {
	Tracks string
	// Approved and Found count excess rows. They can be equal when the days differ.
	Approved, Found int64
}

func (e *PlanChangedError) Error() string {
	return fmt.Sprintf("%d excess rows were approved, and %s has %d or has them on other days; nothing was changed", e.Approved, e.Tracks, e.Found)
}

// SnapshotGoneError says that a dedup can no longer be taken back.
type SnapshotGoneError struct{ ID, Why string }

func (e *SnapshotGoneError) Error() string {
	return fmt.Sprintf("dedup %s cannot be taken back: %s", e.ID, e.Why)
}

// ChangedSinceError says that events which a dedup touched have been written since,
// so that taking it back would lose what was written.
type ChangedSinceError struct {
	ID string
	// Events is how many of them.
	Events int64
}

func (e *ChangedSinceError) Error() string {
	return fmt.Sprintf("%d events that dedup %s touched have changed since, and taking it back would lose that; nothing was changed. "+
		"The snapshot has their rows as they were", e.Events, e.ID)
}
