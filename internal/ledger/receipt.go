package ledger

import (
	"github.com/posthog-tracks/posthog-tracks/internal/event"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
)

// Receipt says what was staged from one object: a typed, validated copy of its
// rows, waiting to be committed. Read = Loaded + Rejected.
type Receipt struct {
	// Format is the version of the staged layout.
	Format int           `json:"format"`
	Object export.Object `json:"object"`
	// Events and Rejects are where the staged files are: paths or gs:// URIs.
	// Rejects is empty when no row was rejected.
	Events  string `json:"events"`
	Rejects string `json:"rejects,omitempty"`
	// Read, Loaded and Rejected count rows.
	Read       int64                  `json:"read"`
	Loaded     int64                  `json:"loaded"`
	Rejected   int64                  `json:"rejected"`
	RejectedBy map[event.Reason]int64 `json:"rejectedBy,omitempty"`
	// Mended counts what payloads held that no warehouse can store.
	Mended event.Mends `json:"mended"`
	// ExtraColumns were in the file and not read.
	ExtraColumns []string `json:"extraColumns,omitempty"`
	// MissingColumns were not in the file and are NULL.
	MissingColumns []string `json:"missingColumns,omitempty"`
}

// Count books one row: exactly one of row and reject is not nil.
func (r *Receipt) Count(row *event.Row, reject *event.Reject) {
	r.Read++
	if reject != nil {
		if r.RejectedBy == nil {
			r.RejectedBy = make(map[event.Reason]int64)
		}
		r.Rejected++
		r.RejectedBy[reject.Reason]++
		return
	}
	r.Loaded++
	r.Mended = r.Mended.Add(row.Mended)
}
