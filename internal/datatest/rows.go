package datatest

import (
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// sampled is how many failing keys a result shows.
const sampled = 5

// failingRows are the kinds whose question returns what fails: a key to show, how
// many failures there are, and how many rows they stand for.
type failingRows struct{ step string }

func (k failingRows) question(t Test, now time.Time) (warehouse.Question, error) {
	from, to := t.span(now)
	scope := warehouse.Scope{Where: t.Where, Events: t.Events, Column: t.Timestamp, From: from, To: to}
	q := warehouse.Question{
		Task: "checks", Step: k.step,
		Tables:    map[string]string{"table": t.Table},
		Columns:   map[string]string{"column": t.Column, "key": t.Key},
		Scopes:    map[string]warehouse.Scope{"scope": scope, "range": {Column: t.Timestamp, From: from, To: to}},
		Lists:     map[string][]string{"values": t.Values},
		Statement: t.Statement,
		Bind:      map[string]any{"sampled": int64(sampled)},
	}
	if t.To != nil {
		q.Tables["parent"], q.Columns["parent_column"] = t.To.Table, t.To.Column
	}
	return q, nil
}

// judge counts as dbt does: unique fails once a value, not once a row too many.
func (k failingRows) judge(t Test, _ time.Time, rows [][]any) (Verdict, error) {
	v := Verdict{Expectation: "0 failures"}
	var affected int64
	for _, row := range rows {
		cells := cellsOf(row)
		if key := cells.text(0); key != "" {
			v.Sample = append(v.Sample, key)
		}
		v.Failures, affected = cells.integer(1), cells.integer(2)
		if cells.err != nil {
			return Verdict{}, cells.err
		}
	}
	v.Value = new(float64(v.Failures))
	v.Message = k.say(t, v.Failures, affected)
	return v, nil
}

func (k failingRows) say(t Test, failures, affected int64) string {
	switch k.step {
	case "unique":
		return fmt.Sprintf("%s of %s in more than one row of %s, %s too many",
			plural(failures, "value"), t.Column, t.Table, plural(affected, "row"))
	case "not_null":
		return fmt.Sprintf("%s of %s without %s", plural(failures, "row"), t.Table, t.Column)
	case "accepted_values":
		return fmt.Sprintf("%s of %s that %s not accepted, in %s of %s",
			plural(failures, "value"), t.Column, isOrAre(failures), plural(affected, "row"), t.Table)
	case "relationships":
		return fmt.Sprintf("%s of %s whose %s is not in %s", plural(failures, "row"), t.Table, t.Column, t.To.Table)
	case "keys_drift":
		return fmt.Sprintf("%s on which tracks and tracks_keys differ, by %s", plural(failures, "day"), plural(affected, "row"))
	case "collisions":
		return plural(failures, "row") + " refused because the event_id belongs to another event"
	default:
		return plural(failures, "failing row")
	}
}

func isOrAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// cells reads one row of an answer; the first cell that is not what it should be is
// kept as err.
type cells struct {
	row []any
	err error
}

func cellsOf(row []any) *cells { return &cells{row: row} }

func (c *cells) at(i int) any {
	if i >= len(c.row) {
		c.fail(i, nil)
		return nil
	}
	return c.row[i]
}

func (c *cells) fail(i int, value any) {
	if c.err == nil {
		c.err = fmt.Errorf("column %d of the answer is a %T", i+1, value)
	}
}

// text is "" for NULL.
func (c *cells) text(i int) string {
	switch v := c.at(i).(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		c.fail(i, v)
		return ""
	}
}

// integer is 0 for NULL.
func (c *cells) integer(i int) int64 {
	n, _ := c.known(i)
	return n
}

// known is false for NULL.
func (c *cells) known(i int) (n int64, ok bool) {
	switch v := c.at(i).(type) {
	case nil:
		return 0, false
	case int64:
		return v, true
	default:
		c.fail(i, v)
		return 0, false
	}
}

func (c *cells) instant(i int) time.Time {
	switch v := c.at(i).(type) {
	case nil:
		return time.Time{}
	case time.Time:
		return v.UTC()
	default:
		c.fail(i, v)
		return time.Time{}
	}
}
