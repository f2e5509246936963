package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/goccy/go-yaml"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
)

// FileVariable names the environment variable that holds the file's path.
const FileVariable = "TRACKS_CONFIG"

// DefaultFile is read when nothing names another one.
const DefaultFile = "tracks.yaml"

const variablePrefix = "TRACKS_"

// Read reads the configuration from path; empty means $TRACKS_CONFIG, else
// tracks.yaml. A field that does not exist, one that must be given and is not,
// and a value that makes no sense are errors that name the field.
func Read(path string) (Config, error) {
	if path == "" {
		path = os.Getenv(FileVariable)
	}
	if path == "" {
		path = DefaultFile
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration (name the file with --config or $%s): %w", FileVariable, err)
	}
	config, err := Parse(content)
	if err != nil {
		return Config{}, fmt.Errorf("configuration %s: %w", path, err)
	}
	return config, nil
}

// Parse reads the configuration from YAML and the environment.
func Parse(content []byte) (Config, error) {
	config := defaults()
	if err := yaml.UnmarshalWithOptions(content, &config, yaml.DisallowUnknownField()); err != nil {
		return Config{}, fmt.Errorf("read YAML: %w", err)
	}
	if err := env.ParseWithOptions(&config, env.Options{Prefix: variablePrefix}); err != nil {
		return Config{}, fmt.Errorf("read environment: %w", err)
	}
	if err := config.check(); err != nil {
		return Config{}, err
	}
	if config.Load.Staging == "" {
		config.Load.Staging = config.Warehouse.staging()
	}
	return config, nil
}

// staging is the local directory for staged files when none is given.
func (w Warehouse) staging() string {
	if w.Kind == KindBigQuery {
		return filepath.Join(os.TempDir(), "posthog-tracks-staging")
	}
	return filepath.Join(filepath.Dir(w.DuckDB.Path), "staging")
}

// check names every field that is missing or makes no sense.
func (c Config) check() error {
	var problems []string
	for _, rule := range append(c.rules(), c.Warehouse.rules()...) {
		if !rule.holds {
			problems = append(problems, fmt.Sprintf("%s (or %s) %s", rule.field, variableOf(rule.field), rule.must))
		}
	}
	if err := c.Prefix.Validate(); err != nil {
		problems = append(problems, err.Error())
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s", strings.Join(problems, "; "))
	}
	return nil
}

type rule struct {
	field string
	holds bool
	must  string
}

func (c Config) rules() []rule {
	return []rule{
		{"bucket", c.Bucket != "" && !strings.Contains(c.Bucket, "/"), "must name the export bucket, without gs://"},
		{"prefix", c.Prefix != "", "must be the template of an hour's folder, such as posthog_batch/events/{date}/{hour}/"},
		{"task_queue", c.TaskQueue != "", "must not be empty"},
		{"cutover", !c.Cutover.IsZero(), "must be a day like 2026-03-04"},
		{"export.quiet", c.Export.Quiet >= 0, "must not be negative"},
		{"export.max_wait", c.Export.MaxWait > 0, "must be longer than 0"},
		{"export.poll", c.Export.Poll > 0, "must be longer than 0"},
		{"export.confirm", c.Export.Confirm >= 0, "must not be negative"},
		{"export.when_missing", c.Export.WhenMissing == contract.MissingFails || c.Export.WhenMissing == contract.MissingIsEmpty, `must be "fail" or "empty"`},
		{"load.parallel", c.Load.Parallel > 0, "must be at least 1"},
		{"load.per_worker", c.Load.PerWorker > 0, "must be at least 1"},
		{"load.reject_limit", c.Load.RejectLimit >= 0 && c.Load.RejectLimit <= 1, "must be a share from 0 to 1"},
		{"freshness.warn", c.Freshness.Warn > 0, "must be longer than 0"},
		{"freshness.error", c.Freshness.Error >= c.Freshness.Warn, "must not be shorter than freshness.warn"},
		{"write.poll", c.Write.Poll > 0, "must be longer than 0"},
		{"write.max_poll", c.Write.MaxPoll >= c.Write.Poll, "must not be shorter than write.poll"},
		{"schedules.catch_up", c.Schedules.CatchUp >= time.Hour, "must be at least 1h"},
		{"reconcile.days", c.Reconcile.Days >= 1 && c.Reconcile.Days <= 400, "must be from 1 to 400"},
		{"reconcile.action", c.Reconcile.Action == contract.ActionReport || c.Reconcile.Action == contract.ActionReload, `must be "report" or "reload"`},
		{"worker.activities", c.Worker.Activities > 0, "must be at least 1"},
		{"worker.stop_timeout", c.Worker.StopTimeout >= 0, "must not be negative"},
		{"checks.parallel", c.Checks.Parallel > 0, "must be at least 1"},
		{"heartbeat", c.Heartbeat > 0, "must be longer than 0"},
		{"warehouse.kind", c.Warehouse.Kind == KindDuckDB || c.Warehouse.Kind == KindBigQuery, `must be "duckdb" or "bigquery"`},
	}
}

// rules of the warehouse are those of its kind.
func (w Warehouse) rules() []rule {
	if w.Kind == KindBigQuery {
		b := w.BigQuery
		return []rule{
			{"warehouse.bigquery.project", b.Project != "", "must name the project that holds the dataset"},
			{"warehouse.bigquery.location", b.Location != "", "must be the dataset's location, such as EU"},
			{"warehouse.bigquery.staging_bucket", b.StagingBucket != "" && !strings.Contains(b.StagingBucket, "/"), "must name the staging bucket, without gs://"},
			{"warehouse.bigquery.staging_prefix", b.StagingPrefix != "" && strings.Trim(b.StagingPrefix, "/") == b.StagingPrefix, "must be a folder in the staging bucket, without slashes at its ends"},
			{"warehouse.bigquery.max_bytes_billed", b.MaxBytesBilled >= 0, "must not be negative"},
			{"warehouse.bigquery.job_timeout", b.JobTimeout >= 0, "must not be negative"},
			{"warehouse.bigquery.price_per_tib", b.PricePerTiB > 0, "must be above 0"},
			{"warehouse.bigquery.price_per_slot_hour", b.PricePerSlotHour >= 0, "must not be negative"},
		}
	}
	d := w.DuckDB
	return []rule{
		{"warehouse.duckdb.path", d.Path != "", "must name the database file"},
		{"warehouse.duckdb.threads", d.Threads > 0, "must be at least 1"},
		{"warehouse.duckdb.memory", d.Memory != "", "must be a size such as 512MB"},
	}
}

// variableOf is the environment variable that overrides a field.
func variableOf(field string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(field, ".", "_"))
}
