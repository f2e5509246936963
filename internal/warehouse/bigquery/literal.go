package bigquery

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// literal writes a value into a statement. Statements go out with literals instead
// of parameters: BigQuery prunes partitions by them for certain, a dry run can
// price them, and what stands in the job's log can be pasted into the console.
//
// The values are counts, times, ids and object names, never event data.
func literal(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return quoteText(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	case time.Time:
		return "TIMESTAMP '" + v.UTC().Format("2006-01-02 15:04:05.999999") + "+00'", nil
	default:
		return "", fmt.Errorf("there is no literal for a %T", value)
	}
}

// quoteText is a string literal. Everything but plain characters is escaped, so
// that no object name can end it.
func quoteText(text string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range text {
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// numberList is a list of integer literals. An empty list is one NULL, which
// nothing equals.
func numberList(values []int64) string {
	if len(values) == 0 {
		return "NULL"
	}
	list := make([]string, len(values))
	for i, value := range values {
		list[i] = strconv.FormatInt(value, 10)
	}
	return strings.Join(list, ", ")
}
