package warehouse

import (
	"fmt"
	"strings"
	"time"
)

// Question is one step of a SQL file that only reads, with what it is about. The
// warehouse quotes names and writes times as literals, by which it prunes.
type Question struct {
	// Task and Step name the SQL.
	Task, Step string
	// Tables give placeholders a table: one of the pipeline's by its placeholder
	// ("tracks"), else a name of one or more parts ("dataset.table").
	Tables map[string]string
	// Columns give placeholders a column's name.
	Columns map[string]string
	// Scopes give placeholders a condition.
	Scopes map[string]Scope
	// Lists give placeholders a list of text literals.
	Lists map[string][]string
	// Statement is a statement of the configuration for ${statement}. It may name the
	// pipeline's tables by their placeholders.
	Statement string
	// Bind are the values of @names.
	Bind map[string]any
	// MaxBytes is the most it may read; 0 is the warehouse's own limit.
	MaxBytes int64
}

// Scope is a condition on rows: Where, and events with one of the names, and Column
// from From on and before To. No events are all events, zero times are open ends, and
// nothing at all is every row.
type Scope struct {
	Where    string
	Events   []string
	Column   string
	From, To time.Time
}

// Answer is what a question returned. A cell is nil, an int64, a float64, a bool, a
// string or a time.Time.
type Answer struct {
	Rows [][]any
	// Bytes is what was read, as the warehouse counts it.
	Bytes int64
}

// Dialect is how a warehouse spells what questions are made of.
type Dialect struct {
	// Tables are the quoted names of the pipeline's tables.
	Tables map[string]string
	// Table quotes a name of one or more parts, Column a column's, Text a text.
	Table  func(parts ...string) string
	Column func(name string) string
	Text   func(text string) string
}

// Fill gives every placeholder of the question its SQL.
func (q Question) Fill(d Dialect) (map[string]string, error) {
	fill := make(map[string]string)
	for placeholder, table := range q.Tables {
		quoted, ours := d.Tables[table]
		if !ours && table != "" {
			quoted = d.Table(strings.Split(table, ".")...)
		}
		fill[placeholder] = quoted
	}
	for placeholder, column := range q.Columns {
		fill[placeholder] = d.Column(column)
	}
	for placeholder, scope := range q.Scopes {
		fill[placeholder] = scope.sql(d)
	}
	for placeholder, values := range q.Lists {
		fill[placeholder] = d.texts(values)
	}
	if q.Statement != "" {
		statement, err := fillTables(q.Statement, d.Tables)
		if err != nil {
			return nil, err
		}
		fill["statement"] = statement
	}
	return fill, nil
}

// texts is a list of text literals.
func (d Dialect) texts(values []string) string {
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = d.Text(value)
	}
	return strings.Join(quoted, ", ")
}

// fillTables replaces the placeholders of tables in a statement of the configuration.
func fillTables(statement string, tables map[string]string) (string, error) {
	for name, quoted := range tables {
		statement = strings.ReplaceAll(statement, "${"+name+"}", quoted)
	}
	if _, rest, found := strings.Cut(statement, "${"); found {
		name, _, _ := strings.Cut(rest, "}")
		return "", fmt.Errorf("there is no table ${%s}", name)
	}
	return strings.TrimSuffix(strings.TrimSpace(statement), ";"), nil
}

func (s Scope) sql(d Dialect) string {
	var parts []string
	if s.Where != "" {
		parts = append(parts, "("+s.Where+")")
	}
	if len(s.Events) > 0 {
		parts = append(parts, d.Column("event_name")+" IN ("+d.texts(s.Events)+")")
	}
	if !s.From.IsZero() {
		parts = append(parts, d.Column(s.Column)+" >= "+instant(s.From))
	}
	if !s.To.IsZero() {
		parts = append(parts, d.Column(s.Column)+" < "+instant(s.To))
	}
	if len(parts) == 0 {
		return "TRUE"
	}
	return strings.Join(parts, " AND ")
}

// instant is a literal that all warehouses read.
func instant(at time.Time) string {
	return "TIMESTAMP '" + at.UTC().Format("2006-01-02 15:04:05.999999") + "+00'"
}
