package datatest

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

//go:embed tests.yaml
var declared []byte

// Kind is what a test looks for.
type Kind string

// Severity is how bad a failure is, as in dbt.
type Severity string

// The severities.
const (
	SeverityError Severity = "error"
	SeverityWarn  Severity = "warn"
)

// PurchaseFlow stands in Test.Events for the events of the purchase flow, whose names
// every product chooses for itself.
const PurchaseFlow = "${purchase_flow}"

// GateDedup opens once duplicates have been removed from tracks.
const GateDedup = "dedup"

// Test is one declared test. It travels in histories, so a run judges by what was
// declared when it began.
type Test struct { //nolint:recvcheck // complete alone changes it
	Name string `json:"name" yaml:"name"`
	Kind Kind   `json:"kind" yaml:"kind"`
	// Table is one of the pipeline's ("tracks") or another one ("dataset.table").
	Table string `json:"table,omitempty" yaml:"table"`
	// Column is what most kinds are about; Key the column that samples show.
	Column string `json:"column,omitempty" yaml:"column"`
	Key    string `json:"key,omitempty" yaml:"key"`
	// Where is a condition in SQL: the test sees only the rows that meet it.
	Where string `json:"where,omitempty" yaml:"where"`
	// Events are names of events: the test sees only these. PurchaseFlow among them
	// stands for the names that the configuration lists.
	Events []string `json:"events,omitempty" yaml:"events"`
	// Missing names the setting without which the test cannot be run.
	Missing string `json:"missing,omitempty" yaml:"-"`
	// Timestamp is the column that Since, Last and buckets are about. Since and Last
	// become literal bounds, by which partitions are pruned.
	Timestamp string   `json:"timestamp,omitempty" yaml:"timestamp"`
	Since     *Instant `json:"since,omitempty" yaml:"since"`
	Last      Period   `json:"last,omitempty" yaml:"last"`
	// Lag is how long ago the newest data that is looked at must be.
	Lag      Period    `json:"lag,omitempty" yaml:"lag"`
	Severity Severity  `json:"severity" yaml:"severity"`
	WarnIf   Condition `json:"warnIf,omitzero" yaml:"warn_if"`
	ErrorIf  Condition `json:"errorIf,omitzero" yaml:"error_if"`
	Tags     []string  `json:"tags,omitempty" yaml:"tags"`
	// Gate names what must have succeeded before the test is run: GateDedup or nothing.
	Gate string `json:"gate,omitempty" yaml:"gate"`
	// MaxBytes is the most the test may read.
	MaxBytes Size `json:"maxBytes" yaml:"max_bytes"`
	// Description is for people.
	Description string `json:"description,omitempty" yaml:"description"`

	// Values are what accepted_values accepts.
	Values []string `json:"values,omitempty" yaml:"values"`
	// To is the other end of relationships.
	To *Reference `json:"to,omitempty" yaml:"to"`
	// WarnAfter and ErrorAfter are the ages of freshness, 0 for never.
	WarnAfter  Period `json:"warnAfter,omitempty" yaml:"warn_after"`
	ErrorAfter Period `json:"errorAfter,omitempty" yaml:"error_after"`
	// SQL is a file that holds one statement, which returns the failing rows; Statement
	// is what it holds.
	SQL       string `json:"sql,omitempty" yaml:"sql"`
	Statement string `json:"statement,omitempty" yaml:"-"`
	// Export makes reconciliation compare with the bucket too.
	Export bool `json:"export,omitempty" yaml:"export"`

	Anomaly `yaml:",inline"`
}

// Reference names a column of another table.
type Reference struct {
	Table  string `json:"table" yaml:"table"`
	Column string `json:"column" yaml:"column"`
}

var testName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Declared are the tests that hold unless a file says otherwise.
func Declared() ([]Test, error) {
	return Parse(declared, func(string) ([]byte, error) { return nil, errors.New("declared tests name no files") })
}

// Parse reads tests from YAML. A field that does not exist, one that its kind has
// no use for, and a missing one are errors that name it. read returns the content of
// a test's SQL file.
func Parse(content []byte, read func(file string) ([]byte, error)) ([]Test, error) {
	var file struct {
		Tests []Test `yaml:"tests"`
	}
	if err := yaml.UnmarshalWithOptions(content, &file, yaml.DisallowUnknownField()); err != nil {
		return nil, fmt.Errorf("read tests: %w", err)
	}
	if len(file.Tests) == 0 {
		return nil, errors.New("no tests are declared; docs/data-tests.md shows how to")
	}
	names := make(map[string]bool)
	for i := range file.Tests {
		t := &file.Tests[i]
		if t.SQL != "" {
			statement, err := read(t.SQL)
			if err != nil {
				return nil, fmt.Errorf("test %s: read %s: %w", t.Name, t.SQL, err)
			}
			if t.Statement = strings.TrimSpace(string(statement)); t.Statement == "" {
				return nil, fmt.Errorf("test %s: %s holds no statement", t.Name, t.SQL)
			}
		}
		if err := t.complete(); err != nil {
			return nil, fmt.Errorf("test %q: %w", t.Name, err)
		}
		if names[t.Name] {
			return nil, fmt.Errorf("test %q is declared twice", t.Name)
		}
		names[t.Name] = true
	}
	return file.Tests, nil
}

// complete checks the test and fills in what its kind takes for granted.
func (t *Test) complete() error { //nolint:cyclop // a list of rules
	kind, known := kinds[t.Kind]
	switch {
	case !testName.MatchString(t.Name):
		return errors.New("name must be lower case letters, digits and _")
	case !known:
		return fmt.Errorf("kind %q does not exist; known are %v", t.Kind, Kinds())
	case t.Gate != "" && t.Gate != GateDedup:
		return fmt.Errorf("gate %q does not exist; known is %s", t.Gate, GateDedup)
	case t.Since != nil && t.Last != 0:
		return errors.New("since and last exclude each other")
	}
	if t.Severity == "" {
		t.Severity = SeverityError
	}
	if t.Severity != SeverityError && t.Severity != SeverityWarn {
		return fmt.Errorf("severity %q is neither %q nor %q", t.Severity, SeverityError, SeverityWarn)
	}
	for _, condition := range []*Condition{&t.WarnIf, &t.ErrorIf} {
		if condition.operator == "" {
			*condition = anyFailure
		}
	}
	kind.fill(t)
	if t.MaxBytes <= 0 {
		return errors.New("max_bytes must say how much the test may read, such as 10 GB")
	}
	if (t.Since != nil || t.Last != 0) && t.Timestamp == "" {
		return errors.New("since and last need timestamp, the column they are about")
	}
	if err := kind.validate(*t); err != nil {
		return err
	}
	return t.namesTables()
}

// WithPurchaseFlow puts names in the place of PurchaseFlow. setting is where they come
// from, for people who have to give them.
func (t Test) WithPurchaseFlow(names []string, setting string) Test {
	i := slices.Index(t.Events, PurchaseFlow)
	if i < 0 {
		return t
	}
	t.Events = slices.Replace(slices.Clone(t.Events), i, i+1, names...)
	if len(names) == 0 {
		t.Missing = setting
	}
	return t
}

// Tagged reports whether the test has one of the tags, or there are none to have.
func (t Test) Tagged(tags []string) bool {
	return len(tags) == 0 || slices.ContainsFunc(tags, func(tag string) bool { return slices.Contains(t.Tags, tag) })
}

// span is the range of Timestamp that the test looks at; zero times are open ends.
func (t Test) span(now time.Time) (from, to time.Time) {
	if t.Since != nil {
		from = t.Since.Time
	}
	to = now.Add(-t.Lag.Length())
	if t.Last != 0 {
		from = to.Add(-t.Last.Length())
	}
	if t.Lag == 0 {
		to = time.Time{}
	}
	return from, to
}
