package workflows

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
)

// answer is what an update of a test was told.
type answer struct {
	accepted bool
	rejected error
	failed   error
	// then is what the test does once it is answered.
	then func()
}

func (a *answer) Accept() { a.accepted = true }

func (a *answer) Reject(err error) {
	a.rejected = err
	a.then()
}

func (a *answer) Complete(_ any, err error) {
	a.failed = err
	a.then()
}

// message is an update of a test, and whether it must be accepted.
type message struct {
	name     string
	accepted bool
	input    []any
}

// conversation is the updates of a test.
type conversation struct {
	t    *testing.T
	env  *testsuite.TestWorkflowEnvironment
	said int
}

// say sends updates, each when the one before it is answered.
func (c *conversation) say(messages ...message) {
	if len(messages) == 0 {
		return
	}
	told, now := &answer{}, messages[0]
	told.then = func() {
		assert.Equal(c.t, now.accepted, told.accepted, "%s %v: %v", now.name, now.input, told.rejected)
		require.NoError(c.t, told.failed)
		c.say(messages[1:]...)
	}
	c.said++
	c.env.UpdateWorkflow(now.name, strconv.Itoa(c.said), told, now.input...)
}
