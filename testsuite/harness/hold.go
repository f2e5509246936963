package harness

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
)

// HoldWarehouse opens the warehouse file for writing, as another program would, as
// soon as nobody else has it open, and keeps it until release is called. Query may
// not be used meanwhile: within one process it would end the hold.
func (r *Rig) HoldWarehouse(ctx context.Context) (release func() error, err error) {
	holder, err := duckdb.New(duckdb.Options{
		Path: r.WarehouseFile, MemoryLimit: "256MB", Threads: 1, IdleClose: time.Hour, Tables: warehouse.DefaultTables(),
	})
	if err != nil {
		return nil, fmt.Errorf("hold warehouse: %w", err)
	}
	if err := holder.Look(ctx, "SELECT 1", func([]string) error { return nil }); err != nil {
		return nil, errors.Join(fmt.Errorf("hold warehouse: %w", err), holder.Close())
	}
	return holder.Close, nil
}
