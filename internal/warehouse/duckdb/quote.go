//go:build cgo

package duckdb

import (
	databasesql "database/sql"
	"strings"
	"time"
)

// quote puts together the parts of an identifier.
func quote(parts ...string) string {
	quoted := make([]string, len(parts))
	for i, part := range parts {
		quoted[i] = `"` + strings.ReplaceAll(part, `"`, `""`) + `"`
	}
	return strings.Join(quoted, ".")
}

// textList is a list of text literals. An empty list is one NULL, which nothing equals.
func textList(values []string) string {
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = "'" + strings.ReplaceAll(value, "'", "''") + "'"
	}
	return orNull(quoted)
}

func orNull(list []string) string {
	if len(list) == 0 {
		return "NULL"
	}
	return strings.Join(list, ", ")
}

// instant is a literal, which prunes.
func instant(at time.Time) string {
	return "TIMESTAMPTZ '" + at.UTC().Format("2006-01-02 15:04:05.999999") + "+00'"
}

// isOneOf is a condition that column is one of the instants, as literals, which
// prune. No instant is no row.
func isOneOf(column string, instants []databasesql.Null[time.Time]) string {
	list, orNone := make([]string, 0, len(instants)), ""
	for _, at := range instants {
		if !at.Valid {
			orNone = " OR " + column + " IS NULL"
			continue
		}
		list = append(list, instant(at.V))
	}
	return column + " IN (" + orNull(list) + ")" + orNone
}
