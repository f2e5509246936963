package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
)

// CheckTracks runs the data tests.
const CheckTracks = "CheckTracks"

// CheckAction is what ids of check runs begin with; the schedule and the command line
// append the time.
const CheckAction = "check"

// CheckInput is what CheckTracks can be told. Nothing at all runs every test.
type CheckInput struct {
	// Tests are the names of the tests to run, Tags those one of which they must have.
	Tests []string `json:"tests,omitempty"`
	Tags  []string `json:"tags,omitempty"`
}

// UnmarshalJSON refuses fields that do not exist.
func (in *CheckInput) UnmarshalJSON(text []byte) error {
	type plain CheckInput
	return strictly(text, (*plain)(in))
}

// CheckResult is what the tests found. A run that fails has it in its error's details.
type CheckResult struct {
	// Summary counts the tests by status.
	Summary string            `json:"summary"`
	Results []datatest.Result `json:"results"`
	// Opened and Resolved name the tests whose incidents began and ended.
	Opened   []string `json:"opened,omitempty"`
	Resolved []string `json:"resolved,omitempty"`
}

// CheckProgress answers the progress query.
type CheckProgress struct {
	// Step is what the run is doing, in words.
	Step    string            `json:"step"`
	Planned int               `json:"planned"`
	Results []datatest.Result `json:"results,omitempty"`
}

// checkTracks runs the data tests beside each other, tells of incidents, and fails if
// a test of severity error does.
func (w *Workflows) checkTracks(ctx workflow.Context, in CheckInput) (*CheckResult, error) {
	c := &check{in: in}
	if err := c.setup(ctx, w); err != nil {
		return nil, err
	}
	return c.run(ctx)
}

// check is one run of CheckTracks.
type check struct {
	in       CheckInput
	settings Settings
	progress CheckProgress
}

func (c *check) setup(ctx workflow.Context, w *Workflows) error {
	settings, err := w.pin(ctx)
	if err != nil {
		return err
	}
	c.settings = settings
	c.at(ctx, "starting")
	return workflow.SetQueryHandlerWithOptions(ctx, ProgressQuery,
		func() (CheckProgress, error) { return c.progress, nil },
		workflow.QueryHandlerOptions{Description: "Which data tests are done, and what they found"})
}

func (c *check) run(ctx workflow.Context) (*CheckResult, error) {
	tests := testRun{settings: c.settings, noted: func(ctx workflow.Context, planned int, results []datatest.Result) {
		c.progress.Planned, c.progress.Results = planned, results
		c.at(ctx, fmt.Sprintf("%d of %d tests done", len(results), planned))
	}}
	done, err := tests.run(ctx, contract.PlanTestsInput{Names: c.in.Tests, Tags: c.in.Tags})
	if err != nil {
		return nil, err
	}
	if len(done.Results) == 0 {
		return nil, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("no test has one of the tags %v; \"starter check --list\" shows which there are", c.in.Tags), contract.ErrInvalidInput, nil)
	}
	c.progress.Results = done.Results
	c.at(ctx, "done: "+done.Summary)
	if failed := datatest.Failed(done.Results); len(failed) > 0 {
		return nil, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("%s: %s", done.Summary, failures(failed)), contract.ErrTestsFailed, nil, *done)
	}
	return done, nil
}

// failures names failed tests with what they found.
func failures(failed []datatest.Result) string {
	texts := make([]string, len(failed))
	for i, r := range failed {
		texts[i] = r.Test + ": " + r.Message
	}
	return strings.Join(texts, "; ")
}

func (c *check) at(ctx workflow.Context, step string) {
	c.progress.Step = step
	details := "**" + step + "**"
	if len(c.progress.Results) > 0 {
		details += "\n\n" + datatest.Table(c.progress.Results)
	}
	workflow.SetCurrentDetails(ctx, details)
}
