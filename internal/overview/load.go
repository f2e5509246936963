package overview

import (
	"context"
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Load is one row of the ledger: a load of an hour, or a run that loaded nothing.
// A time that never came is zero.
type Load struct {
	Window window.Window `json:"window"`
	ID     string        `json:"id"`
	Status ledger.Status `json:"status"`
	// Reason and Detail say why nothing was loaded.
	Reason   string       `json:"reason,omitempty"`
	Detail   string       `json:"detail,omitempty"`
	Read     int64        `json:"read"`
	Loaded   int64        `json:"loaded"`
	Rejected int64        `json:"rejected"`
	Merge    ledger.Merge `json:"merge"`
	// BytesRead is the size of the objects, BytesBilled what the warehouse charges for.
	BytesRead   int64      `json:"bytesRead"`
	BytesBilled int64      `json:"bytesBilled"`
	USD         float64    `json:"usd"`
	Run         ledger.Run `json:"run"`
	IngestedAt  time.Time  `json:"ingestedAt,omitzero"`
	RecordedAt  time.Time  `json:"recordedAt"`
	MergedAt    time.Time  `json:"mergedAt,omitzero"`
}

// Lag is how long after the hour's end it was in tracks, 0 while it is not.
func (l *Load) Lag() time.Duration {
	if l.MergedAt.IsZero() {
		return 0
	}
	return l.MergedAt.Sub(l.Window.End())
}

func loadOf(r *record) Load {
	load := Load{}
	var err error
	load.Window, err = window.Starting(r.time())
	r.fail(err)
	load.ID, load.Status, load.Reason, load.Detail = r.text(), ledger.Status(r.text()), r.text(), r.text()
	load.Read, load.Loaded, load.Rejected = r.number(), r.number(), r.number()
	load.Merge = ledger.Merge{
		Inserted: r.number(), Updated: r.number(), Unchanged: r.number(),
		Collided: r.number(), BeforeCutover: r.number(),
	}
	load.BytesRead, load.BytesBilled, load.USD = r.number(), r.number(), r.decimal()
	load.Run = ledger.Run{WorkflowID: r.text(), RunID: r.text()}
	load.IngestedAt, load.RecordedAt, load.MergedAt = r.time(), r.time(), r.time()
	return load
}

// Loads are all that was booked for the hours from an instant on, oldest first.
func Loads(ctx context.Context, tables Tables, from time.Time) ([]Load, error) {
	return read(ctx, tables, "overview", "loads", map[string]any{"from": from}, loadOf)
}

// LastGood is the newest hour that is done; the zero Window when there is none.
func LastGood(ctx context.Context, tables Tables) (window.Window, error) {
	found, err := read(ctx, tables, "overview", "last_good", nil, func(r *record) time.Time { return r.time() })
	if err != nil || len(found) == 0 || found[0].IsZero() {
		return window.Window{}, err
	}
	last, err := window.Starting(found[0])
	if err != nil {
		return window.Window{}, fmt.Errorf("read the ledger: %w", err)
	}
	return last, nil
}

// Spent is what loads and merges cost, and what data tests read.
type Spent struct {
	BytesBilled int64   `json:"bytesBilled"`
	USD         float64 `json:"usd"`
	// TestsRead are bytes. They are not among BytesBilled before WithTests.
	TestsRead int64 `json:"testsRead"`
}

// WithTests adds the data tests to the bill, where bytes that are read are billed.
func (s Spent) WithTests(usd float64) Spent {
	s.BytesBilled += s.TestsRead
	s.USD += usd
	return s
}

// SpentSince is what loads and merges have cost since an instant, and what data tests
// have read.
func SpentSince(ctx context.Context, tables Tables, from time.Time) (Spent, error) {
	found, err := read(ctx, tables, "overview", "spent", map[string]any{"from": from}, func(r *record) Spent {
		return Spent{BytesBilled: r.number(), USD: r.decimal(), TestsRead: r.number()}
	})
	if err != nil || len(found) == 0 {
		return Spent{}, err
	}
	return found[0], nil
}
