package main

import (
	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/report"
)

// store is what every warehouse does.
type store interface {
	activities.Warehouse
	activities.Books
	activities.Historian
	activities.KeysWarehouse
	activities.Deduper
	activities.Questions
	activities.Previewer
	report.Tables
}
