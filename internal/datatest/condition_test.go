package datatest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConditions(t *testing.T) {
	t.Parallel()
	for text, holds := range map[string][]int64{ // of 0, 1, 10, 11
		"!= 0": {1, 10, 11}, "!=0": {1, 10, 11}, "<> 0": {1, 10, 11}, ">10": {11}, ">= 10": {10, 11},
		"< 1": {0}, "<= 1": {0, 1}, "= 10": {10}, "== 10": {10}, "> 0.5": {1, 10, 11},
	} {
		var c Condition
		require.NoError(t, c.UnmarshalText([]byte(text)))
		var held []int64
		for _, n := range []int64{0, 1, 10, 11} {
			if c.Holds(n) {
				held = append(held, n)
			}
		}
		assert.Equal(t, holds, held, text)
	}
	var c Condition
	for _, text := range []string{"", "0", "!=", "> ten", "between 1 and 2", "!= 0; DROP TABLE tracks"} {
		require.Error(t, c.UnmarshalText([]byte(text)), text)
	}
}

// dbt's rule: severity error looks at error_if and then at warn_if; severity warn
// never looks at error_if; what passes has no failures.
func TestStatusIsAsInDbt(t *testing.T) {
	t.Parallel()
	ten, zero := Condition{operator: ">", number: 10}, anyFailure
	never := Condition{operator: ">", number: 1e9}
	for name, c := range map[string]struct {
		severity    Severity
		warn, fail  Condition
		failures    int64
		want        Status
		wantedCount int64
	}{
		"none":                         {SeverityError, zero, zero, 0, Pass, 0},
		"any":                          {SeverityError, zero, zero, 1, Fail, 1},
		"any of severity warn":         {SeverityWarn, zero, zero, 1, Warn, 1},
		"below error_if":               {SeverityError, zero, ten, 10, Warn, 10},
		"above error_if":               {SeverityError, zero, ten, 11, Fail, 11},
		"below both":                   {SeverityError, ten, ten, 10, Pass, 0},
		"warn ignores error_if":        {SeverityWarn, never, zero, 5, Pass, 0},
		"error_if below warn_if fails": {SeverityError, never, zero, 5, Fail, 5},
	} {
		r := Test{Severity: c.severity, WarnIf: c.warn, ErrorIf: c.fail}.Conclude(noon, Verdict{Failures: c.failures}, 0)
		assert.Equal(t, c.want, r.Status, name)
		assert.Equal(t, c.wantedCount, r.Failures, name)
	}
}

func TestNoDataKeepsAFailure(t *testing.T) {
	t.Parallel()
	for previous, want := range map[Status]Status{Fail: Fail, Warn: Warn, Pass: NoData, "": NoData} {
		assert.Equal(t, want, Result{Status: NoData}.Sticky(previous).Status, previous)
	}
	assert.Equal(t, Pass, Result{Status: Pass}.Sticky(Fail).Status)
}
