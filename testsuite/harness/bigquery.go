package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/bigquery"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
	"github.com/posthog-tracks/posthog-tracks/testsuite/bigquerystack"
)

const (
	project       = "posthog-tracks-test"
	location      = "EU"
	stagingBucket = "posthog-staging"
	copyBucket    = "posthog-copies"
)

// onBigQuery keeps the buckets on disk: the stand-in loads from their folder.
func (o *Options) onBigQuery() {
	o.Stack.Buckets = append(o.Stack.Buckets, stagingBucket, copyBucket)
	if o.Stack.Dir == "" {
		o.Stack.Dir = filepath.Join(o.Dir, "stack")
	}
}

// startBigQuery starts the stand-in, with an empty dataset.
func (r *Rig) startBigQuery(ctx context.Context) (err error) {
	if !r.options.BigQuery {
		return nil
	}
	r.BigQuery, err = bigquerystack.Start(ctx, bigquerystack.Options{
		Venv:        bigquerystack.DefaultVenv(),
		StorageRoot: r.storageRoot(),
		Log:         filepath.Join(r.options.Dir, "bqemulator.log"),
	})
	if err != nil {
		return err
	}
	return r.BigQuery.CreateDataset(ctx, project, warehouse.DefaultTables().Dataset)
}

func (r *Rig) storageRoot() string { return filepath.Join(r.options.Stack.Dir, "storage") }

func (r *Rig) bigQueryLines() []string {
	return []string{
		"warehouse:",
		"  kind: bigquery",
		fmt.Sprintf("  bigquery: {project: %s, location: %s, staging_bucket: %s}", project, location, stagingBucket),
	}
}

// OnBigQuery runs a statement in BigQuery's own SQL and returns its rows as text,
// without the head.
func (r *Rig) OnBigQuery(ctx context.Context, statement string) (rows [][]string, err error) {
	tables, err := r.openBigQuery(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tables.Close()) }()
	return look(ctx, tables, statement)
}

func (r *Rig) openBigQuery(ctx context.Context) (*bigquery.Warehouse, error) {
	tables, err := bigquery.Open(ctx, bigquery.Options{
		Project: project, Tables: warehouse.DefaultTables(), Endpoint: r.BigQuery.URL(),
		Jobs: bigquery.JobSettings{Location: location, FirstPoll: 10 * time.Millisecond},
	})
	if err != nil {
		return nil, fmt.Errorf("open BigQuery: %w", err)
	}
	return tables, nil
}

// copied are the tables that can be copied.
var copied = []string{"raw_tracks", "tracks", "tracks_keys", "raw_rejects", "merge_rejects", "window_ledger", "backfill_ledger"}

// readBy are those of them that a statement reads.
func readBy(statement string) []string {
	return slices.DeleteFunc(slices.Clone(copied), func(table string) bool {
		return !strings.Contains(statement, "posthog."+table)
	})
}

// copyTables makes WarehouseFile a copy of what some of the stand-in's tables hold, row
// for row, so that whatever is asked of DuckDB's tables can be asked of BigQuery's. The
// others are empty in it: copying is slow.
func (r *Rig) copyTables(ctx context.Context, tables []string) (err error) {
	from, err := r.openBigQuery(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	if err := os.RemoveAll(r.WarehouseFile); err != nil {
		return fmt.Errorf("remove the last copy: %w", err)
	}
	to, err := duckdb.New(duckdb.Options{
		Path: r.WarehouseFile, MemoryLimit: "1GB", Threads: 2, IdleClose: time.Minute, Tables: warehouse.DefaultTables(),
	})
	if err != nil {
		return fmt.Errorf("make a copy: %w", err)
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	nothing := func([]string) error { return nil }
	if err := to.Look(ctx, `ALTER TABLE posthog.tracks ALTER event_id DROP NOT NULL`, nothing); err != nil {
		return fmt.Errorf("let rows in that have no event_id: %w", err)
	}
	for _, table := range tables {
		export := fmt.Sprintf(`EXPORT DATA OPTIONS (uri = 'gs://%s/%s-*.parquet', format = 'PARQUET', overwrite = TRUE) AS
			SELECT * FROM posthog.%s`, copyBucket, table, table)
		if err := from.Look(ctx, export, nothing); err != nil {
			return fmt.Errorf("export %s: %w", table, err)
		}
		load := fmt.Sprintf(`INSERT INTO posthog.%s BY NAME SELECT * FROM read_parquet('%s')`,
			table, filepath.Join(r.storageRoot(), copyBucket, table+"-*.parquet"))
		if err := to.Look(ctx, load, nothing); err != nil {
			return fmt.Errorf("copy %s: %w", table, err)
		}
	}
	return nil
}
