package overview

import (
	"context"
	"time"
)

// TestResult is the newest result of a data test.
type TestResult struct {
	Test     string `json:"test"`
	Kind     string `json:"kind"`
	Table    string `json:"table"`
	Severity string `json:"severity"`
	// Status is pass, warn, fail, error, no data or gated.
	Status   string `json:"status"`
	Failures int64  `json:"failures"`
	// Message is what a person reads.
	Message    string    `json:"message"`
	Bytes      int64     `json:"bytes"`
	CheckedAt  time.Time `json:"checkedAt"`
	WorkflowID string    `json:"workflowId"`
	RunID      string    `json:"runId"`
	// Runs and BytesAll count all its runs since the instant that was asked for.
	Runs     int64 `json:"runs"`
	BytesAll int64 `json:"bytesAll"`
}

// Bad reports whether somebody has to look at it.
func (t *TestResult) Bad() bool { return t.Status == "fail" || t.Status == "error" }

// Tests are the newest results of all data tests that ran since an instant.
func Tests(ctx context.Context, tables Tables, from time.Time) ([]TestResult, error) {
	return read(ctx, tables, "overview", "tests", map[string]any{"from": from}, testOf)
}

func testOf(r *record) TestResult {
	return TestResult{
		Test: r.text(), Kind: r.text(), Table: r.text(), Severity: r.text(), Status: r.text(), Failures: r.number(),
		Message: r.text(), Bytes: r.number(), CheckedAt: r.time(), WorkflowID: r.text(), RunID: r.text(),
		Runs: r.number(), BytesAll: r.number(),
	}
}
