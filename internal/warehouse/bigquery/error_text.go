package bigquery

import (
	"regexp"
	"strings"
)

// harmlessTexts are the beginnings of messages that name objects, limits and types
// but never values: law 7 keeps event data out of error texts, and BigQuery quotes
// the value that it could not read or convert. What is not listed is left out.
var harmlessTexts = func() []*regexp.Regexp {
	patterns := []string{
		`Access Denied: .*`,
		`Already Exists: .*`,
		`Not found: .*`,
		`Exceeded rate limits: .*`,
		`Job exceeded rate limits: .*`,
		`Quota exceeded: .*`,
		`Resources exceeded during query execution: .*`,
		`Query exceeded (?:limit for bytes billed|resource limits).*`,
		`Could not serialize access to table \S+ due to concurrent update`,
		`Transaction is aborted due to concurrent update against table \S+(?: Transaction ID: [\w-]+)?`,
		`Too many DML statements outstanding against table \S+ limit is \d+`,
		`DML statement has been queued for too long`,
		`DML queries are not allowed in the free tier`,
		`Billing has not been enabled for this project`,
		`UPDATE/MERGE must match at most one source row for each target row`,
		`Job execution was cancelled: (?:User requested cancellation|Job timed out.*)`,
		`Operation timed out after [\d.]+ hours`,
		`An internal error occurred`,
		`The job encountered an (?:internal )?error during execution`,
		`Error encountered during execution\. Retrying may solve the problem`,
		`Visibility check was unavailable`,
		`Cannot query over table \S+ without a filter over column\(s\) [^.]*`,
		`Unrecognized name: [\w.]+`,
		`Name \w+ not found inside \w+`,
		`Function not found: [\w.]+`,
		`No matching signature for .*`,
		`Query parameter '\w+' not found`,
		`Query column \d+ has type .* which cannot be inserted into column \w+.*`,
		`Provided Schema does not match Table .*`,
		`Error while reading data, error message: Parquet column '\w+' has type \w+ which does not match the target cpp_type \w+`,
		// As far as the SQL that it quotes.
		`Syntax error: [^"'\n]*[^"'\s]`,
	}
	compiled := make([]*regexp.Regexp, 0, len(patterns))
	for _, pattern := range patterns {
		compiled = append(compiled, regexp.MustCompile(`^(?:Query error: )?(`+pattern+`)`))
	}
	return compiled
}()

// tail is what the message's end repeats: the place has a field of its own, and the
// advice to read a web page is noise.
var tail = regexp.MustCompile(` ?(?:For more information, see \S+)?(?: at \[\d+:\d+\])?$`)

const longestText = 400

// harmless returns what may be shown of a message, or nothing.
func harmless(message string) string {
	for _, pattern := range harmlessTexts {
		kept := pattern.FindStringSubmatch(message)
		if kept == nil {
			continue
		}
		shown := tail.ReplaceAllString(kept[1], "")
		if len(shown) > longestText {
			shown = strings.ToValidUTF8(shown[:longestText], "") + "…"
		}
		return shown
	}
	return ""
}
