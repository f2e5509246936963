package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// project is a dbt project that declares the same tests.
type project struct {
	dbt, elementary, utils string
	folder                 string
}

// elementaryVersion is the release whose decisions are reproduced.
const elementaryVersion = "0.25.1"

// run lets dbt run the tests. Without Elementary's package its tests are left out.
func (p *project) run(ctx context.Context, all []comparison) (map[string]outcome, error) {
	anomalies := true
	if err := p.detach(); err != nil {
		return nil, err
	}
	if err := p.write(all, anomalies); err != nil {
		return nil, err
	}
	if output, err := p.call(ctx, "deps"); err != nil {
		fmt.Fprintf(os.Stderr, "Elementary's package cannot be had, so its tests are left out: %s\n", lastLine(output))
		anomalies = false
		if err := p.write(all, anomalies); err != nil {
			return nil, err
		}
	}
	if anomalies {
		if output, err := p.call(ctx, "run", "--select", "elementary"); err != nil {
			return nil, fmt.Errorf("let dbt make Elementary's tables: %w\n%s", err, output)
		}
	}
	outcomes := make(map[string]outcome)
	// dbt fails when tests do; what it found is in its files.
	output, _ := p.call(ctx, "test", "--select", "source:"+source)
	if err := p.read("run_results.json", outcomes, fromTest); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, output)
	}
	output, _ = p.call(ctx, "source", "freshness")
	if err := p.read("sources.json", outcomes, fromSource); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, output)
	}
	return outcomes, nil
}

// detach copies Elementary's package without the list of what it depends on, which dbt
// would look for in its hub: that is dbt_utils alone, whose folder is given too.
func (p *project) detach() error {
	if p.elementary == "" || p.utils == "" {
		return nil
	}
	copied := filepath.Join(p.folder, "elementary")
	if err := os.CopyFS(copied, os.DirFS(p.elementary)); err != nil {
		return fmt.Errorf("copy Elementary's package: %w", err)
	}
	p.elementary = copied
	return os.RemoveAll(filepath.Join(copied, "packages.yml"))
}

func (p *project) call(ctx context.Context, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, p.dbt, append([]string{"--no-use-colors", "--no-send-anonymous-usage-stats"}, arguments...)...) //nolint:gosec // the dbt that make parity installs
	command.Dir = p.folder
	command.Env = append(os.Environ(), "DBT_PROFILES_DIR="+p.folder)
	output, err := command.CombinedOutput()
	return string(output), err
}

func lastLine(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return lines[len(lines)-1]
}

// source is what dbt calls our tables.
const source = "parity"

func (p *project) write(all []comparison, anomalies bool) error {
	packages := []any{}
	if anomalies {
		packages = append(packages, local(p.elementary, "elementary-data/elementary", elementaryVersion))
		if p.utils != "" {
			packages = append(packages, local(p.utils, "", ""))
		}
	}
	var tables []any
	for _, c := range all {
		if anomalies || !c.elementary() {
			tables = append(tables, c.table())
		}
	}
	files := map[string]any{
		"dbt_project.yml": map[string]any{
			"name": "parity", "version": "1.0", "profile": "parity",
			"models": map[string]any{"elementary": map[string]any{"+schema": "elementary"}},
			"vars":   map[string]any{"custom_run_started_at": now.Format(time.RFC3339)},
		},
		"profiles.yml": map[string]any{"parity": map[string]any{"target": "main", "outputs": map[string]any{"main": map[string]any{
			"type": "duckdb", "path": databaseFile, "schema": "main", "threads": 1, "settings": map[string]any{"TimeZone": "UTC"},
		}}}},
		"packages.yml": map[string]any{"packages": packages},
		"models/sources.yml": map[string]any{"version": 2, "sources": []any{map[string]any{
			"name": source, "schema": warehouse.DefaultTables().Dataset, "tables": tables,
		}}},
	}
	for name, content := range files {
		text, err := yaml.Marshal(content)
		if err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		path := filepath.Join(p.folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

func local(folder, name, version string) map[string]any {
	if folder != "" {
		return map[string]any{"local": folder}
	}
	return map[string]any{"package": name, "version": version}
}

// table declares the comparison's table with its test.
func (c comparison) table() map[string]any {
	table := map[string]any{"name": c.name}
	if c.theirs == nil {
		limits := map[string]any{"warn_after": map[string]any{"count": c.warnAfter, "period": "minute"}}
		if c.errorAfter > 0 {
			limits["error_after"] = map[string]any{"count": c.errorAfter, "period": "minute"}
		}
		table["loaded_at_field"], table["freshness"] = "created_at", limits
		return table
	}
	for kind, arguments := range c.theirs {
		declared := map[string]any{"name": c.name}
		maps.Copy(declared, arguments.(map[string]any)) //nolint:forcetypeassert // declared above
		table["data_tests"] = []any{map[string]any{kind: declared}}
	}
	return table
}

// found is a result in dbt's files.
type found struct {
	UniqueID string `json:"unique_id"`
	Status   string `json:"status"`
	Failures *int64 `json:"failures"`
}

func fromTest(f found) (string, outcome) {
	o := outcome{status: f.Status}
	if f.Failures != nil {
		o.failures = *f.Failures
	}
	parts := strings.Split(f.UniqueID, ".")
	return parts[min(2, len(parts)-1)], o
}

func fromSource(f found) (string, outcome) {
	return f.UniqueID[strings.LastIndex(f.UniqueID, ".")+1:], outcome{status: f.Status}
}

func (p *project) read(file string, into map[string]outcome, name func(found) (string, outcome)) error {
	content, err := os.ReadFile(filepath.Join(p.folder, "target", file))
	if err != nil {
		return fmt.Errorf("read what dbt found: %w", err)
	}
	var results struct {
		Results []found `json:"results"`
	}
	if err := json.Unmarshal(content, &results); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	for _, f := range results.Results {
		test, outcome := name(f)
		into[test] = outcome
	}
	return nil
}
