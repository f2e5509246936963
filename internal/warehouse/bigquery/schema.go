package bigquery

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	bq "cloud.google.com/go/bigquery"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/sql"
)

// ensure sees to it that the tables are there, once in the life of the process.
// Tables that exist are kept, and columns they lack are added.
func (w *Warehouse) ensure(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ready || w.options.ReadOnly {
		return nil
	}
	if err := w.ApplySchema(ctx); err != nil {
		return err
	}
	w.ready = true
	return nil
}

// ApplySchema creates the tables that are missing, and adds the columns that are
// missing in those that exist. A column of another type is an error that names it.
func (w *Warehouse) ApplySchema(ctx context.Context) error {
	s := w.script("schema", window.Window{})
	for _, step := range w.scripts["schema"] {
		have, err := w.columns(ctx, w.tableOf(step.Name))
		if err != nil {
			return fmt.Errorf("look at table %s: %w", w.tableOf(step.Name), err)
		}
		if have == nil {
			err = s.fresh(ctx, step.Name)
		} else {
			err = w.addColumns(ctx, step, have)
		}
		if err != nil {
			return fmt.Errorf("prepare table %s: %w", w.tableOf(step.Name), err)
		}
	}
	return w.script("columns", window.Window{}).fresh(ctx, "first_fence")
}

// tableOf is the configured name of a table, by its placeholder.
func (w *Warehouse) tableOf(placeholder string) string {
	quoted := strings.Trim(w.tables[placeholder], "`")
	return quoted[strings.LastIndexByte(quoted, '.')+1:]
}

// columns are the types of a table's columns, nil when there is no such table.
func (w *Warehouse) columns(ctx context.Context, name string) (map[string]bq.FieldType, error) {
	table, _ := w.table(name)
	var metadata *bq.TableMetadata
	err := w.jobs.insist(ctx, func(ctx context.Context) (err error) {
		metadata, err = table.Metadata(ctx, bq.WithMetadataView(bq.BasicMetadataView))
		return err
	})
	switch {
	case missing(err):
		return nil, nil
	case err != nil:
		return nil, explain("", err)
	}
	columns := make(map[string]bq.FieldType)
	for _, field := range metadata.Schema {
		columns[field.Name] = field.Type
	}
	return columns, nil
}

// declared matches a column in the statement that creates its table.
var declared = regexp.MustCompile(`(?m)^  ([a-z_]+) +(STRING|TIMESTAMP|JSON|INT64|FLOAT64)\b`)

// typesOf gives the metadata's names for the types of SQL.
var typesOf = map[string]bq.FieldType{
	"STRING": bq.StringFieldType, "TIMESTAMP": bq.TimestampFieldType, "JSON": bq.JSONFieldType,
	"INT64": bq.IntegerFieldType, "FLOAT64": bq.FloatFieldType,
}

// additions are the clauses that add the columns a table lacks. A column of another
// type is an error that names it.
func additions(step sql.Step, have map[string]bq.FieldType) ([]string, error) {
	var clauses []string
	for _, column := range declared.FindAllStringSubmatch(step.Text, -1) {
		name, kind := column[1], column[2]
		switch has, found := have[name]; {
		case !found:
			clauses = append(clauses, fmt.Sprintf("ADD COLUMN IF NOT EXISTS %s %s", name, kind))
		case has != typesOf[kind]:
			return nil, fmt.Errorf("its column %s is %s and must be %s; rename the table, or set another name under tables in the configuration", name, has, kind)
		}
	}
	return clauses, nil
}

func (w *Warehouse) addColumns(ctx context.Context, step sql.Step, have map[string]bq.FieldType) error {
	clauses, err := additions(step, have)
	if err != nil || len(clauses) == 0 {
		return err
	}
	s := w.script("columns", window.Window{})
	s.fill["table"], s.fill["additions"] = w.tables[step.Name], strings.Join(clauses, ", ")
	return s.fresh(ctx, "add")
}
