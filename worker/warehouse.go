package main

import (
	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
)

func openWarehouse(settings config.Config) (*duckdb.Warehouse, error) {
	return duckdb.New(duckdb.Options{
		Path:        settings.Warehouse.DuckDB.Path,
		MemoryLimit: settings.Warehouse.DuckDB.Memory,
		Threads:     settings.Warehouse.DuckDB.Threads,
		IdleClose:   settings.Warehouse.DuckDB.IdleClose,
		Tables:      settings.Tables,
		Cutover:     settings.Cutover.Time,
	})
}
