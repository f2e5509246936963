// Package googlesql analyses every statement that is sent to BigQuery with GoogleSQL's
// own front end, so that no typing error, misspelled column or wrong type waits for
// production. It is a module of its own, because the front end takes minutes to compile.
package googlesql

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEveryStatementIsGoogleSQL(t *testing.T) {
	a := newAnalyzer(t)
	statements := rendered(t)
	for _, s := range statements {
		assert.NoError(t, a.analyze(s.SQL), "step %s of %s:\n%s", s.Step, s.Task, s.SQL)
	}
	t.Logf("%d statements over %d tables are GoogleSQL", len(statements), len(a.tables))
}
