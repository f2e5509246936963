//go:build cgo

package duckdb

import "context"

// Drain waits until no earlier write is under way. Those of other processes end
// with the process, which the file's lock waits for; those of this process have the
// writer's token.
func (w *Warehouse) Drain(ctx context.Context) ([]string, error) {
	return nil, w.write(ctx, "ledger", func(*session) error { return nil })
}
