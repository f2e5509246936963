package datatest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

var placeholder = regexp.MustCompile(`\$\{([^}]*)\}?`)

// namesTables checks that the tables the test names without a dataset are the
// pipeline's. Whether others are there, the warehouse knows.
func (t Test) namesTables() error {
	ours := slices.Sorted(maps.Keys(warehouse.DefaultTables().Placeholders(func(...string) string { return "" })))
	named := []string{t.Table}
	if t.To != nil {
		named = append(named, t.To.Table)
	}
	for _, table := range named {
		if table != "" && !strings.Contains(table, ".") && !slices.Contains(ours, table) {
			return fmt.Errorf("table %q is none of the pipeline's, which are %s; another one is written dataset.table", table, strings.Join(ours, ", "))
		}
	}
	for _, name := range placeholder.FindAllStringSubmatch(t.Statement, -1) {
		if !slices.Contains(ours, name[1]) {
			return fmt.Errorf("%s names ${%s}, which is none of the pipeline's tables: %s", t.SQL, name[1], strings.Join(ours, ", "))
		}
	}
	return nil
}
