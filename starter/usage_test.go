package main

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// run runs the command line and returns what it printed and its error.
func run(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	cmd := root()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(arguments)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestMistypedCommandLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arguments []string
		says      string
	}{
		{[]string{"statsu"}, `there is no command "statsu"; did you mean status?`},
		{[]string{"xylophone"}, "`starter help` lists them"},
		{[]string{"schedules", "aply"}, `did you mean apply?`},
		{[]string{"status", "now"}, "unknown command"},
		{[]string{"status", "--foo"}, "unknown flag: --foo"},
		{[]string{"explain"}, "give an event id"},
		{[]string{"explain", "abc"}, `"abc" is no event id`},
		{[]string{"report", "--days", "0"}, "--days 0 shows nothing"},
		{[]string{"hourly", "--window", "noon"}, "not a time like"},
	} {
		_, err := run(t, c.arguments...)
		require.ErrorContains(t, err, c.says)
		assert.Equal(t, exitUsage, exitCode(err), c.arguments)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	assert.Equal(t, exitFailed, exitCode(errors.New("the run failed")))
	assert.Equal(t, exitAttention, exitCode(&attentionError{errors.New("an hour is missing")}))
	said, err := run(t, "help", "exit-codes")
	require.NoError(t, err)
	for _, code := range []string{"  0  ", "  1  ", "  2  ", "  3  "} {
		assert.Contains(t, said, code)
	}
	said, err = run(t, "completion", "bash")
	require.NoError(t, err)
	assert.Contains(t, said, "bash completion")
}
