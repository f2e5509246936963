package bigquery

import (
	"context"
	"errors"
	"fmt"
	"time"

	bq "cloud.google.com/go/bigquery"
	"google.golang.org/api/iterator"
)

// longestJob is how long BigQuery lets a script run.
const longestJob = 24 * time.Hour

// Drain waits until no earlier write to tracks is under way, and returns the ids of
// the jobs it waited for. How they end is theirs to say: whoever asks for the same
// work again gets their result.
func (w *Warehouse) Drain(ctx context.Context) ([]string, error) {
	return w.jobs.drain(ctx, w.options.Tables.Name())
}

// drain waits for all jobs of this pipeline that write a table.
func (j *jobs) drain(ctx context.Context, table string) ([]string, error) {
	var ids []string
	for _, state := range []bq.State{bq.Pending, bq.Running} {
		left, err := j.writersOf(ctx, table, state)
		if err != nil {
			return ids, fmt.Errorf("list jobs that write %s: %w", table, err)
		}
		for _, writer := range left {
			ids = append(ids, writer.ID())
			if err := j.wait(ctx, writer); err != nil && (ctx.Err() != nil || !statusOf(writer).Done()) {
				return ids, fmt.Errorf("wait for job %s, which writes %s: %w", writer.ID(), table, err)
			}
		}
	}
	return ids, nil
}

func (j *jobs) writersOf(ctx context.Context, table string, state bq.State) ([]*bq.Job, error) {
	var writers []*bq.Job
	err := j.insist(ctx, func(ctx context.Context) error {
		writers = nil
		all := j.client.Jobs(ctx)
		all.State, all.MinCreationTime = state, time.Now().Add(-longestJob)
		for {
			found, err := all.Next()
			if errors.Is(err, iterator.Done) {
				return nil
			}
			if err != nil {
				return err
			}
			if labels := labelsOf(found); labels["pipeline"] == label(j.Pipeline) && labels[writesLabel] == label(table) {
				writers = append(writers, found)
			}
		}
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ended(ctx, err)
	case err != nil:
		return nil, explain("", err)
	}
	return writers, nil
}
