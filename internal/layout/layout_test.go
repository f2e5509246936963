// Package layout holds the dependency rule of the code base, as a test.
package layout

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/posthog-tracks/posthog-tracks/"

// rules say what each package may import of this module. Workflows know only the
// plain types that histories hold; activities know no warehouse; a warehouse knows
// no activity; nothing knows the commands.
var rules = map[string][]string{
	"workflows":                   {"internal/contract", "internal/datatest", "internal/export", "internal/keys", "internal/ledger", "internal/reconcile", "internal/span", "internal/window"},
	"activities":                  {"internal/contract", "internal/datatest", "internal/export", "internal/gcs", "internal/keys", "internal/ledger", "internal/parquetfile", "internal/reconcile", "internal/staging", "internal/warehouse", "internal/window"},
	"worker":                      nil, // the commands put everything together
	"starter":                     nil,
	"deploy":                      {},
	"sql":                         {},
	"internal/alert":              {},
	"internal/codec":              {},
	"internal/config":             {"internal/contract", "internal/datatest", "internal/export", "internal/warehouse"},
	"internal/connect":            {"internal/codec", "internal/config", "internal/gcs", "internal/report", "internal/staging", "internal/warehouse/bigquery", "internal/warehouse/duckdb"},
	"internal/contract":           {"internal/datatest", "internal/export", "internal/ledger", "internal/reconcile", "internal/window"},
	"internal/datatest":           {"internal/ledger", "internal/reconcile", "internal/span", "internal/warehouse", "internal/window"},
	"internal/event":              {},
	"internal/export":             {"internal/window"},
	"internal/gcs":                {"internal/export"},
	"internal/keys":               {},
	"internal/layout":             {},
	"internal/ledger":             {"internal/event", "internal/export", "internal/window"},
	"internal/overview":           {"internal/ledger", "internal/window"},
	"internal/parquetfile":        {},
	"internal/reconcile":          {"internal/export", "internal/ledger", "internal/window"},
	"internal/replay":             {"workflows"},
	"internal/report":             {"internal/overview", "internal/window"},
	"internal/span":               {},
	"internal/staging":            {"internal/event", "internal/export", "internal/ledger", "internal/parquetfile", "internal/window"},
	"internal/telemetry":          {"internal/contract", "internal/ledger", "internal/window"},
	"internal/warehouse":          {},
	"internal/warehouse/bigquery": {"internal/keys", "internal/ledger", "internal/warehouse", "internal/window", "sql"},
	"internal/warehouse/duckdb":   {"internal/keys", "internal/ledger", "internal/warehouse", "internal/window", "sql"},
	"internal/window":             {},
}

// plain packages hold types and judgements: they may not reach files or the network.
var plain = []string{"internal/contract", "internal/datatest", "internal/event", "internal/export", "internal/keys", "internal/ledger", "internal/reconcile", "internal/span", "internal/window", "workflows"}

var outside = []string{"os", "net", "net/http", "database/sql", "os/exec", "syscall"}

type listed struct {
	ImportPath string   `json:"ImportPath"`
	Imports    []string `json:"Imports"`
}

func packages(t *testing.T) []listed {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"...")
	command.Dir = "../.."
	output, err := command.Output()
	require.NoError(t, err)
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(output))); ; {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, p)
	}
}

func TestImportsFollowTheRule(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, known := rules[name]
		seen[name] = true
		if !assert.True(t, known, "package %s has no rule; write down what it may import", name) {
			continue
		}
		for _, imported := range p.Imports {
			within, isOurs := strings.CutPrefix(imported, module)
			if isOurs && allowed != nil {
				assert.Contains(t, allowed, within, "%s imports %s", name, within)
			}
			if slices.Contains(plain, name) {
				assert.NotContains(t, outside, imported, "%s is plain and imports %s", name, imported)
			}
		}
	}
	for name := range rules {
		assert.True(t, seen[name], "there is a rule for %s and no such package", name)
	}
}
