// Package config is the one file that says how the pipeline runs. How to reach
// Temporal is not in it: that comes from Temporal's own environment variables and
// profile file, which the temporal command line reads too.
package config

import (
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// Config is the whole configuration. Every field can be overridden by the
// environment variable in its tag, behind the prefix TRACKS_.
type Config struct {
	// Bucket is the GCS bucket that PostHog exports into, without gs://.
	Bucket string `yaml:"bucket" env:"BUCKET"`
	// Prefix is the template of an hour's folder in it; see export.Folder.
	Prefix export.Folder `yaml:"prefix" env:"PREFIX"`
	// Cutover is the day (UTC) from which on events are merged; what is older comes
	// from the backfill.
	Cutover Day `yaml:"cutover" env:"CUTOVER"`
	// TaskQueue is the Temporal task queue; objects are staged on it with "-load"
	// behind its name.
	TaskQueue string    `yaml:"task_queue" env:"TASK_QUEUE"`
	Export    Export    `yaml:"export" envPrefix:"EXPORT_"`
	Load      Load      `yaml:"load" envPrefix:"LOAD_"`
	Freshness Freshness `yaml:"freshness" envPrefix:"FRESHNESS_"`
	Write     Write     `yaml:"write" envPrefix:"WRITE_"`
	Reconcile Reconcile `yaml:"reconcile" envPrefix:"RECONCILE_"`
	Checks    Checks    `yaml:"checks" envPrefix:"CHECKS_"`
	Schedules Schedules `yaml:"schedules" envPrefix:"SCHEDULES_"`
	Worker    Worker    `yaml:"worker" envPrefix:"WORKER_"`
	Telemetry Telemetry `yaml:"telemetry" envPrefix:"TELEMETRY_"`
	// Encryption is of what Temporal stores.
	Encryption Encryption `yaml:"encryption" envPrefix:"ENCRYPTION_"`
	// Heartbeat is how long an activity may be silent before it is taken for dead
	// and started again.
	Heartbeat time.Duration    `yaml:"heartbeat" env:"HEARTBEAT"`
	Warehouse Warehouse        `yaml:"warehouse" envPrefix:"WAREHOUSE_"`
	Tables    warehouse.Tables `yaml:"tables" envPrefix:"TABLES_"`
	// TemporalUI is the address of Temporal's web UI, for links to runs. Empty: no links.
	TemporalUI string `yaml:"temporal_ui" env:"TEMPORAL_UI"`
}

// LateAfter is how long after its end an hour may be merged and still be in time:
// the longest wait for an export, and then as long as raw_tracks may go without
// anything new.
func (c Config) LateAfter() time.Duration { return c.Export.MaxWait + c.Freshness.Warn }

// Export says when an hour's export is complete.
type Export struct {
	// Quiet is how long nothing may have changed when there is no manifest.
	Quiet time.Duration `yaml:"quiet" env:"QUIET"`
	// MaxWait is how long after the hour's end to wait.
	MaxWait time.Duration `yaml:"max_wait" env:"MAX_WAIT"`
	// Poll is the time between two looks into the bucket.
	Poll time.Duration `yaml:"poll" env:"POLL"`
	// Confirm is the time before the second look at an export that is quiet already.
	Confirm time.Duration `yaml:"confirm" env:"CONFIRM"`
	// WhenMissing is what an hour without any object is: contract.MissingFails or
	// contract.MissingIsEmpty.
	WhenMissing string `yaml:"when_missing" env:"WHEN_MISSING"`
}

// Load says how objects are staged.
type Load struct {
	// Parallel is how many objects of one window are staged at a time.
	Parallel int `yaml:"parallel" env:"PARALLEL"`
	// PerWorker is how many objects one worker stages at a time, of all windows.
	PerWorker int `yaml:"per_worker" env:"PER_WORKER"`
	// RejectLimit is the share of rejected rows, 0 to 1, above which a window fails
	// before anything is replaced.
	RejectLimit float64 `yaml:"reject_limit" env:"REJECT_LIMIT"`
	// Staging is the local directory for downloads and staged files. Empty: beside
	// the DuckDB file, or, with BigQuery, below the system's temporary directory.
	Staging string `yaml:"staging" env:"STAGING"`
}

// Freshness is when raw_tracks counts as stale, by the age of its newest
// bq_ingested_timestamp.
type Freshness struct {
	Warn  time.Duration `yaml:"warn" env:"WARN"`
	Error time.Duration `yaml:"error" env:"ERROR"`
}

// Write says how a run waits for its turn to write tracks.
type Write struct {
	// Poll is the first pause before asking again, MaxPoll the longest.
	Poll    time.Duration `yaml:"poll" env:"POLL"`
	MaxPoll time.Duration `yaml:"max_poll" env:"MAX_POLL"`
}

// Reconcile says how the bucket is compared with the ledger every day.
type Reconcile struct {
	// Days is how many days back hours are compared.
	Days int `yaml:"days" env:"DAYS"`
	// Action is what is done about differences: contract.ActionReport or
	// contract.ActionReload.
	Action string `yaml:"action" env:"ACTION"`
}

// Warehouse says where the tables are.
type Warehouse struct {
	// Kind is KindDuckDB or KindBigQuery. Only the fields of that kind count.
	Kind     string   `yaml:"kind" env:"KIND"`
	DuckDB   DuckDB   `yaml:"duckdb" envPrefix:"DUCKDB_"`
	BigQuery BigQuery `yaml:"bigquery" envPrefix:"BIGQUERY_"`
}

// DuckDB is the embedded warehouse.
type DuckDB struct {
	// Path of the database file.
	Path string `yaml:"path" env:"PATH"`
	// Memory is the engine's limit, for example "512MB".
	Memory string `yaml:"memory" env:"MEMORY"`
	// Threads is how many cores one statement may use.
	Threads int `yaml:"threads" env:"THREADS"`
	// IdleClose is how long the file stays open without work, so that others can
	// look into it in between.
	IdleClose time.Duration `yaml:"idle_close" env:"IDLE_CLOSE"`
}

// BigQuery is the production warehouse.
type BigQuery struct {
	// Project is billed for the jobs and holds the dataset, which is tables.dataset.
	Project string `yaml:"project" env:"PROJECT"`
	// Location of the dataset, such as EU or europe-west3.
	Location string `yaml:"location" env:"LOCATION"`
	// StagingBucket is the GCS bucket staged files are loaded from, without gs://,
	// and StagingPrefix the folder in it that belongs to the pipeline.
	StagingBucket string `yaml:"staging_bucket" env:"STAGING_BUCKET"`
	StagingPrefix string `yaml:"staging_prefix" env:"STAGING_PREFIX"`
	// MaxBytesBilled fails a query, unbilled, that would read more bytes. 0 leaves
	// it to the project.
	MaxBytesBilled int64 `yaml:"max_bytes_billed" env:"MAX_BYTES_BILLED"`
	// JobTimeout is when BigQuery gives up on a job.
	JobTimeout time.Duration `yaml:"job_timeout" env:"JOB_TIMEOUT"`
	// PricePerTiB is the on-demand price in dollars for 2^40 bytes.
	PricePerTiB float64 `yaml:"price_per_tib" env:"PRICE_PER_TIB"`
	// PricePerSlotHour is the price in dollars of a slot for an hour. Above 0 the
	// project runs on reserved slots, and PricePerTiB counts for nothing.
	PricePerSlotHour float64 `yaml:"price_per_slot_hour" env:"PRICE_PER_SLOT_HOUR"`
}

// The kinds of warehouses: the embedded and the production one.
const (
	KindDuckDB   = "duckdb"
	KindBigQuery = "bigquery"
)

// defaults are what holds for a field that neither the file nor the environment
// names. Fields without a default here must be given.
func defaults() Config {
	return Config{
		Cutover:   Day{time.Date(2026, time.March, 4, 0, 0, 0, 0, time.UTC)},
		TaskQueue: "posthog-tracks",
		Export: Export{
			Quiet: 30 * time.Minute, MaxWait: 65 * time.Minute, Poll: time.Minute, Confirm: time.Second,
			WhenMissing: contract.MissingFails,
		},
		Load:      Load{Parallel: 4, PerWorker: 2, RejectLimit: 0.01},
		Freshness: Freshness{Warn: 2 * time.Hour, Error: 4 * time.Hour},
		Write:     Write{Poll: time.Second, MaxPoll: time.Minute},
		Reconcile: Reconcile{Days: 7, Action: contract.ActionReload},
		Schedules: Schedules{Hourly: true, Reconcile: true, Check: true, CatchUp: 7 * 24 * time.Hour},
		Worker:    Worker{Activities: 20, StopTimeout: 20 * time.Second},
		Telemetry: Telemetry{Listen: "127.0.0.1:9464"},
		Checks:    Checks{Parallel: 2},
		Heartbeat: 30 * time.Second,
		Warehouse: Warehouse{
			DuckDB: DuckDB{Memory: "384MB", Threads: 1, IdleClose: 2 * time.Second},
			BigQuery: BigQuery{
				StagingPrefix: "posthog-tracks", MaxBytesBilled: 4 << 40, JobTimeout: 2 * time.Hour, PricePerTiB: 6.25,
			},
		},
		Tables: warehouse.DefaultTables(),
	}
}
