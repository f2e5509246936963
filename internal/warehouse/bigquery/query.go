package bigquery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	bq "cloud.google.com/go/bigquery"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// query is one statement, or a script of several.
type query struct {
	task
	sql string
	// parameters are the values of the @names. A nil value has no type: use
	// bq.NullString and the like.
	parameters map[string]any
	// into is the table that takes the rows, nil for a temporary one; a partition is
	// named like tracks$20260612. disposition says what becomes of the rows that it
	// has.
	into        *bq.Table
	disposition bq.TableWriteDisposition
	// maxBytes is the most the query may be billed for, when that is less than the
	// settings say.
	maxBytes int64
}

// query runs a statement or script, once for its key.
func (j *jobs) query(ctx context.Context, q query) (*result, error) {
	asks, err := q.asks()
	if err != nil {
		return nil, err
	}
	done, err := j.run(ctx, work{task: q.task, asks: asks, insert: func(ctx context.Context, id bq.JobIDConfig, labels map[string]string) (*bq.Job, error) {
		statement := j.statement(q)
		statement.JobIDConfig = id
		statement.Labels = labels
		return statement.Run(ctx)
	}})
	if refused, ok := errors.AsType[*Error](err); ok && refused.TooLarge() && j.limits(q) {
		refused.Mend = warehouse.MendMaxBytes
	}
	return done, err
}

// limits reports whether the query's own limit is the one that holds.
func (j *jobs) limits(q query) bool {
	return q.maxBytes > 0 && (j.MaxBytesBilled <= 0 || q.maxBytes < j.MaxBytesBilled)
}

// estimate is what a statement would cost.
type estimate struct {
	// bytes is what it would read at most. For clustered tables and MERGE it reads
	// less, or as much.
	bytes int64
	// usd is the on-demand price of that, 0 on reserved slots.
	usd float64
	// kind is BigQuery's name for the statement, such as MERGE.
	kind string
}

// estimate asks what a single statement would read, and whether it is valid, without
// running it. Of scripts BigQuery cannot tell.
func (j *jobs) estimate(ctx context.Context, q query) (estimate, error) {
	var planned *bq.Job
	err := j.insist(ctx, func(ctx context.Context) (err error) {
		statement := j.statement(q)
		statement.DryRun = true
		statement.MaxBytesBilled = 0 // who asks for the price wants to hear it
		statement.Location = j.Location
		planned, err = statement.Run(ctx)
		return err
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return estimate{}, fmt.Errorf("estimate %s: %w", q.step, ended(ctx, err))
	case err != nil:
		return estimate{}, fmt.Errorf("estimate %s: %w", q.step, explain("", err))
	}
	statistics := statusOf(planned).Statistics
	read := statistics.TotalBytesProcessed
	e := estimate{bytes: read, usd: j.Price.dollars(read, 0)}
	if details, ok := statistics.Details.(*bq.QueryStatistics); ok {
		e.kind = details.StatementType
	}
	return e, nil
}

func (j *jobs) statement(q query) *bq.Query {
	statement := j.client.Query(q.sql)
	statement.Dst = q.into
	statement.WriteDisposition = q.disposition
	statement.MaxBytesBilled = j.MaxBytesBilled
	if j.limits(q) {
		statement.MaxBytesBilled = q.maxBytes
	}
	statement.JobTimeout = j.JobTimeout
	for _, name := range slices.Sorted(maps.Keys(q.parameters)) {
		statement.Parameters = append(statement.Parameters, bq.QueryParameter{Name: name, Value: q.parameters[name]})
	}
	return statement
}

// asks tells one query from another: by its text, and by its parameters with their
// types.
func (q query) asks() ([]byte, error) {
	type typed struct {
		Type  string
		Value any
	}
	parameters := make(map[string]typed, len(q.parameters))
	for name, value := range q.parameters {
		parameters[name] = typed{Type: fmt.Sprintf("%T", value), Value: value}
	}
	asks, err := json.Marshal([]any{"query", q.sql, parameters, tableName(q.into), q.disposition})
	if err != nil {
		return nil, fmt.Errorf("encode the parameters of %s: %w", q.step, err)
	}
	return asks, nil
}

func tableName(table *bq.Table) string {
	if table == nil {
		return ""
	}
	return table.FullyQualifiedName()
}
