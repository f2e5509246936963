//go:build cgo

package duckdb

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// scan is what a statement reads of one table.
type scan struct {
	table string
	// columns are those that rows are made of, filters the conditions on rows, as the
	// plan has them.
	columns, filters []string
}

// readSize is how many bytes of tables a step has to read, before it is run: the
// blocks of the columns and row groups that its plan scans.
func (w *Warehouse) readSize(ctx context.Context, s *session, step string) (size int64, err error) {
	scans, err := s.scans(ctx, step)
	if err != nil {
		return 0, err
	}
	measure := w.session(s.conn, "read_size")
	for _, scan := range scans {
		bounded, from, to := scan.bounds()
		measure.fill["columns"] = textList(scan.columns)
		measure.bind = map[string]any{
			"table": scan.table, "filters": strings.Join(scan.filters, "\n"), "bounded": bounded, "from": from, "to": to,
		}
		var bytes int64
		if err := measure.queryRow(ctx, "read_size", &bytes); err != nil {
			return 0, err
		}
		size += bytes
	}
	return size, nil
}

// scans asks for the step's plan. A table that is scanned twice is read once, as far
// as both go.
func (s *session) scans(ctx context.Context, step string) ([]scan, error) {
	text, args, err := s.statement(step)
	if err != nil {
		return nil, err
	}
	var kind, plan string
	if err := s.conn.QueryRowContext(ctx, "EXPLAIN (FORMAT JSON) "+text, args...).Scan(&kind, &plan); err != nil {
		return nil, fmt.Errorf("plan %s: %w", step, clean(err))
	}
	var nodes []planNode
	if err := json.Unmarshal([]byte(plan), &nodes); err != nil {
		return nil, fmt.Errorf("read the plan of %s: %w", step, err)
	}
	var all []scan
	for _, found := range scansOf(nodes) {
		merged := false
		for i := range all {
			if all[i].table == found.table {
				all[i], merged = all[i].and(found), true
			}
		}
		if !merged {
			all = append(all, found)
		}
	}
	return all, nil
}

// planNode is one operator of a plan.
type planNode struct {
	Children []planNode `json:"children"`
	Extra    struct {
		Table       string `json:"Table"`
		Projections texts  `json:"Projections"`
		Filters     texts  `json:"Filters"`
	} `json:"extra_info"`
}

// texts are one text, or a list of them.
type texts []string

// UnmarshalJSON reads either.
func (t *texts) UnmarshalJSON(content []byte) error {
	var one string
	if json.Unmarshal(content, &one) == nil {
		if one != "" {
			*t = texts{one}
		}
		return nil
	}
	return json.Unmarshal(content, (*[]string)(t))
}

func scansOf(nodes []planNode) []scan {
	var found []scan
	for _, node := range nodes {
		if node.Extra.Table != "" {
			parts := strings.Split(node.Extra.Table, ".")
			table := quote(parts[max(0, len(parts)-2):]...) // the first is the file's name
			found = append(found, scan{table: table, columns: node.Extra.Projections, filters: node.Extra.Filters})
		}
		found = append(found, scansOf(node.Children)...)
	}
	return found
}

// and is what this scan and another of the same table read. Only if both have the
// same bounds do they bound it.
func (s scan) and(other scan) scan {
	column, from, to := s.bounds()
	columnToo, fromToo, toToo := other.bounds()
	both := scan{table: s.table, columns: append(append([]string(nil), s.columns...), other.columns...)}
	both.filters = append(append([]string(nil), s.filters...), other.filters...)
	if column != columnToo || !from.Equal(fromToo) || !to.Equal(toToo) {
		both.filters = []string{strings.Join(both.filters, unbounding)}
	}
	return both
}

// unbounding stands between filters no one of which holds for all rows.
const unbounding = " OR "

// bound is a condition that bounds a column by a literal. A bound that is no part of
// its range counts as one.
var bound = regexp.MustCompile(`^(\w+)(>=|>|<=|<)'([^']+)'::TIMESTAMP WITH TIME ZONE$`)

// bounds finds the range of the first column whose rows are bounded in time. Without
// one, name is "".
func (s scan) bounds() (name string, from, to time.Time) {
	from, to = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, filter := range s.filters {
		if strings.Contains(filter, " OR ") {
			continue
		}
		for condition := range strings.SplitSeq(filter, " AND ") {
			parts := bound.FindStringSubmatch(condition)
			if parts == nil || name != "" && parts[1] != name {
				continue
			}
			at, err := time.Parse("2006-01-02 15:04:05.999999-07", parts[3])
			switch {
			case err != nil:
				continue
			case parts[2][0] == '>' && at.After(from):
				from = at
			case parts[2][0] == '<' && at.Before(to):
				to = at
			}
			name = parts[1]
		}
	}
	return name, from, to
}
