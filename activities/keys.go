package activities

import (
	"context"
	"fmt"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/keys"
)

// KeysWarehouse is what rebuilding and verifying tracks_keys need of a warehouse.
// Every call is all or nothing, and doing it again changes nothing.
type KeysWarehouse interface {
	// PlanKeys is the rebuild that is not finished, or else a new one.
	PlanKeys(ctx context.Context, request keys.PlanRequest) (keys.Plan, error)
	// BuildKeys does one slice of a rebuild.
	BuildKeys(ctx context.Context, rebuildID string, slice int) (keys.Built, error)
	// SwapKeys makes the rebuilt keys tracks_keys.
	SwapKeys(ctx context.Context, rebuildID string) (keys.Rebuilt, error)
	// DiscardKeys throws an unfinished rebuild away.
	DiscardKeys(ctx context.Context) error
	// CompareKeys compares tracks and tracks_keys.
	CompareKeys(ctx context.Context, request keys.CompareRequest) (keys.Drift, error)
}

// Keys are the activities on tracks_keys. But for CompareKeys they run inside
// WriteTracks only.
type Keys struct{ Warehouse KeysWarehouse }

// PlanKeys says which slices a rebuild has, and which of them are done.
func (k *Keys) PlanKeys(ctx context.Context, request keys.PlanRequest) (keys.Plan, error) {
	life := beat(ctx, "planning slices")
	defer life.stop()
	plan, err := k.Warehouse.PlanKeys(ctx, request)
	return plan, typed(err)
}

// BuildKeys does one slice.
func (k *Keys) BuildKeys(ctx context.Context, in contract.BuildKeysInput) (keys.Built, error) {
	life := beat(ctx, fmt.Sprintf("slice %d", in.Slice))
	defer life.stop()
	built, err := k.Warehouse.BuildKeys(ctx, in.RebuildID, in.Slice)
	return built, typed(err)
}

// SwapKeys makes the rebuilt keys tracks_keys.
func (k *Keys) SwapKeys(ctx context.Context, in contract.SwapKeysInput) (keys.Rebuilt, error) {
	life := beat(ctx, "swapping tables")
	defer life.stop()
	rebuilt, err := k.Warehouse.SwapKeys(ctx, in.RebuildID)
	return rebuilt, typed(err)
}

// DiscardKeys throws an unfinished rebuild away.
func (k *Keys) DiscardKeys(ctx context.Context) error {
	life := beat(ctx, "throwing the rebuild away")
	defer life.stop()
	return typed(k.Warehouse.DiscardKeys(ctx))
}

// CompareKeys compares tracks and tracks_keys.
func (k *Keys) CompareKeys(ctx context.Context, request keys.CompareRequest) (keys.Drift, error) {
	life := beat(ctx, "comparing days")
	defer life.stop()
	drift, err := k.Warehouse.CompareKeys(ctx, request)
	return drift, typed(err)
}
