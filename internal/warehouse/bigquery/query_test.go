package bigquery

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	bq "cloud.google.com/go/bigquery"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	rest "google.golang.org/api/bigquery/v2"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

// table is the ending of a query with two columns.
func table(rows ...[]string) ending {
	return ending{
		looks:  2,
		fields: []*rest.TableFieldSchema{{Name: "bucket", Type: "INTEGER"}, {Name: "day", Type: "STRING"}},
		rows:   rows,
	}
}

type bucket struct {
	Bucket int64  `bigquery:"bucket"`
	Day    string `bigquery:"day"`
}

func TestRowsAreReadWhenTheJobIsDone(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.course = func(*fakeJob) ending { return table([]string{"7", "monday"}, []string{"8", "friday"}) }
		result, err := f.runner().query(f.Context(), merge())
		require.NoError(f, err)
		assert.Zero(f, f.seen("results"))
		got, err := rows[bucket](f.Context(), result)
		require.NoError(f, err)
		assert.Equal(f, []bucket{{7, "monday"}, {8, "friday"}}, got)
		values, err := rows[[]bq.Value](f.Context(), result)
		require.NoError(f, err)
		assert.Equal(f, []bq.Value{int64(8), "friday"}, values[1])
	})
}

func TestRowsOfAnEmptyAnswer(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.course = func(*fakeJob) ending { return table() }
		result, err := f.runner().query(f.Context(), merge())
		require.NoError(f, err)
		got, err := rows[bucket](f.Context(), result)
		require.NoError(f, err)
		assert.Empty(f, got)
	})
}

func TestReadingRowsEnds(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.course = func(*fakeJob) ending { return table([]string{"7", "monday"}) }
		result, err := f.runner().query(f.Context(), merge())
		require.NoError(f, err)

		f.fault("results", 1, hang)
		start := time.Now()
		_, err = rows[bucket](f.Context(), result)
		var failure *Error
		require.ErrorAs(f, err, &failure)
		assert.False(f, failure.Permanent())
		assert.Equal(f, time.Minute, time.Since(start))

		f.fault("results", 1, hang)
		_, err = rows[bucket](f.within(time.Second), result)
		require.ErrorIs(f, err, context.DeadlineExceeded)

		f.fault("results", 2, refuse(503, "backendError", ""))
		_, err = rows[bucket](f.Context(), result)
		require.NoError(f, err, "the client tries again")

		f.fault("results", 1, refuse(404, "notFound", "Not found: Table demo:_anon.x"))
		_, err = rows[bucket](f.Context(), result)
		require.ErrorContains(f, err, "gone")
	})
}

func TestResultsCountRowsAndMoney(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.course = func(j *fakeJob) ending {
			e := ending{quick: true, statistics: rest.JobStatistics{TotalBytesProcessed: 3 << 40, TotalSlotMs: 1000, Query: &rest.JobStatistics2{
				StatementType: "MERGE", TotalBytesBilled: 2 << 40, TotalSlotMs: 1000,
				DmlStats: &rest.DmlStatistics{InsertedRowCount: 5, UpdatedRowCount: 3, DeletedRowCount: 1},
			}}}
			if j.number == 1 {
				e.err = &rest.ErrorProto{Reason: "backendError"}
			}
			return e
		}
		result, err := f.runner().query(f.Context(), merge())
		require.NoError(f, err)
		assert.Equal(f, changes{inserted: 5, updated: 3, deleted: 1}, result.changes())
		assert.Equal(f, int64(3<<40), result.processed())
		assert.Equal(f, ledger.Cost{BytesBilled: 4 << 40, SlotMillis: 2000, USD: 25}, result.cost, "both attempts")
	})
}

func TestAScriptTellsOfItsStatements(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		child := func(number int, line int64, kind string, inserted int64) *rest.JobListJobs {
			return &rest.JobListJobs{
				JobReference: &rest.JobReference{ProjectId: testProject, JobId: fmt.Sprintf("script_job_%d", number), Location: testLocation},
				Status:       &rest.JobStatus{State: "DONE"}, Configuration: &rest.JobConfiguration{Query: &rest.JobConfigurationQuery{}},
				Statistics: &rest.JobStatistics{
					StartTime: int64(1_700_000_000_000 + number/2), ScriptStatistics: &rest.ScriptStatistics{StackFrames: []*rest.ScriptStackFrame{{StartLine: line}}},
					Query: &rest.JobStatistics2{StatementType: kind, TotalBytesBilled: 1 << 40, DmlStats: &rest.DmlStatistics{InsertedRowCount: inserted}},
				},
			}
		}
		f.course = func(*fakeJob) ending {
			return ending{
				statistics: rest.JobStatistics{NumChildJobs: 3, Query: &rest.JobStatistics2{StatementType: "SCRIPT", TotalBytesBilled: 3 << 40}},
				children:   []*rest.JobListJobs{child(3, 9, "INSERT", 2), child(2, 5, "MERGE", 4), child(1, 2, "DELETE", 0)},
			}
		}
		result, err := f.runner().query(f.Context(), merge())
		require.NoError(f, err)
		f.fault("list", 1, refuse(503, "", ""))
		statements, err := result.statements(f.Context())
		require.NoError(f, err)
		require.Len(f, statements, 3)
		assert.Equal(f, statement{jobID: "script_job_2", line: 5, kind: "MERGE", changes: changes{inserted: 4}, cost: ledger.Cost{BytesBilled: 1 << 40, USD: 6.25}}, statements[1])
		assert.Equal(f, "DELETE", statements[0].kind)
		assert.InDelta(f, 3*6.25, result.cost.USD, 1e-9, "the statements are in the script's bill already")
	})
}

func TestAStatementHasNoStatements(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		result, err := f.runner().query(f.Context(), merge())
		require.NoError(f, err)
		statements, err := result.statements(f.Context())
		require.NoError(f, err)
		assert.Empty(f, statements)
		assert.Zero(f, f.seen("list"))
	})
}

func TestAQueryCanWriteATable(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		runner := f.runner()
		q := merge()
		q.into, q.disposition = runner.client.Dataset("posthog").Table("tracks$20260612"), bq.WriteTruncateData
		_, err := runner.query(f.Context(), q)
		require.NoError(f, err)
		config := f.accepted[0].Configuration.Query
		assert.Equal(f, "tracks$20260612", config.DestinationTable.TableId)
		assert.Equal(f, "WRITE_TRUNCATE_DATA", config.WriteDisposition)
	})
}

func TestAnEstimateRunsNothing(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.fault("insert", 2, refuse(503, "", ""))
		got, err := f.runner(func(s *JobSettings) { s.MaxBytesBilled = 1 }).estimate(f.Context(), merge())
		require.NoError(f, err)
		assert.Equal(f, estimate{bytes: 1 << 40, usd: 6.25, kind: "MERGE"}, got)
		assert.Empty(f, f.ran())
		assert.Equal(f, testLocation, f.planned.JobReference.Location)
		assert.Zero(f, f.planned.Configuration.Query.MaximumBytesBilled, "the limit must not keep the price a secret")
	})
}

func TestAnEstimateOfNonsense(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.fault("insert", 1, refuse(400, "invalidQuery", "Unrecognized name: event_idd at [1:8]"))
		_, err := f.runner().estimate(f.Context(), merge())
		require.ErrorContains(f, err, "Unrecognized name: event_idd")
		f.fault("insert", forever, hang)
		_, err = f.runner().estimate(f.within(time.Second), merge())
		require.ErrorIs(f, err, context.DeadlineExceeded)
	})
}

func TestParametersThatHaveNoTypeAreRefusedHere(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		for name, value := range map[string]any{"no type": nil, "no encoding": make(chan int)} {
			q := merge()
			q.parameters = map[string]any{"value": value}
			_, err := f.runner().query(f.within(time.Second), q)
			require.Error(f, err, name)
			require.NotErrorIs(f, err, context.DeadlineExceeded, name)
		}
		assert.Empty(f, f.calls)
	})
}

func TestWhoseLimitIsToBeRaised(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		settings, own, sent int64
		mend                string
	}{
		{0, 500, 500, "raise its max_bytes"},
		{900, 500, 500, "raise its max_bytes"},
		{400, 500, 400, "raise warehouse.bigquery.max_bytes_billed"},
	} {
		play(t, func(f *fake) {
			f.course = func(*fakeJob) ending {
				return ending{err: &rest.ErrorProto{Reason: "bytesBilledLimitExceeded", Message: "Query exceeded limit for bytes billed: 500. 10485760 or higher required."}}
			}
			q := merge()
			q.maxBytes = c.own
			_, err := f.runner(func(s *JobSettings) { s.MaxBytesBilled = c.settings }).query(f.Context(), q)
			require.ErrorContains(f, err, "10485760 or higher required")
			require.ErrorContains(f, err, c.mend)
			refused, ok := errors.AsType[*Error](err)
			assert.True(f, ok && refused.TooLarge(), "a limit that says how it is mended")
			assert.Equal(f, c.sent, f.accepted[0].Configuration.Query.MaximumBytesBilled)
		})
	}
}
