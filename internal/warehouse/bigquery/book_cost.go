package bigquery

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	bq "cloud.google.com/go/bigquery"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// costs are those of the script's jobs so far, by step.
func (s *script) costs() []ledger.StepCost {
	steps := make([]ledger.StepCost, len(s.results))
	for i, result := range s.results {
		steps[i] = ledger.StepCost{Step: result.step, JobIDs: result.jobIDs, Cost: result.cost}
	}
	return steps
}

// bookCost adds to the ledger what the script's jobs cost. What they did is done
// whether or not this succeeds, and doing it again changes nothing.
func (s *script) bookCost(ctx context.Context, load ledger.Load) error {
	steps := s.costs()
	if len(steps) == 0 {
		return nil
	}
	var total ledger.Cost
	texts := make([]string, len(steps))
	for i, step := range steps {
		total = total.Plus(step.Cost)
		text, err := json.Marshal(step)
		if err != nil {
			return fmt.Errorf("encode cost of %s: %w", step.Step, err)
		}
		texts[i] = string(text)
	}
	last := steps[len(steps)-1].JobIDs
	book := s.warehouse.script("cost", load.Window)
	book.bind["load_id"] = load.ID
	book.bind["bytes_billed"] = total.BytesBilled
	book.bind["cost_usd"] = total.USD
	book.bind["steps"] = strings.Join(texts, ",")
	book.bind["last_job"] = last[len(last)-1]
	return book.fresh(ctx, "book")
}

// LoadCost is what the jobs of a load have cost, as far as it is booked.
func (w *Warehouse) LoadCost(ctx context.Context, win window.Window, loadID string) (ledger.Cost, error) {
	s := w.script("cost", win)
	s.bind["load_id"] = loadID
	row, err := askOne[struct {
		Steps bq.NullString `bigquery:"steps"`
	}](ctx, s, "read")
	if err != nil || !row.Steps.Valid {
		return ledger.Cost{}, err
	}
	var steps []ledger.StepCost
	if err := json.Unmarshal([]byte(row.Steps.StringVal), &steps); err != nil {
		return ledger.Cost{}, fmt.Errorf("read the cost of load %s: %w", loadID, err)
	}
	var total ledger.Cost
	for _, step := range steps {
		total = total.Plus(step.Cost)
	}
	return total, nil
}
