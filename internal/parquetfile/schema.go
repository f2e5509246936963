package parquetfile

import (
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go/format"
)

// field is a column of the file's top level.
type field struct {
	name    string
	element *format.SchemaElement
	// leaf is the position of the column among the chunks of a row group.
	// It is meaningless for a group, which has as many chunks as it has leaves.
	leaf  int
	group bool
}

// topLevel lists the columns of the top level, and for every leaf the column it belongs to. The schema is a
// depth-first list of a tree, in which an element only says how many children follow: it is walked with a
// counter, so that neither depth nor shape of a hostile one matters.
func topLevel(schema []format.SchemaElement) (fields []field, leaves []string, err error) {
	const most = 10_000
	switch {
	case len(schema) == 0:
		return nil, nil, errorf(Corrupt, "its schema is empty")
	case len(schema) > most:
		return nil, nil, errorf(TooLarge, "its schema has %d elements, the limit is %d", len(schema), most)
	}
	children, err := childrenOf(schema, 0)
	if err != nil {
		return nil, nil, err
	}
	pos := 1
	for range children {
		if pos >= len(schema) {
			return nil, nil, errorf(Corrupt, "its schema ends before its last column")
		}
		size, below, err := subtree(schema, pos)
		if err != nil {
			return nil, nil, err
		}
		f := field{
			name:    strings.Clone(schema[pos].Name), // the original keeps the whole footer in memory
			element: &schema[pos],
			leaf:    len(leaves),
			group:   size > 1 || below == 0,
		}
		fields = append(fields, f)
		for range below {
			leaves = append(leaves, f.name)
		}
		pos += size
	}
	if pos != len(schema) {
		return nil, nil, errorf(Corrupt, "its schema holds %d elements beyond its columns", len(schema)-pos)
	}
	return fields, leaves, nil
}

// subtree returns the number of elements and of leaves of the tree whose root is schema[at].
func subtree(schema []format.SchemaElement, at int) (elements, leaves int, err error) {
	for open := 1; open > 0; open-- {
		pos := at + elements
		if pos >= len(schema) {
			return 0, 0, errorf(Corrupt, "its schema ends inside a nested column")
		}
		children, err := childrenOf(schema, pos)
		if err != nil {
			return 0, 0, err
		}
		if children == 0 && schema[pos].Type.Valid {
			leaves++
		}
		open += children
		elements++
	}
	return elements, leaves, nil
}

func childrenOf(schema []format.SchemaElement, at int) (int, error) {
	if !schema[at].NumChildren.Valid {
		return 0, nil
	}
	n := int(schema[at].NumChildren.V)
	if n < 0 || n >= len(schema) {
		return 0, errorf(Corrupt, "its schema declares %d children for element %d of %d", n, at, len(schema))
	}
	return n, nil
}

// The columns of an export, in the order in which they are held.
const (
	colUUID = iota
	colEvent
	colProperties
	colDistinctID
	colPersonID
	colTimestamp
	colInsertedAt
	numColumns
)

// wanted says which columns are read, under which names and as what. The first name that a file has is taken:
// an older writer called _inserted_at inserted_at.
var wanted = [numColumns]struct {
	names    []string
	kinds    []kind
	optional bool
}{
	colUUID:       {names: []string{"uuid"}, kinds: []kind{text, uuid}},
	colEvent:      {names: []string{"event"}, kinds: []kind{text}},
	colProperties: {names: []string{"properties"}, kinds: []kind{text}},
	colDistinctID: {names: []string{"distinct_id"}, kinds: []kind{text}},
	colPersonID:   {names: []string{"person_id"}, kinds: []kind{text, uuid}},
	colTimestamp:  {names: []string{"timestamp"}, kinds: []kind{instant}},
	colInsertedAt: {names: []string{"_inserted_at", "inserted_at"}, kinds: []kind{instant}, optional: true},
}

// selection is what resolve found in a schema.
type selection struct {
	// columns has an entry for every wanted column; that of an absent optional one is nil.
	columns        [numColumns]*columnSpec
	extra, missing []string
	// leaves holds the name of the top-level column of every leaf, which is every chunk of a row group.
	leaves []string
}

// resolve finds the wanted columns by name, in any order, and checks that they are of a type that is read.
func resolve(schema []format.SchemaElement) (*selection, error) {
	fields, leaves, err := topLevel(schema)
	if err != nil {
		return nil, err
	}
	s := &selection{leaves: leaves}
	taken := make(map[string]bool)
	var absent []string
	for i, w := range wanted {
		at, err := findField(fields, w.names)
		switch {
		case err != nil:
			return nil, err
		case at < 0 && w.optional:
			s.missing = append(s.missing, w.names[0])
			continue
		case at < 0:
			absent = append(absent, w.names[0])
			continue
		}
		taken[fields[at].name] = true
		if s.columns[i], err = specOf(fields[at], w.kinds); err != nil {
			return nil, err
		}
	}
	for _, f := range fields {
		if !taken[f.name] {
			s.extra = append(s.extra, f.name)
		}
	}
	slices.Sort(s.extra)
	if len(absent) > 0 {
		return nil, errorf(MissingColumn, "it lacks %s; it has %s; use PostHog's default schema of the events model",
			quoteNames(absent), quoteNames(fieldNames(fields)))
	}
	return s, nil
}

// findField returns the position of the first name that a field bears, or -1.
func findField(fields []field, names []string) (int, error) {
	for _, name := range names {
		at := -1
		for i := range fields {
			if fields[i].name != name {
				continue
			}
			if at >= 0 {
				return -1, errorf(Corrupt, "it has two columns named %s", quoteName(name))
			}
			at = i
		}
		if at >= 0 {
			return at, nil
		}
	}
	return -1, nil
}

func fieldNames(fields []field) []string {
	names := make([]string, 0, len(fields))
	for _, f := range fields {
		names = append(names, f.name)
	}
	slices.Sort(names)
	return names
}
