package main

import (
	"context"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/contract"
)

// store is what every warehouse does. What only some can do is asked of them one by
// one.
type store interface {
	activities.Warehouse
	activities.Books
	activities.Historian
	activities.KeysWarehouse
	activities.Questions
	activities.Previewer
}

// registerRefusals answers for activities that the configured warehouse cannot do:
// without an answer a run would wait for ever for a worker that can.
func registerRefusals(w worker.Worker, names ...string) {
	for _, name := range names {
		register(w, name, func(context.Context, any) error {
			return temporal.NewNonRetryableApplicationError("the configured warehouse cannot do this", contract.ErrWarehouseRefused, nil)
		})
	}
}
