package main

import "github.com/posthog-tracks/posthog-tracks/activities"

// store is all that the activities need of a warehouse, whichever it is.
type store interface {
	activities.Warehouse
	activities.Books
	activities.KeysWarehouse
	activities.Historian
}
