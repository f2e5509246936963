package main

import (
	"bytes"
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
	trackssql "github.com/posthog-tracks/posthog-tracks/sql"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

var (
	//go:embed merge_grow.sql
	growScript string
	//go:embed merge_redeliver.sql
	redeliverScript string
	//go:embed merge_dbt.sql
	dbtScript string
	//go:embed merge_scan.sql
	scanScript string
)

// tracks begins with a hundred days, from the cutover to lastDay.
const days = 100

var lastDay = sample.DefaultCutover.AddDate(0, 0, days)

// preparing is the memory that making the tables may take; it is not measured.
const preparing = "4GB"

func (b *bench) runMergeStep(ctx context.Context) error {
	var t task
	if err := json.Unmarshal([]byte(b.merge.task), &t); err != nil {
		return fmt.Errorf("step %q: read task: %w", b.step, err)
	}
	switch b.step {
	case "merge-grow":
		return t.grow(ctx)
	case "merge-deliver":
		return t.deliver(ctx)
	case mergeOurs:
		return errors.Join(b.mergeOurs(ctx, t), tell())
	case mergeScan:
		return errors.Join(b.mergeTheirs(ctx, t, scanScript), tell())
	case mergeDBT:
		return errors.Join(b.mergeTheirs(ctx, t, dbtScript), tell())
	default:
		return fmt.Errorf("there is no step %q", b.step)
	}
}

func (b *bench) mergeOurs(ctx context.Context, t task) (err error) {
	tables, err := openTables(t.Tables, b.memory, b.threads)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tables.Close()) }()
	merged, err := tables.MergeLoad(ctx, t.Windows[0], "bench")
	if err == nil {
		fmt.Fprintf(os.Stderr, "inserted %d, updated %d, unchanged %d, before cutover %d\n",
			merged.Inserted, merged.Updated, merged.Unchanged, merged.BeforeCutover)
	}
	return err
}

func (b *bench) mergeTheirs(ctx context.Context, t task, script string) error {
	return withConnection(ctx, t.Tables, b.memory, b.threads, func(run func(string) error) error {
		if err := run(fmt.Sprintf("SET VARIABLE from_ms = %d::BIGINT", t.Windows[0].Start().UnixMilli())); err != nil {
			return err
		}
		return run(script)
	})
}

// grow makes tracks and tracks_keys, a day at a time.
func (t task) grow(ctx context.Context) error {
	if err := t.createTables(ctx); err != nil {
		return err
	}
	script := stepsOf(growScript)
	return withConnection(ctx, t.Tables, preparing, 2, func(run func(string) error) error {
		for day := range days {
			begins := sample.DefaultCutover.AddDate(0, 0, day)
			if err := run(t.variables(begins, 24, t.Rows/days, day, true) + script["rows"] + script["wide"] + script["history"]); err != nil {
				return err
			}
		}
		return nil
	})
}

// deliver commits hours to raw_tracks, with re-deliveries of rows that tracks holds.
func (t task) deliver(ctx context.Context) error {
	grow, redeliver := stepsOf(growScript), stepsOf(redeliverScript)
	return withConnection(ctx, t.Tables, preparing, 2, func(run func(string) error) error {
		for _, w := range t.Windows {
			hour := int(w.Start().Sub(lastDay).Hours())
			script := t.variables(w.Start(), 1, int64(t.Batch), days+hour, t.Late) +
				grow["rows"] + grow["wide"] + grow["hour"] +
				fmt.Sprintf("SET VARIABLE half = %d::BIGINT; SET VARIABLE end_ms = %d::BIGINT; SET VARIABLE per_day = %d::BIGINT;\n",
					t.Batch/40, lastDay.UnixMilli(), t.Rows/days) +
				redeliver["recent"] + redeliver[t.From] + redeliver["apply"]
			if err := run(script); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t task) variables(begins time.Time, loads int, rows int64, seed int, late bool) string {
	return fmt.Sprintf("SET VARIABLE first_ms = %d::BIGINT; SET VARIABLE from_ms = %d::BIGINT; SET VARIABLE loads = %d::BIGINT; "+
		"SET VARIABLE rows = %d::BIGINT; SET VARIABLE seed = %d::BIGINT; SET VARIABLE late = %t::BIGINT; SET VARIABLE short = %t::BIGINT;\n",
		sample.DefaultCutover.UnixMilli(), begins.UnixMilli(), loads, rows, seed, late, t.Short)
}

// createTables makes the product create its own tables.
func (t task) createTables(ctx context.Context) (err error) {
	tables, err := openTables(t.Tables, preparing, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tables.Close()) }()
	return tables.Look(ctx, "SELECT 1", func([]string) error { return nil })
}

var stepHead = regexp.MustCompile(`(?m)^-- step: (\w+)\n`)

// stepsOf splits a script by its step lines.
func stepsOf(script string) map[string]string {
	byName := make(map[string]string)
	heads := stepHead.FindAllStringSubmatchIndex(script, -1)
	for i, head := range heads {
		end := len(script)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		byName[script[head[2]:head[3]]] = script[head[1]:end]
	}
	return byName
}

func openTables(path, memory string, threads int) (*duckdb.Warehouse, error) {
	return duckdb.New(duckdb.Options{
		Path: path, MemoryLimit: memory, Threads: threads, IdleClose: time.Hour,
		Tables: warehouse.DefaultTables(), Cutover: sample.DefaultCutover,
	})
}

// withConnection runs scripts on a file with the settings and functions that our
// own warehouse runs with.
func withConnection(ctx context.Context, path, memory string, threads int, fn func(run func(string) error) error) (err error) {
	db, err := sql.Open("duckdb", fmt.Sprintf("%s?memory_limit=%s&threads=%d&preserve_insertion_order=false", path, memory, threads))
	if err != nil {
		return fmt.Errorf("open tables: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open tables: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	run := func(script string) error {
		if _, err := conn.ExecContext(ctx, script); err != nil {
			return fmt.Errorf("run script: %w", err)
		}
		return nil
	}
	functions, err := trackssql.Load("duckdb", "functions")
	if err != nil {
		return err
	}
	if err := run("SET TimeZone = 'UTC'"); err != nil {
		return err
	}
	for _, function := range functions {
		if err := run(function.Text); err != nil {
			return err
		}
	}
	return fn(run)
}

// tell prints what this process has read and written.
func tell() error {
	content, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return fmt.Errorf("read what was read and written: %w", err)
	}
	var t touched
	for line := range bytes.Lines(content) {
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), ": ")
		number, _ := strconv.ParseInt(value, 10, 64)
		switch name {
		case "rchar":
			t.ReadMB = number >> 20
		case "wchar":
			t.WrittenMB = number >> 20
		}
	}
	return json.NewEncoder(os.Stdout).Encode(t)
}
