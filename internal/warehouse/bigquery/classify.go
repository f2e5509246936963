package bigquery

import (
	"net/http"
	"regexp"
	"slices"
)

// class is what to do about an error of BigQuery.
type class int

const (
	// permanent: the same job would fail again.
	permanent class = iota
	// again: the job failed, and the same job under the next id may not. A call that
	// was answered so never became a job: it is made again under the same id.
	again
	// broken: the statement itself found that a law does not hold, and said so.
	broken
)

// What a person can do about permanent errors. Settings are named as in the
// configuration file.
const (
	mendAccess = "give the service account roles/bigquery.jobUser on the project, roles/bigquery.dataEditor on the dataset " +
		"and, for a load, roles/storage.objectViewer on the staging bucket"
	mendBytes    = "look at what the statement reads, then raise warehouse.bigquery.max_bytes_billed"
	mendTimeout  = "find out why the job is slow, then raise warehouse.bigquery.job_timeout"
	mendNotFound = "check the dataset, the tables and warehouse.bigquery.location"
	mendQuota    = "wait until the quota is free again, or ask Google for more"
	mendSize     = "the statement needs more than one job may have: run it on less at a time, or on reserved slots"
	mendWriters  = "other writers crowd the table: stop them, then run the step again"
	mendBilling  = "link the project to a billing account"
	mendTable    = "remove or rename what is there"
)

// rule says what an error means.
type rule struct {
	// reasons are BigQuery's; none stands for any.
	reasons []string
	// message is part of BigQuery's message; nil stands for any.
	message *regexp.Regexp
	class   class
	mend    string
	// tooLarge is for the limit on what may be read.
	tooLarge bool
}

// rules are tried from the top; the first that fits decides. A message counts more
// than a reason where BigQuery gives several things one reason: invalidQuery is a
// typing error, a failed ASSERT and a lost race.
var rules = []rule{
	{message: lawText, class: broken},

	// Lost races, and limits on how often a table may be changed.
	{message: text(`Could not serialize access to table`), class: again},
	{message: text(`Transaction is aborted due to concurrent update`), class: again},
	{message: text(`table update operations`), class: again},
	{message: text(`Too many DML statements outstanding against table`), class: again},
	// After seven hours of waiting, another seven are no cure.
	{message: text(`DML statement has been queued for too long`), class: permanent, mend: mendWriters},

	// Limits that were set here. The same statement meets them again.
	{message: text(`Query exceeded limit for bytes billed`), class: permanent, mend: mendBytes, tooLarge: true},
	{reasons: []string{"bytesBilledLimitExceeded"}, class: permanent, mend: mendBytes, tooLarge: true},
	{reasons: []string{"stopped"}, message: text(`Job timed out`), class: permanent, mend: mendTimeout},
	// BigQuery has tried three times by then.
	{message: text(`Operation timed out after`), class: permanent, mend: mendSize},

	{reasons: []string{
		"rateLimitExceeded", "jobRateLimitExceeded", "backendError", "internalError", "jobBackendError", "jobInternalError",
		"tableUnavailable", "timeout",
	}, class: again},
	// Somebody cancelled the job: an earlier run of this work whose stop took effect
	// only now, or a person, who should rather cancel the workflow.
	{reasons: []string{"stopped"}, class: again},

	{reasons: []string{"quotaExceeded"}, class: permanent, mend: mendQuota},
	{reasons: []string{"resourcesExceeded", "billingTierLimitExceeded", "responseTooLarge"}, class: permanent, mend: mendSize},
	{message: text(`not allowed in the free tier|Billing has not been enabled`), class: permanent, mend: mendBilling},
	{reasons: []string{"billingNotEnabled"}, class: permanent, mend: mendBilling},
	{reasons: []string{"accessDenied"}, class: permanent, mend: mendAccess},
	{reasons: []string{"notFound"}, class: permanent, mend: mendNotFound},
	{reasons: []string{"duplicate"}, class: permanent, mend: mendTable},
}

func text(pattern string) *regexp.Regexp { return regexp.MustCompile(pattern) }

// classify judges an error by its reason and message, and by the HTTP status (0 for
// the error of a job) where they say nothing.
func classify(status int, reason, message string) rule {
	for _, r := range rules {
		if (len(r.reasons) == 0 || slices.Contains(r.reasons, reason)) && (r.message == nil || r.message.MatchString(message)) {
			return r
		}
	}
	switch {
	case status >= http.StatusInternalServerError && status != http.StatusNotImplemented,
		status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return rule{class: again}
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return rule{class: permanent, mend: mendAccess}
	default:
		return rule{class: permanent}
	}
}
