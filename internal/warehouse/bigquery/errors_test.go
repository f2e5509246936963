package bigquery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"

	bq "cloud.google.com/go/bigquery"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/googleapi"
	"pgregory.net/rapid"
)

func TestErrorsNameTheThingAndTheMend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err       error
		want      string
		permanent bool
	}{
		"what may be said": {
			&bq.Error{Reason: "notFound", Location: "US", Message: "Query error: Not found: Table demo:posthog.tracks was not found in location EU at [3:14]"},
			"BigQuery job j: Not found: Table demo:posthog.tracks was not found in location EU [reason notFound, at 3:14]; check the dataset, the tables and warehouse.bigquery.location", true,
		},
		"a quota's name": {
			&bq.Error{Reason: "quotaExceeded", Location: "load_job_per_table.long", Message: "Quota exceeded: Your table exceeded quota for imports or query appends per table. For more information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas"},
			"BigQuery job j: Quota exceeded: Your table exceeded quota for imports or query appends per table. [reason quotaExceeded, at load_job_per_table.long]; wait until the quota is free again, or ask Google for more", true,
		},
		"the limit to raise": {
			&bq.Error{Reason: "bytesBilledLimitExceeded", Message: "Query exceeded limit for bytes billed: 500. 10485760 or higher required."},
			"BigQuery job j: Query exceeded limit for bytes billed: 500. 10485760 or higher required. [reason bytesBilledLimitExceeded]; look at what the statement reads, then raise warehouse.bigquery.max_bytes_billed", true,
		},
		"what may quote data": {
			&bq.Error{Reason: "invalidQuery", Location: "query", Message: "Query error: Bad int64 value: alice at [7:2]"},
			"BigQuery job j: (its text is left out because it may quote data; read it with \"bq show -j j\") [reason invalidQuery, at 7:2]", true,
		},
		"the SQL that a syntax error quotes": {
			&googleapi.Error{Code: 400, Message: `Syntax error: Unexpected string literal "alice" at [1:8]`, Errors: []googleapi.ErrorItem{{Reason: "invalidQuery"}}},
			"BigQuery job j: Syntax error: Unexpected string literal [reason invalidQuery, at 1:8]", true,
		},
		"no answer": {
			&url.Error{Op: "Get", URL: "https://bigquery.googleapis.com/x", Err: errReset},
			`BigQuery job j: Get "https://bigquery.googleapis.com/x": read: connection reset by peer`, false,
		},
		"our own mistake": {
			errors.New("bigquery: nil parameter"),
			"ask BigQuery for job j: bigquery: nil parameter", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := explain("j", c.err)
			require.EqualError(t, err, c.want)
			failure, ok := errors.AsType[*Error](err)
			assert.Equal(t, c.permanent, ok && failure.Permanent())
		})
	}
}

func TestNoJobNoHintAtOne(t *testing.T) {
	t.Parallel()
	err := explain("", &googleapi.Error{Code: 400, Message: "x", Errors: []googleapi.ErrorItem{{Reason: "invalid"}}})
	assert.EqualError(t, err, "BigQuery: (its text is left out because it may quote data) [reason invalid]")
}

// What BigQuery says around a value of the data.
var quoting = []string{
	"Could not parse '%s' as INT64",
	"Query error: Bad int64 value: %s at [4:7]",
	"Bad double value: %s",
	"Could not cast literal \"%s\" to type DATE at [1:8]",
	"Invalid timestamp: '%s'",
	"Failed to parse JSON: unexpected end of string; error while parsing value: %s",
	"Invalid input to PARSE_JSON: syntax error while parsing %s",
	"Invalid date: '%s'; while executing the filter on column 'created_at'",
	"Error while reading data, error message: JSON parsing error in row starting at position 0: Could not convert value 'string_value: \"%s\"' to integer. Field: x; Value: %s",
	"Error while reading data, error message: Parquet column 'x' has type BYTE_ARRAY which does not match the target cpp_type INT64. Value: %s",
	"Duplicate key: %s",
	"Array index 9 is out of bounds: %s",
	"Query error: %s at [1:1]",
	"Syntax error: Unexpected string literal \"%s\" at [1:8]",
	"Syntax error: Illegal input character '%s' at [1:8]",
	"Unrecognized name: x; Did you mean %s?",
	"UPDATE/MERGE must match at most one source row for each target row %s",
	"%s",
}

func TestErrorsNeverQuoteData(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// No text of ours has the mark, at the value's ends or in the middle.
		value := "zq" + rapid.StringMatching(`[a-z0-9@. :\n'"]{0,20}zq[a-z0-9@. :\n'"]{0,20}`).Draw(t, "value") + "zq"
		message := strings.ReplaceAll(rapid.SampledFrom(quoting).Draw(t, "message"), "%s", value)
		reason := rapid.SampledFrom([]string{"invalidQuery", "invalid", "outOfRange", "stopped", "quotaExceeded", "", "internalError"}).Draw(t, "reason")
		for _, err := range []error{
			&bq.Error{Reason: reason, Message: message},
			&googleapi.Error{Code: 400, Message: message, Body: message, Errors: []googleapi.ErrorItem{{Reason: reason, Message: message}}},
			fmt.Errorf("retry failed with %w; last error: %w", context.DeadlineExceeded, &googleapi.Error{Code: 503, Message: message, Body: message}),
		} {
			require.NotContains(t, explain("j", err).Error(), "zq")
		}
	})
}

func TestLongTextsAreCut(t *testing.T) {
	t.Parallel()
	got := harmless("Not found: " + strings.Repeat("ü", 1000))
	assert.LessOrEqual(t, len(got), longestText+len("…"))
	assert.Equal(t, strings.ToValidUTF8(got, "?"), got)
}

func TestWhatIsAskedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"a call without an answer": {context.DeadlineExceeded, true},
		"a cut answer":             {io.ErrUnexpectedEOF, true},
		"a broken connection":      {&url.Error{Op: "Post", URL: "x", Err: errReset}, true},
		"a client that gave up":    {fmt.Errorf("retry failed with %w; last error: %w", context.DeadlineExceeded, &googleapi.Error{Code: 503}), true},
		"an id that is taken":      {&googleapi.Error{Code: 409, Message: "Already Exists: Job demo:x", Errors: []googleapi.ErrorItem{{Reason: "duplicate"}}}, false},
		"no such thing":            {&googleapi.Error{Code: 404, Errors: []googleapi.ErrorItem{{Reason: "notFound"}}}, false},
		"a mistake of ours":        {errors.New("bigquery: nil parameter"), false},
	} {
		assert.Equal(t, c.want, passing(c.err), name)
	}
}
