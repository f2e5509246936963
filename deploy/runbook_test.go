package deploy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
)

// sections are the texts below the headings of a page, by what links call them.
func sections(t *testing.T, page string) map[string]string {
	t.Helper()
	headings := regexp.MustCompile(`(?m)^#{2,} (.+)$`)
	text := string(read(t, page))
	found := make(map[string]string)
	all := headings.FindAllStringSubmatchIndex(text, -1)
	for i, at := range all {
		end := len(text)
		if i+1 < len(all) {
			end = all[i+1][0]
		}
		anchor := strings.ToLower(text[at[2]:at[3]])
		anchor = strings.ReplaceAll(regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(anchor, ""), " ", "-")
		found[anchor] = text[at[1]:end]
	}
	return found
}

// Whoever is paged finds, at the link that the alert has, what it means, where to
// look, and something to paste.
func TestEveryAlertHasARunbook(t *testing.T) {
	t.Parallel()
	rules := parsed[struct {
		Groups []struct {
			Rules []struct {
				Alert       string            `yaml:"alert"`
				Annotations map[string]string `yaml:"annotations"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	}](t, "prometheus/alerts.yml")
	require.NotEmpty(t, rules.Groups)
	for _, group := range rules.Groups {
		require.NotEmpty(t, group.Rules)
		for _, rule := range group.Rules {
			page, anchor, ok := strings.Cut(rule.Annotations["runbook"], "#")
			require.True(t, ok, rule.Alert)
			section, ok := sections(t, filepath.Join("..", page))[anchor]
			require.True(t, ok, "%s: %s has no section %s", rule.Alert, page, anchor)
			assert.Contains(t, section, "**Means.**", rule.Alert)
			assert.Contains(t, section, "**See.**", rule.Alert)
			assert.Regexp(t, `(?m)^    \S`, section, "%s: something to paste", rule.Alert)
		}
	}
}

// The type of every error that a run can end with is explained.
func TestEveryErrorHasARunbook(t *testing.T) {
	t.Parallel()
	page := string(read(t, "../docs/runbook.md"))
	for _, name := range errorTypes(t) {
		assert.Regexp(t, `(?m)^(## (.*, )?`+name+`(,.*)?|\| `+name+` \|.*)$`, page, "docs/runbook.md has no section and no row on %s", name)
	}
}

// errorTypes are the values of the contract's constants Err...
func errorTypes(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../internal/contract/*.go")
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(parsed, func(node ast.Node) bool {
			value, ok := node.(*ast.ValueSpec)
			if !ok || !strings.HasPrefix(value.Names[0].Name, "Err") {
				return true
			}
			if literal, ok := value.Values[0].(*ast.BasicLit); ok {
				name, err := strconv.Unquote(literal.Value)
				require.NoError(t, err)
				names = append(names, name)
			}
			return true
		})
	}
	require.Greater(t, len(names), 20)
	return names
}

// What to do about a failed data test is said for every kind.
func TestEveryKindOfDataTestHasARunbook(t *testing.T) {
	t.Parallel()
	section := sections(t, "../docs/runbook.md")["testsfailed"]
	for _, kind := range datatest.Kinds() {
		assert.Regexp(t, "(?m)^\\| [^|]*`"+string(kind)+"`", section)
	}
}
