package config

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every field has a row in the documentation, with the variable that overrides it.
func TestEveryFieldIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/configuration.md")
	require.NoError(t, err)
	var walk func(kind reflect.Type, field, variable string)
	walk = func(kind reflect.Type, field, variable string) {
		for _, f := range reflect.VisibleFields(kind) {
			name := strings.TrimPrefix(field+"."+f.Tag.Get("yaml"), ".")
			if prefix, ok := f.Tag.Lookup("envPrefix"); ok {
				walk(f.Type, name, variable+prefix)
				continue
			}
			assert.Contains(t, string(page), "| `"+name+"` | `"+variable+f.Tag.Get("env")+"` |")
		}
	}
	walk(reflect.TypeFor[Config](), "", variablePrefix)
}
