package datatest

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// resultsTask is the SQL file about test_results and its incidents.
const resultsTask = "test_results"

// noValue stands for no value where a number has to be written.
const noValue = -math.MaxFloat64

// Record are the values by which a run's result is written to test_results.
func Record(run ledger.Run, r Result) (map[string]any, error) {
	sample, err := json.Marshal(r.Sample)
	if err != nil {
		return nil, fmt.Errorf("encode the sample of test %s: %w", r.Test, err)
	}
	value := noValue
	if r.Value != nil {
		value = *r.Value
	}
	return map[string]any{
		"run_id": run.RunID, "workflow_id": run.WorkflowID, "test": r.Test, "kind": string(r.Kind),
		"table_name": r.Table, "severity": string(r.Severity), "status": string(r.Status), "failures": r.Failures,
		"value": value, "no_value": noValue, "expectation": r.Expectation, "message": r.Message,
		"sample": string(sample), "bytes": r.Bytes, "bytes_limit": r.BytesLimit, "checked_at": r.CheckedAt.UTC(),
	}, nil
}

// Recording writes a run's result to test_results, once.
func Recording(run ledger.Run, r Result) (warehouse.Question, error) {
	bind, err := Record(run, r)
	return warehouse.Question{Task: resultsTask, Step: "record", Bind: bind}, err
}

// Previous asks for the last verdict on the test before this run's.
func Previous(run ledger.Run, test string, now time.Time) warehouse.Question {
	return warehouse.Question{Task: resultsTask, Step: "previous", Bind: map[string]any{
		"test": test, "run_id": run.RunID, "checked_at": now.UTC(),
	}}
}

// PreviousStatus reads the answer to Previous; it is "" when there was none.
func PreviousStatus(answer warehouse.Answer) (Status, error) {
	if len(answer.Rows) == 0 {
		return "", nil
	}
	c := cellsOf(answer.Rows[0])
	status := Status(c.text(0))
	return status, c.err
}

// Open asks for the incidents that are open.
func Open() warehouse.Question { return warehouse.Question{Task: resultsTask, Step: "open_incidents"} }

// Untold asks for the incidents that somebody has to be told of, or told that they are
// over.
func Untold() warehouse.Question { return warehouse.Question{Task: resultsTask, Step: "untold"} }

// IncidentsOf reads the answer to Open or Untold.
func IncidentsOf(answer warehouse.Answer) ([]Incident, error) {
	incidents := make([]Incident, 0, len(answer.Rows))
	for _, row := range answer.Rows {
		c := cellsOf(row)
		i := Incident{ID: c.text(0), Test: c.text(1), Status: Status(c.text(2)), Message: c.text(3), OpenedAt: c.instant(4)}
		if len(row) > 5 {
			i.AlertedAt, i.ResolvedAt = c.instant(5), c.instant(6)
		}
		if c.err != nil {
			return nil, c.err
		}
		incidents = append(incidents, i)
	}
	return incidents, nil
}

// Opening writes an incident down, unless the test has one that is as bad.
func (i Incident) Opening() warehouse.Question {
	return warehouse.Question{Task: resultsTask, Step: "open_incident", Bind: map[string]any{
		"incident_id": i.ID, "test": i.Test, "status": string(i.Status), "message": i.Message, "opened_at": i.OpenedAt.UTC(),
	}}
}

// Resolving writes down that an incident is over, and what there is to say of it then.
func (i Incident) Resolving() warehouse.Question {
	return warehouse.Question{Task: resultsTask, Step: "resolve_incident", Bind: map[string]any{
		"incident_id": i.ID, "message": i.Message, "resolved_at": i.ResolvedAt.UTC(),
	}}
}

// Telling writes down that somebody was told.
func (i Incident) Telling(now time.Time) warehouse.Question {
	return warehouse.Question{Task: resultsTask, Step: "told", Bind: map[string]any{
		"incident_id": i.ID, "told_at": now.UTC(),
	}}
}

// Deduped asks whether a dedup of tracks has succeeded, which opens GateDedup.
func Deduped() warehouse.Question { return warehouse.Question{Task: resultsTask, Step: "dedup_done"} }

// IsOpen reads the answer to Deduped.
func IsOpen(answer warehouse.Answer) (bool, error) {
	if len(answer.Rows) != 1 {
		return false, fmt.Errorf("%d rows instead of one", len(answer.Rows))
	}
	c := cellsOf(answer.Rows[0])
	n := c.integer(0)
	return n > 0, c.err
}
