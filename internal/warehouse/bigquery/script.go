package bigquery

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"

	bq "cloud.google.com/go/bigquery"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/sql"
)

// script runs the steps of one SQL file, one job each or several in one job.
type script struct {
	warehouse *Warehouse
	task      string
	steps     map[string]sql.Step
	// window names the work in job ids and labels.
	window string
	// fill are the values of ${names}, bind those of @names.
	fill map[string]string
	bind map[string]any
	// results are the jobs so far.
	results []*result
}

func (w *Warehouse) script(task string, win window.Window) *script {
	s := &script{warehouse: w, task: task, steps: make(map[string]sql.Step), window: win.String(), fill: maps.Clone(w.tables), bind: make(map[string]any)}
	for _, step := range w.scripts[task] {
		s.steps[step.Name] = step
	}
	if !win.IsZero() {
		s.bind["window"] = win.Start()
	}
	return s
}

// text puts steps together to the text of one job.
func (s *script) text(names ...string) (string, error) {
	texts := make([]string, len(names))
	for i, name := range names {
		step, ok := s.steps[name]
		if !ok {
			return "", fmt.Errorf("there is no SQL step %q in %s", name, s.task)
		}
		filled, err := step.Fill(s.fill)
		if err != nil {
			return "", err
		}
		var missing error
		texts[i] = filled.WithParameters(func(parameter string) string {
			text, err := literal(s.bind[parameter])
			if err != nil {
				missing = fmt.Errorf("step %s: @%s: %w", name, parameter, err)
			}
			return text
		})
		if missing != nil {
			return "", missing
		}
		texts[i] = strings.TrimSpace(texts[i])
	}
	if len(texts) == 1 {
		return texts[0], nil
	}
	return strings.Join(texts, ";\n\n") + ";", nil
}

// do runs steps as one job, once for the key: whoever asks again under the same key
// gets the job that ran, however long ago.
func (s *script) do(ctx context.Context, key string, names ...string) (*result, error) {
	text, err := s.text(names...)
	if err != nil {
		return nil, err
	}
	work := task{step: s.jobStep(names[0]), window: s.window, key: key}
	if slices.Contains(names, "move_fence") { // as every write to tracks does
		work.writes = s.warehouse.options.Tables.Name()
	}
	result, err := s.warehouse.jobs.query(ctx, query{task: work, sql: text})
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", strings.Join(names, ", "), err)
	}
	s.results = append(s.results, result)
	return result, nil
}

// jobStep is a step's name in job ids, labels and the ledger.
func (s *script) jobStep(name string) string { return strings.ReplaceAll(s.task+"-"+name, "_", "-") }

// fresh runs one step anew, whatever ran before: it is for what may be done any
// number of times.
func (s *script) fresh(ctx context.Context, name string) error {
	_, err := s.do(ctx, rand.Text(), name)
	return err
}

// ask runs one step anew, for an answer that is not of yesterday.
func ask[T any](ctx context.Context, s *script, name string) ([]T, error) {
	result, err := s.do(ctx, rand.Text(), name)
	if err != nil {
		return nil, err
	}
	return rows[T](ctx, result)
}

// askOne runs one step that returns one row.
func askOne[T any](ctx context.Context, s *script, name string) (T, error) {
	found, err := ask[T](ctx, s, name)
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("step %s returned %d rows instead of one", name, len(found))
	}
	if err != nil {
		var none T
		return none, err
	}
	return found[0], nil
}

// table is a staging table of the dataset.
func (w *Warehouse) table(name string) (*bq.Table, string) {
	return w.client.Dataset(w.options.Tables.Dataset).Table(name), quoteIn(w.options.Project)(w.options.Tables.Dataset, name)
}
