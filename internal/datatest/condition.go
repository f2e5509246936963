package datatest

import (
	"fmt"
	"regexp"
	"strconv"
)

// Condition is dbt's warn_if or error_if: an operator and a number that the
// failures are compared with, for example "!= 0" or ">10".
type Condition struct {
	operator string
	number   float64
}

var conditionText = regexp.MustCompile(`^\s*(!=|<>|>=|<=|==?|>|<)\s*(-?\d+(?:\.\d+)?)\s*$`)

// anyFailure is dbt's default for both conditions.
var anyFailure = Condition{operator: "!=", number: 0}

// Holds reports whether a count of failures meets the condition.
func (c Condition) Holds(failures int64) bool {
	n := float64(failures)
	switch c.operator {
	case ">":
		return n > c.number
	case ">=":
		return n >= c.number
	case "<":
		return n < c.number
	case "<=":
		return n <= c.number
	case "=", "==":
		return n == c.number
	default:
		return n != c.number
	}
}

// UnmarshalText reads "!= 0".
func (c *Condition) UnmarshalText(text []byte) error {
	match := conditionText.FindStringSubmatch(string(text))
	if match == nil {
		return fmt.Errorf("condition %q is not an operator and a number, such as \"!= 0\" or \"> 10\"", text)
	}
	number, err := strconv.ParseFloat(match[2], 64)
	if err != nil {
		return fmt.Errorf("condition %q: %w", text, err)
	}
	*c = Condition{operator: match[1], number: number}
	return nil
}

// MarshalText writes "!= 0".
func (c Condition) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

func (c Condition) String() string {
	if c.operator == "" {
		return ""
	}
	return c.operator + " " + strconv.FormatFloat(c.number, 'g', -1, 64)
}
