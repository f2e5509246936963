package main

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the floor's engine

	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/staging"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

var (
	//go:embed floor_load.sql
	floorLoad string
	//go:embed floor_merge.sql
	floorMerge string
)

// The steps, in the order they run in. A step finds what the one before it left.
var steps = []string{"stage", "commit", "merge", "floor-load", "floor-merge"}

func (b *bench) runStep(ctx context.Context) error {
	switch b.step {
	case "stage":
		return b.stage(ctx)
	case "commit", "merge":
		return b.write(ctx)
	case "floor-load":
		return b.runFloor(ctx, floorLoad)
	case "floor-merge":
		return b.runFloor(ctx, floorMerge)
	case "dedup-copies", dedupOurs, dedupWindow:
		return b.runDedupStep(ctx)
	default:
		return b.runMergeStep(ctx)
	}
}

func (b *bench) stage(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(b.exports(), "*"))
	if err != nil {
		return fmt.Errorf("list exports: %w", err)
	}
	area := staging.Directory{Root: filepath.Join(b.dir, "staging")}
	var receipts []ledger.Receipt
	for i, file := range files {
		workspace, err := area.Workspace()
		if err != nil {
			return err
		}
		staged := staging.FilesIn(workspace)
		staged.Export = file
		object := export.Object{Name: filepath.Base(file), Generation: int64(i + 1)}
		receipt, err := staging.Convert(ctx, object, staged, func(int64) {})
		if err != nil {
			return err
		}
		if receipt, err = area.Keep(ctx, hour(), workspace, receipt); err != nil {
			return err
		}
		receipts = append(receipts, receipt)
	}
	content, err := json.Marshal(receipts)
	if err != nil {
		return fmt.Errorf("encode receipts: %w", err)
	}
	return os.WriteFile(filepath.Join(b.dir, "receipts.json"), content, 0o600)
}

// write commits or merges the hour.
func (b *bench) write(ctx context.Context) (err error) {
	tables, err := duckdb.New(duckdb.Options{
		Path: b.warehouse(), MemoryLimit: b.memory, Threads: b.threads, IdleClose: time.Hour,
		Tables: warehouse.DefaultTables(), Cutover: sample.DefaultCutover,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tables.Close()) }()
	if b.step == "merge" {
		_, err = tables.MergeLoad(ctx, hour(), "bench")
		return err
	}
	content, err := os.ReadFile(filepath.Join(b.dir, "receipts.json"))
	if err != nil {
		return fmt.Errorf("read receipts: %w", err)
	}
	commit := ledger.Commit{Load: ledger.Load{Window: hour(), ID: "bench", IngestedAt: time.Now().Truncate(time.Microsecond)}}
	if err := json.Unmarshal(content, &commit.Staged); err != nil {
		return fmt.Errorf("decode receipts: %w", err)
	}
	_, err = tables.CommitWindow(ctx, commit)
	return err
}

// runFloor runs a script with the settings our own warehouse runs with.
func (b *bench) runFloor(ctx context.Context, script string) (err error) {
	db, err := sql.Open("duckdb", fmt.Sprintf("%s?memory_limit=%s&threads=%d&preserve_insertion_order=false", b.floor(), b.memory, b.threads))
	if err != nil {
		return fmt.Errorf("open floor: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open floor: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	script = strings.ReplaceAll(script, "$files", "'"+filepath.Join(b.exports(), "*")+"'")
	for _, statement := range append(floorTables(), script) {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("run floor: %w", err)
		}
	}
	return nil
}

// floorTables are the tables of the seed, without our own columns.
func floorTables() []string {
	columns := `event_id VARCHAR, created_at TIMESTAMPTZ, event_name VARCHAR, user_id VARCHAR, person_id VARCHAR, session_id VARCHAR,
		active_feature_flags JSON, feature_flags_values JSON, lib_values JSON, device_model VARCHAR, device_type VARCHAR,
		device_os VARCHAR, ip_address VARCHAR, client VARCHAR, geoip_city_name VARCHAR, geoip_continent_name VARCHAR,
		geoip_continent_code VARCHAR, geoip_country_name VARCHAR, geoip_country_code VARCHAR, geoip_time_zone VARCHAR,
		app_version VARCHAR, locale VARCHAR, event_payload JSON, bq_ingested_timestamp TIMESTAMPTZ, event_inserted_at TIMESTAMPTZ`
	return []string{
		"SET TimeZone = 'UTC'",
		"CREATE TABLE IF NOT EXISTS raw_tracks (" + columns + ", window_start TIMESTAMPTZ)",
		"CREATE TABLE IF NOT EXISTS tracks (" + columns + ")",
	}
}
