package bigquery

import (
	"context"
	"errors"
	"fmt"
	"slices"

	bq "cloud.google.com/go/bigquery"
	"google.golang.org/api/iterator"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// result is the outcome of work that is done.
type result struct {
	// step names the work.
	step string
	// jobIDs are all jobs that the work took, the successful one last.
	jobIDs []string
	// cost is that of all of them.
	cost ledger.Cost

	jobs *jobs
	job  *bq.Job
}

func (r *result) count(ended *bq.Job) {
	r.jobIDs = append(r.jobIDs, ended.ID())
	r.cost = r.cost.Plus(r.jobs.Price.of(statusOf(ended)))
}

// changes is how many rows a statement changed.
type changes struct{ inserted, updated, deleted int64 }

// changes is zero for a script, whose statements are counted one by one in
// statements.
func (r *result) changes() changes { return changesOf(r.job) }

// loaded is how many rows a load wrote.
func (r *result) loaded() int64 {
	details, _ := statusOf(r.job).Statistics.Details.(*bq.LoadStatistics)
	if details == nil {
		return 0
	}
	return details.OutputRows
}

// processed is how many bytes were read, billed or not.
func (r *result) processed() int64 { return statusOf(r.job).Statistics.TotalBytesProcessed }

// statement is one statement of a script.
type statement struct {
	jobID string
	// line is where it starts in the script's text, from 1.
	line int64
	// kind is BigQuery's name for it, such as MERGE.
	kind    string
	changes changes
	cost    ledger.Cost
}

// statements are those of a script that ran as jobs, in the order in which they ran.
// Their costs are part of the script's.
func (r *result) statements(ctx context.Context) ([]statement, error) {
	if statusOf(r.job).Statistics.NumChildJobs == 0 {
		return nil, nil
	}
	var children []*bq.Job
	err := r.jobs.insist(ctx, func(ctx context.Context) error {
		children = nil
		for list := r.job.Children(ctx); ; {
			child, err := list.Next()
			if errors.Is(err, iterator.Done) {
				return nil
			}
			if err != nil {
				return err
			}
			children = append(children, child)
		}
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ended(ctx, err)
	case err != nil:
		return nil, fmt.Errorf("list the statements of a script: %w", explain(r.job.ID(), err))
	}
	// BigQuery lists the newest first; several may start in one millisecond.
	slices.Reverse(children)
	slices.SortStableFunc(children, func(a, b *bq.Job) int {
		return statusOf(a).Statistics.StartTime.Compare(statusOf(b).Statistics.StartTime)
	})
	list := make([]statement, 0, len(children))
	for _, child := range children {
		list = append(list, r.jobs.statementOf(child))
	}
	return list, nil
}

func (j *jobs) statementOf(child *bq.Job) statement {
	s := statement{jobID: child.ID(), changes: changesOf(child), cost: j.Price.of(statusOf(child))}
	if script := statusOf(child).Statistics.ScriptStatistics; script != nil && len(script.StackFrames) > 0 {
		s.line = script.StackFrames[0].StartLine
	}
	if details, ok := statusOf(child).Statistics.Details.(*bq.QueryStatistics); ok {
		s.kind = details.StatementType
	}
	return s
}

func changesOf(ended *bq.Job) changes {
	details, _ := statusOf(ended).Statistics.Details.(*bq.QueryStatistics)
	if details == nil || details.DMLStats == nil {
		return changes{}
	}
	return changes{inserted: details.DMLStats.InsertedRowCount, updated: details.DMLStats.UpdatedRowCount, deleted: details.DMLStats.DeletedRowCount}
}

// rows reads all rows of a query into values of T: a struct with bigquery tags, or
// []bq.Value. It is meant for answers of a page or a few, not for data: all of it has
// CallTimeout. BigQuery keeps the rows for about a day.
func rows[T any](ctx context.Context, r *result) ([]T, error) {
	reading, cancel := context.WithTimeout(ctx, r.jobs.CallTimeout)
	defer cancel()
	all := make([]T, 0)
	list, err := r.job.Read(reading)
	for err == nil {
		var row T
		if err = list.Next(&row); err == nil {
			all = append(all, row)
		}
	}
	switch {
	case errors.Is(err, iterator.Done):
		return all, nil
	case missing(err):
		return nil, &Error{
			JobID: r.job.ID(), class: permanent, Reason: "notFound", Text: "its rows are gone, for BigQuery keeps them for a day only",
			Mend: "ask again under another key",
		}
	case ctx.Err() != nil:
		return nil, fmt.Errorf("read rows of job %s: %w", r.job.ID(), ended(ctx, err))
	case reading.Err() != nil:
		return nil, &Error{JobID: r.job.ID(), class: again, Text: fmt.Sprintf("reading its rows took longer than %s", r.jobs.CallTimeout)}
	default:
		return nil, fmt.Errorf("read rows: %w", explain(r.job.ID(), err))
	}
}
