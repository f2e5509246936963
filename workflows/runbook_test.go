package workflows

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// typed are what the runbook tells people to type, by the workflow's type: its input
// and those of its updates. A nil input stands for none.
var typed = map[string]map[string]func() any{
	HourlyTracks: {"": func() any { return new(HourlyInput) }},
	ReloadWindows: {
		"": func() any { return new(ReloadInput) }, PauseUpdate: reasoned, ResumeUpdate: nil,
		SkipUpdate: func() any { return new(Skip) }, ConcurrencyUpdate: func() any { return new(Concurrency) },
	},
	ReconcileExports: {"": func() any { return new(ReconcileInput) }},
	BackfillTracks: {
		"": func() any { return new(BackfillInput) }, PauseUpdate: reasoned, ResumeUpdate: nil,
		RetryUpdate: func() any { return new(Retry) },
	},
	DedupTracks: {
		"": func() any { return new(DedupInput) }, ApproveUpdate: func() any { return new(Approval) },
		RejectUpdate: reasoned, RollbackUpdate: reasoned, ReleaseUpdate: reasoned,
	},
	KeysRebuild: {"": func() any { return new(KeysRebuildInput) }},
	KeysVerify:  {"": func() any { return new(KeysVerifyInput) }},
	CheckTracks: {"": func() any { return new(CheckInput) }},
}

func reasoned() any { return new(Because) }

var (
	// jsonText is an object in a line of its own, or between backquotes.
	jsonText = regexp.MustCompile("(?m)^    (\\{.*\\})$|`(\\{[^`]*\\})`")
	// updateRow is a row of a table that begins with an update, or names one.
	updateRow = regexp.MustCompile("^\\| `(\\w+)` \\| `?[{n]|Update `(\\w+)`")
)

// Everything that the runbook tells people to paste is what the workflows take: each
// section is about the workflows that it names.
func TestWhatTheRunbookSaysToPaste(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../docs/runbook.md")
	require.NoError(t, err)
	// What the UI shows of a run is not for pasting; it has a test of its own.
	content = regexp.MustCompile("(?s)```text.*?```").ReplaceAll(content, nil)
	seen := make(map[string]bool)
	for _, section := range regexp.MustCompile(`(?m)^## `).Split(string(content), -1) {
		title, _, _ := strings.Cut(section, "\n")
		var named []string
		for workflow := range typed {
			if strings.Contains(section, "`"+workflow+"`") {
				named = append(named, workflow)
			}
		}
		for line := range strings.SplitSeq(section, "\n") {
			update := ""
			if row := updateRow.FindStringSubmatch(line); row != nil {
				update = row[1] + row[2]
			}
			for _, found := range jsonText.FindAllStringSubmatch(line, -1) {
				text := found[1] + found[2]
				taken := false
				for _, workflow := range named {
					taken = taken || takes(typed[workflow], update, text)
					seen[workflow+" "+update] = seen[workflow+" "+update] || takes(typed[workflow], update, text)
				}
				assert.True(t, taken, "%s: no workflow of %v takes %s as input of %q", title, named, text, update)
			}
		}
	}
	for workflow, inputs := range typed {
		for update, into := range inputs {
			if into != nil {
				assert.True(t, seen[workflow+" "+update], "the runbook does not show what to paste for %s %s", workflow, update)
			}
		}
	}
}

// takes reports whether a workflow, or an update of it, decodes what was pasted.
func takes(inputs map[string]func() any, update, text string) bool {
	into, known := inputs[update]
	if !known { // a field of the input, in a table of fields
		into = inputs[""]
	}
	return into != nil && json.Unmarshal([]byte(text), into()) == nil
}
