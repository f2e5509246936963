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
		config.Load.Staging = filepath.Join(filepath.Dir(config.Warehouse.DuckDB.Path), "staging")
	}
	return config, nil
}

// check names every field that is missing or makes no sense.
func (c Config) check() error {
	var problems []string
	for _, rule := range c.rules() {
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
		{"heartbeat", c.Heartbeat > 0, "must be longer than 0"},
		{"warehouse.kind", c.Warehouse.Kind == KindDuckDB, `must be "duckdb"`},
		{"warehouse.duckdb.path", c.Warehouse.DuckDB.Path != "", "must name the database file"},
		{"warehouse.duckdb.threads", c.Warehouse.DuckDB.Threads > 0, "must be at least 1"},
		{"warehouse.duckdb.memory", c.Warehouse.DuckDB.Memory != "", "must be a size such as 512MB"},
	}
}

// variableOf is the environment variable that overrides a field.
func variableOf(field string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(field, ".", "_"))
}
