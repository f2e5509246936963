package googlesql

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	zetasql "github.com/goccy/go-googlesql"
	"github.com/stretchr/testify/require"
)

// statement is one that is sent to BigQuery, as it is sent.
type statement struct {
	Task string `json:"task"`
	Step string `json:"step"`
	SQL  string `json:"sql"`
}

// rendered has the product write all its statements. Those that make the tables that
// others speak of come first.
func rendered(t *testing.T) []statement {
	t.Helper()
	file := filepath.Join(t.TempDir(), "statements.json")
	command := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-run", "^TestEveryStatementIsRendered$",
		"./internal/warehouse/bigquery", "-rendered", file)
	command.Dir = "../.."
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var statements []statement
	require.NoError(t, json.Unmarshal(content, &statements))
	return statements
}

// analyzer knows the tables that the statements before have made.
type analyzer struct {
	t       *testing.T
	catalog *zetasql.SimpleCatalog
	types   *zetasql.TypeFactory
	options *zetasql.AnalyzerOptions
	tables  map[string]bool
}

// newAnalyzer speaks BigQuery's language: all of GoogleSQL, with QUALIFY as a keyword,
// without the types that Google keeps for itself, and with no order of JSON or arrays.
func newAnalyzer(t *testing.T) *analyzer {
	t.Helper()
	require.NoError(t, zetasql.Init())
	language, err := zetasql.NewLanguageOptionsMaximumFeatures()
	require.NoError(t, err)
	require.NoError(t, language.SetSupportsAllStatementKinds())
	require.NoError(t, language.EnableReservableKeyword("QUALIFY", true))
	for _, missing := range []zetasql.LanguageFeature{
		zetasql.LanguageFeatureFeatureJsonTypeComparison, zetasql.LanguageFeatureFeatureArrayEquality,
	} {
		require.NoError(t, language.DisableLanguageFeature(missing))
	}
	require.NoError(t, language.SetProductMode(zetasql.ProductModeProductExternal))
	a := &analyzer{t: t, tables: make(map[string]bool)}
	a.types, err = zetasql.NewTypeFactory()
	require.NoError(t, err)
	a.catalog, err = zetasql.NewSimpleCatalog("bigquery", nil)
	require.NoError(t, err)
	require.NoError(t, a.catalog.AddBuiltinFunctionsAndTypes(&zetasql.BuiltinFunctionOptions{LanguageOptions: language}))
	integer, err := a.types.GetInt64()
	require.NoError(t, err)
	require.NoError(t, a.catalog.AddType("BIGINT", integer)) // BigQuery's other name for it
	a.options, err = zetasql.NewAnalyzerOptions2()
	require.NoError(t, err)
	require.NoError(t, a.options.SetLanguage(language))
	return a
}

// analyze says what is wrong with a statement. A table that it makes is known from
// then on.
func (a *analyzer) analyze(text string) error {
	a.t.Helper()
	output, err := zetasql.AnalyzeStatement(text, a.options, a.catalog, a.types)
	if err != nil {
		return err
	}
	resolved, err := output.ResolvedStatement()
	require.NoError(a.t, err)
	if made, ok := resolved.(interface {
		NamePath() ([]string, error)
		ColumnDefinitionList() ([]*zetasql.ResolvedColumnDefinition, error)
	}); ok {
		path, err := made.NamePath()
		require.NoError(a.t, err)
		columns, err := made.ColumnDefinitionList()
		require.NoError(a.t, err)
		a.add(path[0], columns)
	}
	return nil
}

// add puts a table into the catalog, once: a table that is made anew has the columns
// it had.
func (a *analyzer) add(name string, columns []*zetasql.ResolvedColumnDefinition) {
	a.t.Helper()
	if a.tables[name] {
		return
	}
	a.tables[name] = true
	table, err := zetasql.NewSimpleTable(name, int64(len(a.tables)))
	require.NoError(a.t, err)
	for _, column := range columns {
		columnName, err := column.Name()
		require.NoError(a.t, err)
		kind, err := column.Type()
		require.NoError(a.t, err)
		simple, err := zetasql.NewSimpleColumn(name, columnName, kind, false, true)
		require.NoError(a.t, err)
		require.NoError(a.t, table.AddColumn2(simple, false))
	}
	require.NoError(a.t, a.catalog.AddTable(table))
}
