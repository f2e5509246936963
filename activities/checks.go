package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// Questions is what data tests need of a warehouse.
type Questions interface {
	// Ask answers a question that only reads.
	Ask(ctx context.Context, q warehouse.Question) (warehouse.Answer, error)
	// Tell runs a step that writes tables of the data tests.
	Tell(ctx context.Context, q warehouse.Question) error
}

// Alerts tells people.
type Alerts interface {
	// Post sends a text in Slack's markup.
	Post(ctx context.Context, text string) error
}

// Checks are the activities of data tests. They take no writer lock.
type Checks struct {
	Warehouse Questions
	// Tests are those that are declared.
	Tests []datatest.Test
	// Bucket compares windows with the export bucket.
	Bucket *Reconciliation
	// Alerts is nil when nobody is to be told.
	Alerts Alerts
}

// PlanTests says which tests a run consists of. They travel in the history, so that a
// run judges by what was declared when it began.
func (c *Checks) PlanTests(_ context.Context, in contract.PlanTestsInput) ([]datatest.Test, error) {
	var planned []datatest.Test
	known := make([]string, 0, len(c.Tests))
	for _, t := range c.Tests {
		known = append(known, t.Name)
		if t.Tagged(in.Tags) && (len(in.Names) == 0 || slices.Contains(in.Names, t.Name)) {
			planned = append(planned, t)
		}
	}
	for _, name := range in.Names {
		if !slices.Contains(known, name) {
			return nil, temporal.NewNonRetryableApplicationError(
				fmt.Sprintf("there is no test %q; known are %s", name, strings.Join(known, ", ")), contract.ErrInvalidInput, nil)
		}
	}
	return planned, nil
}

// RunTest runs one test and writes its result to test_results. A test whose statement
// the warehouse refuses has the status error; what may pass is tried again.
func (c *Checks) RunTest(ctx context.Context, in contract.RunTestInput) (datatest.Result, error) {
	life := beat(ctx, "running test "+in.Test.Name)
	defer life.stop()
	result, err := c.result(ctx, in)
	if err != nil {
		kind, permanent := classify(err)
		if !permanent {
			return datatest.Result{}, typed(err)
		}
		if result = in.Test.Broken(in.At, err.Error()); kind == contract.ErrWarehouseRefused {
			result.Message += advice(err)
		}
	}
	if err := c.record(ctx, in.Run, result); err != nil {
		return datatest.Result{}, typed(err)
	}
	return result.Discreet(), nil
}

// advice says what to do about a refused statement. A limit says so itself.
func advice(err error) string {
	if limit, ok := errors.AsType[interface {
		error
		TooLarge() bool
	}](err); ok && limit.TooLarge() {
		return ""
	}
	advice := "; compare the test with the table"
	if brief, ok := errors.AsType[interface {
		error
		Unsaid() bool
	}](err); ok && brief.Unsaid() {
		advice += ", and read the text by running its SQL with \"starter query\""
	}
	return advice
}

func (c *Checks) result(ctx context.Context, in contract.RunTestInput) (datatest.Result, error) {
	if in.Test.Missing != "" {
		return in.Test.Idle(in.At), nil
	}
	if in.Test.Gate != "" {
		open, err := c.open(ctx)
		if err != nil {
			return datatest.Result{}, err
		}
		if !open {
			return in.Test.Shut(in.At), nil
		}
	}
	result, err := c.measure(ctx, in.Test, in.At)
	if err != nil || result.Status != datatest.NoData {
		return result, err
	}
	answer, err := c.Warehouse.Ask(ctx, datatest.Previous(in.Run, in.Test.Name, in.At))
	if err != nil {
		return datatest.Result{}, fmt.Errorf("read the last result of test %s: %w", in.Test.Name, err)
	}
	previous, err := datatest.PreviousStatus(answer)
	return result.Sticky(previous), err
}

// open reports whether a dedup has succeeded, which opens the only gate there is.
func (c *Checks) open(ctx context.Context) (bool, error) {
	answer, err := c.Warehouse.Ask(ctx, datatest.Deduped())
	if err != nil {
		return false, fmt.Errorf("ask whether tracks was deduplicated: %w", err)
	}
	return datatest.IsOpen(answer)
}

func (c *Checks) measure(ctx context.Context, t datatest.Test, at time.Time) (datatest.Result, error) {
	question, err := t.Question(at)
	if err != nil {
		return datatest.Result{}, err
	}
	answer, err := c.Warehouse.Ask(ctx, question)
	if err != nil {
		return datatest.Result{}, err
	}
	from, until, exported := t.Windows(at)
	if !exported || c.Bucket == nil {
		return t.Judge(at, answer)
	}
	books, err := datatest.BooksOf(answer.Rows)
	if err != nil {
		return datatest.Result{}, err
	}
	comparison, err := c.Bucket.compare(ctx, contract.CompareWindowsInput{From: from, Until: until})
	if err != nil {
		return datatest.Result{}, fmt.Errorf("compare with the bucket: %w", err)
	}
	return t.Conclude(at, datatest.Reconcile(t, at, books, comparison.Findings), answer.Bytes), nil
}

func (c *Checks) record(ctx context.Context, run ledger.Run, result datatest.Result) error {
	question, err := datatest.Recording(run, result)
	if err != nil {
		return err
	}
	if err := c.Warehouse.Tell(ctx, question); err != nil {
		return fmt.Errorf("write the result of test %s: %w", result.Test, err)
	}
	return nil
}
