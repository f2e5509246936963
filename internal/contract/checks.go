package contract

import (
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// The activities of data tests.
const (
	PlanTests     = "PlanTests"
	RunTest       = "RunTest"
	ConcludeTests = "ConcludeTests"
)

// ErrTestsFailed says that the data is not as the data tests want it.
const ErrTestsFailed = "TestsFailed"

// PlanTestsInput asks which tests there are. The result is a list of datatest.Test.
type PlanTestsInput struct {
	// Names are the tests to run, Tags those one of which they must have; without any,
	// all tests are meant.
	Names []string `json:"names,omitempty"`
	Tags  []string `json:"tags,omitempty"`
}

// RunTestInput asks for one test to be run and its result to be written down. The
// result is a datatest.Result.
type RunTestInput struct {
	Test datatest.Test `json:"test"`
	// At is the moment as of which the test judges.
	At  time.Time  `json:"at"`
	Run ledger.Run `json:"run"`
}

// ConcludeTestsInput asks for incidents to be opened and resolved by a run's results,
// and for people to be told.
type ConcludeTestsInput struct {
	At      time.Time         `json:"at"`
	Run     ledger.Run        `json:"run"`
	Results []datatest.Result `json:"results"`
}

// ConcludeTestsResult says what became of the incidents.
type ConcludeTestsResult struct {
	// Opened and Resolved are names of tests.
	Opened   []string `json:"opened,omitempty"`
	Resolved []string `json:"resolved,omitempty"`
	// Told is how many alerts went out; without a webhook they are only logged.
	Told int `json:"told,omitempty"`
}
