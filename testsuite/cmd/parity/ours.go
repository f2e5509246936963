package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
)

// databaseFile is the database both sides look at.
const databaseFile = "parity.duckdb"

// runOurs makes the tables and runs our tests on them.
func runOurs(ctx context.Context, path string, all []comparison) (outcomes map[string]outcome, err error) {
	tables := warehouse.DefaultTables()
	store, err := duckdb.New(duckdb.Options{Path: path, MemoryLimit: "256MB", Threads: 1, IdleClose: time.Minute, Tables: tables})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	outcomes = make(map[string]outcome)
	for _, c := range all {
		statement := fmt.Sprintf("CREATE TABLE %s.%s AS SELECT * FROM (%s) AS r(event_id, created_at)", tables.Dataset, c.name, c.rows)
		if err := store.Look(ctx, statement, func([]string) error { return nil }); err != nil {
			return nil, fmt.Errorf("make table %s: %w", c.name, err)
		}
		if outcomes[c.name], err = runOne(ctx, store, c, tables.Dataset); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

func runOne(ctx context.Context, store *duckdb.Warehouse, c comparison, dataset string) (outcome, error) {
	declared, err := datatest.Parse([]byte(fmt.Sprintf("tests: [{name: %s, table: %s.%s, max_bytes: 1 GB, %s}]", c.name, dataset, c.name, c.ours)), nil)
	if err != nil {
		return outcome{}, err
	}
	at := now
	if c.theirs == nil {
		at = time.Now()
	}
	question, err := declared[0].Question(at)
	if err != nil {
		return outcome{}, err
	}
	answer, err := store.Ask(ctx, question)
	if err != nil {
		return outcome{}, fmt.Errorf("run %s: %w", c.name, err)
	}
	result, err := declared[0].Judge(at, answer)
	if err != nil {
		return outcome{}, err
	}
	if c.theirs == nil { // dbt counts no failures of freshness, and calls fail error
		status := string(result.Status)
		if result.Status == datatest.Fail {
			status = "error"
		}
		return outcome{status: status}, nil
	}
	return outcome{status: string(result.Status), failures: result.Failures}, nil
}
