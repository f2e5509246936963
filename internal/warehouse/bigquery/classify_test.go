package bigquery

import (
	"testing"

	bq "cloud.google.com/go/bigquery"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/googleapi"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// quotas ends messages about quotas.
const quotas = " For more information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas"

// worded are messages as BigQuery words them, with the class and the mend they have.
var worded = map[string]struct {
	status          int
	reason, message string
	want            class
	mend            string
}{
	"rate of calls":                {403, "rateLimitExceeded", "Exceeded rate limits: too many api requests per user per method for this user_method." + quotas, again, ""},
	"rate of jobs":                 {403, "jobRateLimitExceeded", "Exceeded rate limits: too many jobs" + quotas, again, ""},
	"concurrent queries":           {403, "rateLimitExceeded", "Exceeded rate limits: too many concurrent queries for this project_and_region." + quotas, again, ""},
	"table updates":                {0, "rateLimitExceeded", "Exceeded rate limits: too many table update operations for this table." + quotas + " at [1063:3]", again, ""},
	"partitioned table updates":    {0, "rateLimitExceeded", "Exceeded rate limits: too many partitioned table update operations for this table." + quotas, again, ""},
	"table updates, as a quota":    {0, "quotaExceeded", "Quota exceeded: Your table exceeded quota for table update operations." + quotas, again, ""},
	"table updates, as a job rate": {0, "jobRateLimitExceeded", "Job exceeded rate limits: Your table exceeded quota for table update operations." + quotas, again, ""},
	"backend, call":                {503, "backendError", "Error encountered during execution. Retrying may solve the problem.", again, ""},
	"backend, job":                 {0, "backendError", "Error encountered during execution. Retrying may solve the problem.", again, ""},
	"internal, call":               {500, "internalError", "An internal error occurred and the request could not be completed.", again, ""},
	"internal, job":                {0, "internalError", "An internal error occurred and the request could not be completed.", again, ""},
	"job backend":                  {0, "jobBackendError", "The job encountered an error during execution. Retrying the job may solve the problem.", again, ""},
	"job internal":                 {0, "jobInternalError", "The job encountered an internal error during execution and was unable to complete successfully.", again, ""},
	"a proxy's 502":                {502, "", "", again, ""},
	"a proxy's 504":                {504, "", "", again, ""},
	"429 without a reason":         {429, "", "", again, ""},
	"lost race":                    {0, "invalidQuery", "Could not serialize access to table demo:posthog.tracks due to concurrent update", again, ""},
	"lost race, as an answer":      {400, "invalidQuery", "Could not serialize access to table demo:posthog.tracks due to concurrent update", again, ""},
	"aborted transaction":          {0, "invalidQuery", "Query error: Transaction is aborted due to concurrent update against table demo:posthog.tracks. Transaction ID: 61e30eea-0000-2dab-8e60-94eb2c1b1a92 at [24:9]", again, ""},
	"20 writers wait":              {0, "resourcesExceeded", "Resources exceeded during query execution: Too many DML statements outstanding against table demo:posthog.tracks, limit is 20.", again, ""},
	"7 hours of waiting":           {0, "resourcesExceeded", "DML statement has been queued for too long", permanent, mendWriters},
	"someone cancelled":            {0, "stopped", "Job execution was cancelled: User requested cancellation", again, ""},
	"our timeout":                  {0, "stopped", "Job execution was cancelled: Job timed out after 30 sec", permanent, mendTimeout},
	"their timeout":                {0, "timeout", "The job timed out", again, ""},
	"6 hours":                      {0, "timeout", "Operation timed out after 6.0 hours. Consider reducing the amount of work performed by your operation so that it can complete within this limit.", permanent, mendSize},
	"daily quota":                  {0, "quotaExceeded", "Quota exceeded: Your table exceeded quota for imports or query appends per table." + quotas, permanent, mendQuota},
	"partition quota":              {403, "quotaExceeded", "Quota exceeded: Your table exceeded quota for Number of partition modifications to a column partitioned table." + quotas, permanent, mendQuota},
	"memory":                       {0, "resourcesExceeded", "Resources exceeded during query execution: The query could not be executed in the allotted memory. Peak usage: 122% of limit.", permanent, mendSize},
	"tier":                         {0, "billingTierLimitExceeded", "Query exceeded resource limits. 20000 CPU seconds were used, and this query must use less than 1000 CPU seconds.", permanent, mendSize},
	"bytes":                        {0, "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed: 1073741824. 171966464000 or higher required.", permanent, mendBytes},
	"bytes, as a 500":              {500, "internalError", "Query exceeded limit for bytes billed: 500. 10485760 or higher required.", permanent, mendBytes},
	"no right to run jobs":         {403, "accessDenied", "Access Denied: Project demo: User does not have bigquery.jobs.create permission in project demo.", permanent, mendAccess},
	"no right to a table":          {0, "accessDenied", "Access Denied: Table demo:posthog.tracks: User does not have permission to query table demo:posthog.tracks, or perhaps it does not exist.", permanent, mendAccess},
	"no credentials":               {401, "", "Request had invalid authentication credentials.", permanent, mendAccess},
	"no billing":                   {403, "billingNotEnabled", "Billing has not been enabled for this project. DML queries are not allowed in the free tier.", permanent, mendBilling},
	"free tier":                    {0, "accessDenied", "DML queries are not allowed in the free tier. Set up a billing account to remove this restriction.", permanent, mendBilling},
	"no table":                     {0, "notFound", "Not found: Table demo:posthog.tracks was not found in location EU", permanent, mendNotFound},
	"no job":                       {404, "notFound", "Not found: Job demo:posthog-tracks-merge-1-a1", permanent, mendNotFound},
	"table exists":                 {409, "duplicate", "Already Exists: Table demo:posthog.tracks", permanent, mendTable},
	"typing error":                 {400, "invalidQuery", "Syntax error: Unexpected keyword FROM at [3:1]", permanent, ""},
	"failed assert":                {0, "invalidQuery", "Query error: Assertion failed at [1:1]", permanent, ""},
	"two sources, one target":      {0, "invalidQuery", "UPDATE/MERGE must match at most one source row for each target row", permanent, ""},
	"bad value":                    {0, "invalid", "Could not parse 'x' as INT64", permanent, ""},
	"unknown":                      {0, "somethingNew", "?", permanent, ""},
	"not implemented":              {501, "notImplemented", "", permanent, ""},
	"a broken law":                 {0, "invalidQuery", "law: 7 rows must be there, but 6 are", broken, ""},
	"a broken law in a script":     {0, "invalidQuery", "Query error: law: 7 rows must be there, but 6 are at [12:3]", broken, ""},
	"a value that speaks of laws":  {0, "invalidQuery", "Could not parse 'law: x, but y' as INT64", permanent, ""},
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for name, c := range worded {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := classify(c.status, c.reason, c.message)
			assert.Equal(t, c.want, got.class)
			assert.Equal(t, c.mend, got.mend)
			if c.status != 0 {
				answer := &googleapi.Error{Code: c.status, Message: c.message}
				if c.reason != "" {
					answer.Errors = []googleapi.ErrorItem{{Reason: c.reason, Message: c.message}}
				}
				assert.Equal(t, c.want == again, passing(answer), "whether the call is made again")
			}
		})
	}
}

func TestBrokenLawsAreInvariantErrors(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]warehouse.InvariantError{
		"law: the 7 rows of load x must be there, but raw_tracks holds 6":                        {Law: "the 7 rows of load x must be there", Found: "raw_tracks holds 6"},
		"Query error: law: the 7 rows of load x must be there, but raw_tracks holds 6 at [12:3]": {Law: "the 7 rows of load x must be there", Found: "raw_tracks holds 6"},
		"Query error: law: tracks and tracks_keys must agree at [1:1]":                           {Law: "tracks and tracks_keys must agree", Found: "it does not"},
		"law: the sums must be equal, but\nthe first is 7, but the second is 6":                  {Law: "the sums must be equal, but\nthe first is 7", Found: "the second is 6"},
	} {
		err := explain("job-1", &bq.Error{Reason: "invalidQuery", Message: message})
		var invariant *warehouse.InvariantError
		require.ErrorAs(t, err, &invariant, message)
		assert.Equal(t, want, *invariant)
		require.ErrorContains(t, err, "job-1")
		var failure *Error
		assert.NotErrorAs(t, err, &failure, "it is not for the retry to see")
	}
}
