// Package sql holds every statement the pipeline runs, one file a task, readable
// on its own. The files at the top are written in the subset of SQL that all
// warehouses share; a folder named after a warehouse overlays what really differs.
//
// A file is a list of steps, each headed by "-- step: name". In a step, @name is
// a parameter, ${name} a table (a quoted identifier) or a list of literals.
package sql

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

//go:embed *.sql bigquery/*.sql duckdb/*.sql
var files embed.FS

var (
	stepHead    = regexp.MustCompile(`(?m)^-- step: (\w+)[^\n]*\n`)
	placeholder = regexp.MustCompile(`\$\{(\w+)\}`)
	parameter   = regexp.MustCompile(`@(\w+)`)
)

// Step is one statement of a file.
type Step struct {
	// Name is unique in its file.
	Name string
	// Text is the statement without its trailing semicolon.
	Text string
}

// Load returns the steps of a task for a warehouse ("duckdb", "bigquery"): those
// of the warehouse's own file where there is one, else the shared one's.
func Load(warehouse, task string) ([]Step, error) {
	content, err := files.ReadFile(warehouse + "/" + task + ".sql")
	if errors.Is(err, fs.ErrNotExist) {
		content, err = files.ReadFile(task + ".sql")
	}
	if err != nil {
		return nil, fmt.Errorf("load SQL task %s for %s: %w", task, warehouse, err)
	}
	return split(task, string(content))
}

func split(task, content string) ([]Step, error) {
	heads := stepHead.FindAllStringSubmatchIndex(content, -1)
	if len(heads) == 0 {
		return nil, fmt.Errorf("SQL task %s has no line \"-- step: name\"", task)
	}
	steps := make([]Step, 0, len(heads))
	for i, head := range heads {
		end := len(content)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		steps = append(steps, Step{
			Name: content[head[2]:head[3]],
			Text: strings.TrimSuffix(strings.TrimSpace(content[head[1]:end]), ";"),
		})
	}
	return steps, nil
}

// Fill replaces every ${name} by its value. Values are identifiers or literals
// that the caller has quoted; a name without value is an error.
func (s Step) Fill(values map[string]string) (Step, error) {
	var missing []string
	s.Text = placeholder.ReplaceAllStringFunc(s.Text, func(match string) string {
		name := placeholder.FindStringSubmatch(match)[1]
		value, ok := values[name]
		if !ok {
			missing = append(missing, name)
		}
		return value
	})
	if len(missing) > 0 {
		return Step{}, fmt.Errorf("step %s: no value for %s", s.Name, strings.Join(missing, ", "))
	}
	return s, nil
}

// Placeholders lists the ${names} of the step, each once.
func (s Step) Placeholders() []string { return names(placeholder, s.Text) }

// Parameters lists the @names of the step, each once, in order of appearance.
func (s Step) Parameters() []string { return names(parameter, withoutComments(s.Text)) }

// WithParameters rewrites each @name to the warehouse's own spelling.
func (s Step) WithParameters(spell func(name string) string) string {
	return parameter.ReplaceAllStringFunc(withoutComments(s.Text), func(match string) string { return spell(match[1:]) })
}

func names(pattern *regexp.Regexp, text string) []string {
	var all []string
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(all, match[1]) {
			all = append(all, match[1])
		}
	}
	return all
}

var comment = regexp.MustCompile(`(?m)--[^\n]*$`)

// withoutComments drops comments, in which an @ is no parameter. No statement
// here holds "--" in a literal.
func withoutComments(text string) string { return comment.ReplaceAllString(text, "") }
