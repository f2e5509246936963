//go:build chromium

package pages

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pasted is something that the runbook says to paste into Temporal's UI.
type pasted struct {
	id, queue, kind string
	// update is empty for the input of a run. json is empty for an update without input.
	update, json string
}

var (
	shownBlock = regexp.MustCompile("(?s)```text.*?```")
	nextTitle  = regexp.MustCompile(`(?m)^## `)
	// startForm is how the runbook says what to fill in.
	startForm = regexp.MustCompile("(?s)Workflow ID\\s+`([^`]+)`[^`]*Task Queue\\s+`([^`]+)`,\\s+Workflow\\s+Type\\s+`([^`]+)`")
	// formWithout is one that lacks something.
	formWithout = regexp.MustCompile("Workflow\\s+Type\\s+`")
	// otherID gives one input an id of its own.
	otherID   = regexp.MustCompile("`(\\{[^`]*\\})` under the Workflow ID\\s+`([^`]+)`")
	inputText = regexp.MustCompile("(?m)^    (\\{.*\\})$|`(\\{[^`]*\\})`")
	updateRow = regexp.MustCompile("^\\| `(pause|resume|retry|skip|concurrency)` \\| (?:`\\{|none)|Update `(\\w+)`")
)

// toPaste is all that the runbook says to paste, in its order.
func toPaste(t *testing.T) (all []pasted) {
	t.Helper()
	content, err := os.ReadFile("../../docs/runbook.md")
	require.NoError(t, err)
	text := shownBlock.ReplaceAllString(string(content), "")
	forms := make(map[string]pasted)
	for _, form := range startForm.FindAllStringSubmatch(text, -1) {
		forms[form[3]] = pasted{id: form[1], queue: form[2], kind: form[3]}
	}
	require.Len(t, startForm.FindAllString(text, -1), len(formWithout.FindAllString(text, -1)), "a form lacks its id or its queue")
	for _, section := range nextTitle.Split(text, -1) {
		form, found := formOf(section, forms)
		for line := range strings.SplitSeq(section, "\n") {
			one := form
			if row := updateRow.FindStringSubmatch(line); row != nil {
				one.update = row[1] + row[2]
			}
			texts := inputText.FindAllStringSubmatch(line, -1)
			if one.update != "" && texts == nil {
				all = append(all, one)
			}
			for _, text := range texts {
				require.True(t, found, "whose input is it? %s", line)
				one.json = text[1] + text[2]
				if other := otherID.FindStringSubmatch(section); other != nil && other[1] == one.json {
					one.id = other[2]
				}
				all = append(all, one)
			}
		}
	}
	return all
}

// formOf is what a section says to fill in. One that only names a workflow means what
// another section says of it.
func formOf(section string, forms map[string]pasted) (form pasted, found bool) {
	if own := startForm.FindStringSubmatch(section); own != nil {
		return forms[own[3]], true
	}
	for kind, form := range forms {
		if strings.Contains(section, "`"+kind+"`") {
			return form, true
		}
	}
	return pasted{}, false
}

// book is what is left to paste.
type book struct{ left []pasted }

// next takes the next input of a workflow, or of its update, out of the book.
func (b *book) next(t *testing.T, kind, update string) pasted {
	t.Helper()
	i := slices.IndexFunc(b.left, func(p pasted) bool { return p.kind == kind && p.update == update })
	require.GreaterOrEqual(t, i, 0, "the runbook has no further input of %s %s", kind, update)
	return b.take(i)
}

// exactly takes this input of a workflow out of the book.
func (b *book) exactly(t *testing.T, kind, json string) pasted {
	t.Helper()
	i := slices.IndexFunc(b.left, func(p pasted) bool { return p.kind == kind && p.update == "" && p.json == json })
	require.GreaterOrEqual(t, i, 0, "the runbook has no input %s of %s", json, kind)
	return b.take(i)
}

func (b *book) take(i int) pasted {
	found := b.left[i]
	b.left = slices.Delete(b.left, i, i+1)
	return found
}

// starts are all inputs of runs that are left.
func (b *book) starts() (all []pasted) {
	b.left = slices.DeleteFunc(b.left, func(p pasted) bool {
		if p.update == "" {
			all = append(all, p)
		}
		return p.update == ""
	})
	return all
}
